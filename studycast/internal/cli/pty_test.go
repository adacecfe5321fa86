package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const question = "Replay 412 letters in 2 groups? [y/N] "

// An operator sees what would be replayed, says yes, and follows it.
func TestReplayAtATerminal(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t, replayEvent("running", false, 3, 0, 0), replayEvent("running", true, 2, 200, 0), replayEvent("done", true, 0, 412, 0))
	c := atConsole(t, []string{"STUDYCAST_SERVER=" + d.url}, self(t), "dead", "replay", "--text", "503", "--reason", "it is back")
	c.see(t, "6f1c0a9be2d47358  \x1b[1m400\x1b[0m ")
	c.see(t, "source: The site answers <…>")
	c.see(t, "…\r\n")
	c.see(t, question)
	require.Zero(t, d.changes(), "nothing is done before the answer")
	c.write(t, "y\n")
	c.see(t, "412: 412 recovered\r\n")
	code, _ := c.end(t)
	require.Zero(t, code)
	require.Equal(t, 1, d.changes())
}

// Anything but yes is a no, the end of the input too.
func TestNotConfirmedAtATerminal(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"n\n", "\n", "yep\n", "\x04"} {
		d := bulkDesk(t)
		c := atConsole(t, []string{"STUDYCAST_SERVER=" + d.url, "NO_COLOR=1"}, self(t), "dead", "replay", "--all", "--reason", "it is back")
		c.see(t, "6f1c0a9be2d47358  400 ")
		c.see(t, question)
		c.write(t, keys)
		code, rest := c.end(t)
		require.Equal(t, exitUnconfirmed, code)
		require.Contains(t, rest, "studycast: Not confirmed: nothing was changed.")
		require.NotContains(t, rest, "\x1b[3")
		require.Zero(t, d.changes())
	}
}

// Ctrl-C at the question ends the command; Ctrl-C while it follows leaves the
// replay alone and says how to go on.
func TestInterruptAtATerminal(t *testing.T) {
	t.Parallel()
	d := bulkDesk(t, replayEvent("running", true, 2, 200, 0))
	env := []string{"STUDYCAST_SERVER=" + d.url}
	c := atConsole(t, env, self(t), "dead", "replay", "--all", "--reason", "it is back")
	c.see(t, question)
	c.write(t, "\x03")
	code, _ := c.end(t)
	require.Equal(t, exitFailed, code)
	require.Zero(t, d.changes())

	c = atConsole(t, env, self(t), "replays", "watch", aReplay)
	c.see(t, "running: 200 recovered")
	c.write(t, "\x03")
	code, rest := c.end(t)
	require.Equal(t, exitFailed, code)
	require.Contains(t, rest, "The replay goes on.")
	require.Zero(t, d.changes())
}

// The difference is coloured, and nothing is done before the answer.
func TestEditAtATerminal(t *testing.T) {
	t.Parallel()
	d := editDesk(t)
	c := atConsole(t, []string{"STUDYCAST_SERVER=" + d.url}, self(t), "dead", "edit", aLetter, "--reason", "too long", "--set", "options.length=short")
	c.see(t, "\x1b[31m-    length: medium\x1b[0m\r\n\x1b[32m+    length: short\x1b[0m\r\n")
	c.see(t, "Put the job back to work with this? [y/N] ")
	require.Zero(t, d.changes())
	c.write(t, "yes\n")
	code, rest := c.end(t)
	require.Zero(t, code, rest)
	require.Equal(t, 1, d.changes())
}

// bash completes commands, flags and values.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	require.NoError(t, err, "install the package bash")
	bin := t.TempDir()
	require.NoError(t, os.Symlink(self(t), filepath.Join(bin, "studycast")))
	c := atConsole(t, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "PS1=ready> "}, bash, "--norc", "--noprofile", "-i")
	c.see(t, "ready> ")
	c.write(t, "source <(studycast completion bash)\n")
	c.see(t, "ready> ")
	for typed, completed := range map[string]string{
		"studycast dea":                            "studycast dead ",
		"studycast dead rep":                       "studycast dead replay ",
		"studycast dead list --fing":               "studycast dead list --fingerprint ",
		"studycast dead list --fault dep":          "studycast dead list --fault dependency ",
		"studycast dead list --state disc":         "studycast dead list --state discarded ",
		"studycast queues pause vid":               "studycast queues pause video-generation ",
		"studycast audit --action replay.cr":       "studycast audit --action replay.create ",
		"studycast replays wa":                     "studycast replays watch ",
		"studycast completion f":                   "studycast completion fish ",
		"studycast submit --kind au":               "studycast submit --kind audio ",
		"studycast dead edit id --set options.len": "studycast dead edit id --set options.length=",
	} {
		c.write(t, typed+"\t")
		c.see(t, completed)
		c.write(t, "\x15") // clears the line
	}
	c.write(t, "\x15exit\n")
	code, _ := c.end(t)
	require.Zero(t, code)
}

// The other shells ask the same program; what they source names it.
func TestCompletionCode(t *testing.T) {
	t.Parallel()
	for shell, part := range map[string]string{"bash": "complete -o default", "zsh": "#compdef studycast", "fish": "complete -f -c studycast"} {
		cmd := exec.CommandContext(t.Context(), self(t), "completion", shell)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), part)
		require.Contains(t, string(out), self(t))
	}
	cmd := exec.CommandContext(t.Context(), self(t)) // as fish asks
	cmd.Env = append(os.Environ(), asProgram+"=1", "COMP_LINE=studycast replays re")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "resume\n", string(out))
}
