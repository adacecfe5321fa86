package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/studycast/studycast/client"
)

// deadCmd is what operators do with dead letters.
type deadCmd struct {
	List    deadListCmd    `cmd:"" help:"List dead letters, newest first."`
	Groups  deadGroupsCmd  `cmd:"" help:"List the causes of dead letters, with how many died of each."`
	Show    deadShowCmd    `cmd:"" help:"Show one dead letter with its attempts, request, headers and body."`
	Edit    deadEditCmd    `cmd:"" help:"Change the source or the options of a dead letter's job, and put it back to work."`
	Replay  deadReplayCmd  `cmd:"" help:"Put the jobs of dead letters back to work."`
	Discard deadDiscardCmd `cmd:"" help:"Give dead letters up. They are kept and can be restored."`
	Restore deadRestoreCmd `cmd:"" help:"Open discarded letters again."`
	Resend  deadResendCmd  `cmd:"" help:"Send the message of a dead letter, as it came, to a queue."`
	Export  deadExportCmd  `cmd:"" help:"Write dead letters, whole, as JSON lines."`
	Import  deadImportCmd  `cmd:"" help:"Store dead letters from JSON lines, as export wrote them."`
}

// deadListCmd lists dead letters.
type deadListCmd struct {
	State []string `help:"Only letters in these states, separated by commas: open, replaying, replayed, recovered, discarded." enum:"open,replaying,replayed,recovered,discarded"`
	Limit int      `help:"At most this many." default:"20"`
	JSON  bool     `help:"Print the dead letters as JSON."`

	letterFilter `embed:""`
	server       `embed:""`
}

// Run prints a table.
func (c *deadListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	f := c.filter(c.State...)
	f.PageSize = min(c.Limit, maxPage)
	letters, err := first(c.Limit, cl.DeadLetters(r.ctx, f))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, letters)
	}
	t := newTable(
		column{title: "ID"}, column{title: "STATE"}, column{title: "QUEUE", spare: true}, column{title: "JOB", spare: true},
		column{title: "ATTEMPT", spare: true}, column{title: "DIED"}, column{title: "FAULT", least: 20},
	)
	for _, l := range letters {
		t.add(l.ID, cell{l.State, letterStyle(l.State)}, l.Queue, l.JobID, l.Attempt, r.stamp(l.DiedAt), why(l.Fault.Kind, l.Fault.Text))
	}
	return t.print(r.out, r.screen)
}

// letterStyle is how the state of a letter looks.
func letterStyle(state string) style {
	switch state {
	case client.LetterOpen:
		return bad
	case client.LetterReplaying, client.LetterReplayed:
		return uneasy
	case client.LetterRecovered:
		return good
	}
	return faint
}

// why says in a line why a message died.
func why(kind, text string) string { return strings.Trim(kind+": "+text, ": ") }

// deadGroupsCmd lists causes.
type deadGroupsCmd struct {
	State []string `help:"Only letters in these states, separated by commas: open, replaying, replayed, recovered, discarded." enum:"open,replaying,replayed,recovered,discarded" default:"open"`
	Limit int      `help:"At most this many." default:"20"`
	JSON  bool     `help:"Print the causes as JSON."`

	letterFilter `embed:""`
	server       `embed:""`
}

// Run prints a table.
func (c *deadGroupsCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	f := c.filter(c.State...)
	f.PageSize = min(c.Limit, maxPage)
	groups, err := first(c.Limit, cl.DeadGroups(r.ctx, f))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, groups)
	}
	return printGroups(r, r.out, r.screen, groups)
}

func printGroups(r *run, w io.Writer, s screen, groups []client.DeadGroup) error {
	t := newTable(
		column{title: "FINGERPRINT"}, column{title: "LETTERS"}, column{title: "KINDS", spare: true}, column{title: "FIRST", spare: true},
		column{title: "LAST"}, column{title: "STAGE", spare: true}, column{title: "FAULT", least: 32},
	)
	for _, g := range groups {
		t.add(g.Fingerprint, cell{fmt.Sprint(g.Letters), bold}, strings.Join(g.Kinds, ","), r.stamp(g.FirstAt), r.ago(g.LastAt),
			g.Stage, why(g.Fault, g.Template))
	}
	return t.print(w, s)
}
