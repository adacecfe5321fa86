package cli

// Exit codes. They are part of the command line's contract: exitHelp tells them.
const (
	exitOK          = 0
	exitFailed      = 1 // the command did not do what was asked
	exitUsage       = 2 // the command was not understood
	exitUnconfirmed = 3 // it wanted a confirmation and got none; nothing was changed
	exitPartly      = 4 // it was done, but not for all that it was asked for
)

// exitHelp documents the exit codes.
const exitHelp = `Exit codes: 0 done; 1 not done, standard error says why; 2 not understood; ` +
	`3 not confirmed, nothing was changed; 4 done in part: a replay that was stopped or left letters that did not recover, ` +
	`an import that refused lines.`

// exit is an error with an exit code of its own.
type exit struct {
	code int
	text string // "" = the command has told already
}

func (e *exit) Error() string { return e.text }
