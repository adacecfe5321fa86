package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// patience is how long a terminal may take to show something.
const patience = 20 * time.Second

// console is a process at a terminal of 80 columns.
type console struct {
	cmd  *exec.Cmd
	tty  *os.File
	done chan struct{} // closed at the end of its output

	mu    sync.Mutex
	shown bytes.Buffer
	more  chan struct{}
}

// atConsole starts a command at a terminal; with no arguments for the program
// itself, the test's binary.
func atConsole(t *testing.T, env []string, name string, args ...string) *console {
	t.Helper()
	dir := t.TempDir()
	c := &console{cmd: exec.CommandContext(t.Context(), name, args...), done: make(chan struct{}), more: make(chan struct{}, 1)}
	c.cmd.Dir = dir
	c.cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "TERM=xterm", "TZ=UTC"}, env...)
	tty, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	require.NoError(t, err)
	c.tty = tty
	go c.watch()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		_ = tty.Close()
		<-c.done
	})
	return c
}

func (c *console) watch() {
	defer close(c.done)
	buf := make([]byte, 4096)
	for {
		n, err := c.tty.Read(buf) // an error when the process is gone
		c.mu.Lock()
		c.shown.Write(buf[:n])
		c.mu.Unlock()
		select {
		case c.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown.String()
}

// see waits until the terminal shows a text, and forgets all up to its end.
func (c *console) see(t *testing.T, text string) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		c.mu.Lock()
		if i := strings.Index(c.shown.String(), text); i >= 0 {
			c.shown.Next(i + len(text))
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		select {
		case <-c.more:
		case <-late.C:
			t.Fatalf("the terminal never showed %q but:\n%s", text, c.text())
		}
	}
}

func (c *console) write(t *testing.T, keys string) {
	t.Helper()
	_, err := io.WriteString(c.tty, keys)
	require.NoError(t, err)
}

// end waits for the process and returns its exit code and what was shown since.
func (c *console) end(t *testing.T) (code int, rest string) {
	t.Helper()
	err := c.cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	_ = c.tty.SetReadDeadline(time.Now().Add(patience))
	<-c.done
	return c.cmd.ProcessState.ExitCode(), c.text()
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}
