package process_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson/process"
)

// patience says when a test is stuck. The children would live ten minutes.
const patience = 30 * time.Second

// sh runs a script of the test's own in a shell.
func sh(t *testing.T, script string, change func(*process.Cmd)) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := process.Cmd{Name: "sh", Args: []string{"-c", script}, Dir: t.TempDir(), Stdout: &out}
	if change != nil {
		change(&c)
	}
	err := process.Run(t.Context(), c)
	return out.String(), err
}

func TestRunFeedsAndReads(t *testing.T) {
	t.Parallel()
	out, err := sh(t, "cat; pwd", func(c *process.Cmd) { c.Stdin = strings.NewReader("hello\n") })
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(out, "hello\n/"), out)
}

func TestEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("STUDYCAST_SECRET", "do not tell")
	out, err := sh(t, "env", nil)
	require.NoError(t, err)
	require.NotContains(t, out, "SECRET")
	for line := range strings.Lines(out) {
		name, _, _ := strings.Cut(line, "=")
		require.Contains(t, []string{"PATH", "LC_ALL", "HOME", "PWD", "OLDPWD", "SHLVL", "_"}, name)
	}
}

// gone reports whether no process of that id runs; one that waits for its
// parent counts as gone.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestCancelKillsGrandchild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- process.Run(ctx, process.Cmd{
			Name: "sh", Dir: dir, Args: []string{"-c", `sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 600' & wait`},
		})
	}()
	var pid int
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	}, patience, 5*time.Millisecond)
	require.False(t, gone(pid))
	begin := time.Now()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Less(t, time.Since(begin), patience)
	require.Eventually(t, func() bool { return gone(pid) }, patience, 5*time.Millisecond)
}

// A child that ends well takes what it left running with it.
func TestGroupEndsWithTheChild(t *testing.T) {
	t.Parallel()
	out, err := sh(t, "sleep 600 >/dev/null 2>&1 & echo $!", nil)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return gone(pid) }, patience, 5*time.Millisecond)
}

func TestWallLimit(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	_, err := sh(t, "sleep 600", func(c *process.Cmd) { c.Limits.Wall = 50 * time.Millisecond })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begin), patience)
}

func TestFileLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := sh(t, "head -c 1000000 /dev/zero > big", func(c *process.Cmd) { c.Dir, c.Limits.File = dir, 100_000 })
	require.Error(t, err)
	st, err := os.Stat(filepath.Join(dir, "big"))
	require.NoError(t, err)
	require.LessOrEqual(t, st.Size(), int64(100_000))
}

func TestCPULimit(t *testing.T) {
	t.Parallel()
	_, err := sh(t, "while :; do :; done", func(c *process.Cmd) { c.Limits.CPU = time.Second })
	var child *process.Error
	require.ErrorAs(t, err, &child)
	require.NoError(t, t.Context().Err())
	require.Contains(t, child.Exit, "killed")
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	// A block of 200 MB has to be held whole.
	_, err := sh(t, "dd if=/dev/zero of=/dev/null bs=200M count=1",
		func(c *process.Cmd) { c.Limits.Memory = 60 << 20 })
	require.Error(t, err)
}

func TestFilesLimit(t *testing.T) {
	t.Parallel()
	out, err := sh(t, "ulimit -n; ulimit -c", func(c *process.Cmd) { c.Limits.Files = 17 })
	require.NoError(t, err)
	require.Equal(t, "17\n0\n", out)
}

func TestStderrIsBounded(t *testing.T) {
	t.Parallel()
	_, err := sh(t, "head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2; echo the last word >&2; exit 3", nil)
	var child *process.Error
	require.ErrorAs(t, err, &child)
	require.LessOrEqual(t, len(child.Stderr), 4<<10)
	require.Contains(t, child.Stderr, "the last word")
	require.Contains(t, child.Exit, "exit status 3")
	require.Equal(t, "sh: exit status 3: the last word", err.Error())
}

func TestNotInstalled(t *testing.T) {
	t.Parallel()
	require.False(t, process.Available("studycast-no-such-program"))
	err := process.Run(t.Context(), process.Cmd{Name: "studycast-no-such-program", Dir: t.TempDir()})
	require.ErrorIs(t, err, process.ErrNotInstalled)
}

func TestEndedContextStartsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	err := process.Run(ctx, process.Cmd{Name: "sh", Args: []string{"-c", "touch made"}, Dir: dir})
	require.ErrorIs(t, err, context.Canceled)
	require.NoFileExists(t, filepath.Join(dir, "made"))
}
