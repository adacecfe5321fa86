//go:build linux

package child_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/child"
)

// asParent makes this test binary start a child and wait to be killed.
const asParent = "STUDYCAST_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(asParent) == "" {
		os.Exit(m.Run())
	}
	c, err := child.Start(exec.Command("sleep", "600"))
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(strconv.Itoa(c.PID()) + "\n")
	<-c.Ended()
}

// gone waits until a process is no more, or only waits for its parent to hear.
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, 30*time.Second, 5*time.Millisecond, "process %d lives on", pid)
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asParent+"=1")
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0), "it never lived")
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	gone(t, pid)
}

func TestKillTakesTheGroup(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "sleep 600 & echo $!; wait")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	c, err := child.Start(cmd)
	require.NoError(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	grandchild, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, c.Running())
	require.NoError(t, c.Signal(syscall.SIGSTOP), "a stopped process can be killed")
	require.NoError(t, c.Kill())
	require.False(t, c.Running())
	require.Error(t, c.Wait(t.Context()))
	gone(t, grandchild)
	require.NoError(t, c.Kill(), "twice is once")
	require.NoError(t, c.Signal(syscall.SIGTERM))
}

func TestStartNamesTheProgramThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := child.Start(exec.Command("/nowhere/program"))
	require.ErrorContains(t, err, "start /nowhere/program")
}

// Sweep finds a child by its mark and one without environment by its folder.
func TestSweepFindsWhatWasLeft(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(cmd *exec.Cmd, id, dir string){
		"mark":   func(cmd *exec.Cmd, id, _ string) { cmd.Env = []string{child.Mark(id)} },
		"folder": func(cmd *exec.Cmd, _, dir string) { cmd.Env, cmd.Dir = []string{"A=b"}, dir },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, dir := t.Name(), t.TempDir()
			require.NoError(t, child.Sweep(time.Second, id, dir), "nothing is there yet")
			cmd := exec.Command("sleep", "600")
			prepare(cmd, id, dir)
			c, err := child.Start(cmd)
			require.NoError(t, err)
			require.ErrorContains(t, child.Sweep(50*time.Millisecond, id, dir), "sleep 600")
			require.Error(t, c.Wait(t.Context()), "it was killed")
			require.NoError(t, child.Sweep(time.Second, id, dir))
		})
	}
}

func TestEndKillsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	c, err := child.Start(cmd)
	require.NoError(t, err)
	_, err = io.ReadFull(out, make([]byte, 5))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.NoError(t, c.End(ctx, syscall.SIGTERM))
	require.False(t, c.Running())
}
