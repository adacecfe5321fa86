package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// cli runs commands of the program in a folder of their own; afterwards
// neither a process nor a temporary file is left.
type cli struct {
	dir string
	env []string
}

func newCLI(t *testing.T) *cli {
	t.Helper()
	c := &cli{dir: t.TempDir()}
	require.NoError(t, os.Mkdir(filepath.Join(c.dir, "tmp"), 0o700))
	c.env = append(environment(c.dir), "LOG_LEVEL=warn")
	t.Cleanup(func() {
		requireNoChildren(t, c.dir)
		require.Empty(t, temporary(t, c.dir))
	})
	return c
}

// run runs a command and returns its exit code, and what it wrote.
func (c *cli) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &out, &err
	_ = cmd.Run() // the exit code says it
	require.NotContains(t, err.String(), "DATA RACE")
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

// ok runs a command that succeeds and returns what it printed.
func (c *cli) ok(t *testing.T, args ...string) string {
	t.Helper()
	code, out, err := c.run(t, args...)
	require.Zero(t, code, "%v: %s", args, err)
	return out
}

// fails runs a command that fails with a message on standard error.
func (c *cli) fails(t *testing.T, want int, args ...string) string {
	t.Helper()
	code, out, err := c.run(t, args...)
	require.Equal(t, want, code, "%v: %s", args, err)
	require.NotEmpty(t, err, "%v: %s", args, out)
	return err
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestCommandsAgainstAServer(t *testing.T) {
	t.Parallel()
	s, web, c := started(t), newSite(t), newCLI(t)
	c.env = append(c.env, "STUDYCAST_SERVER="+s.proc.url)
	file := filepath.Join(c.dir, "rivers.md")
	require.NoError(t, os.WriteFile(file, []byte(prose), 0o600))

	uploaded := decoded[client.Job](t, c.ok(t, "submit", file, "--kind", "audio", "--length", "short", "--key", "k1", "--json"))
	require.NotEmpty(t, uploaded.Source.Upload)
	linked := c.ok(t, "submit", web.URL+"/article", "--kind", "audio", "--length", "short", "--watch")
	require.Contains(t, linked, "succeeded")
	require.Contains(t, linked, "audio.m4a")

	changes := strings.Split(strings.TrimSpace(c.ok(t, "watch", uploaded.ID, "--json")), "\n")
	require.Equal(t, "succeeded", decoded[client.Job](t, changes[len(changes)-1]).State)
	require.Contains(t, c.ok(t, "watch", uploaded.ID), "succeeded")

	shown := c.ok(t, "show", uploaded.ID)
	for _, part := range []string{uploaded.ID, "succeeded", "queued", "running, attempt 1"} {
		require.Contains(t, shown, part)
	}
	require.Equal(t, "succeeded", decoded[client.Job](t, c.ok(t, "show", uploaded.ID, "--json")).State)
	require.Contains(t, c.ok(t, "jobs"), uploaded.ID)
	require.Len(t, decoded[[]client.Job](t, c.ok(t, "jobs", "--json")), 2)
	require.Empty(t, decoded[[]client.Job](t, c.ok(t, "jobs", "--kind", "video", "--json")))
	require.Len(t, decoded[[]client.Job](t, c.ok(t, "jobs", "--state", "succeeded", "--limit", "1", "--json")), 1)
	require.Contains(t, c.fails(t, 1, "cancel", uploaded.ID), "succeeded", "what is done can't be cancelled")
	s.stop(t)
}

func TestCancelCommand(t *testing.T) {
	t.Parallel()
	s, web, c := started(t), newSite(t), newCLI(t)
	c.env = append(c.env, "STUDYCAST_SERVER="+s.proc.url)
	g := web.gate("/slow")
	held := decoded[client.Job](t, c.ok(t, "submit", web.URL+"/slow", "--kind", "video", "--json"))
	<-g.came
	require.Contains(t, c.ok(t, "cancel", held.ID), "cancelled")
	require.Equal(t, "cancelled", decoded[client.Job](t, c.ok(t, "cancel", held.ID, "--json")).State)
	c.run(t, "watch", held.ID)
	code, _, _ := c.run(t, "watch", held.ID, "--json")
	require.Equal(t, 1, code, "a job that is watched to its end and has not succeeded")
	g.open()
	s.stop(t)
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	s, c := started(t), newCLI(t)
	c.env = append(c.env, "STUDYCAST_SERVER="+s.proc.url)
	short := filepath.Join(c.dir, "short.txt")
	require.NoError(t, os.WriteFile(short, []byte("three words only"), 0o600))
	picture := filepath.Join(c.dir, "picture.png")
	require.NoError(t, os.WriteFile(picture, pngHeader(1, 1), 0o600))

	code, out, _ := c.run(t, "submit", short, "--watch")
	require.Equal(t, 1, code)
	require.Contains(t, out, "failed")
	unknown := "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	for _, args := range [][]string{
		{"show", unknown},
		{"watch", unknown},
		{"cancel", unknown},
		{"submit", "http://10.0.0.1/"},
		{"submit", filepath.Join(c.dir, "missing.md")},
		{"submit", picture},
		{"jobs", "--server", "http://127.0.0.1:1"},
		{"make", short, "-o", c.dir},
		{"make", filepath.Join(c.dir, "missing.md")},
		{"make"},
		{"serve", "--data-dir", s.data(), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
		{"serve", "--data-dir", filepath.Join(c.dir, "d"), "--listen", "0.0.0.0:0"},
		{"serve", "--data-dir", filepath.Join(c.dir, "d"), "--video-retries", "99"},
	} {
		t.Logf("%v: %s", args, c.fails(t, 1, args...))
	}
	for _, args := range [][]string{{}, {"fly"}, {"submit"}, {"submit", short, "--length", "eternal"}, {"submit", short, "--kind", "hologram"}, {"make", short, "--colour"}} {
		c.fails(t, 2, args...)
	}
	require.NotEmpty(t, c.ok(t, "--help"))
	require.NotEmpty(t, c.ok(t, "--version"))
	s.stop(t)
}
