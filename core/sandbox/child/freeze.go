//go:build linux

package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Freeze stops the process, not its children, and waits until none of its
// threads runs. To others it looks as if its machine hung.
func (c *Child) Freeze() error {
	if !c.Running() {
		return fmt.Errorf("%s does not run", filepath.Base(c.cmd.Path))
	}
	return Freeze(c.PID())
}

// Thaw lets a frozen process go on.
func (c *Child) Thaw() error { return c.Signal(syscall.SIGCONT) }

// How long the kernel may take to stop all threads, and how often Freeze looks.
const (
	freezeLimit = 5 * time.Second
	freezeTick  = time.Millisecond
)

// Freeze is Child.Freeze for any process. One that has ended is frozen.
func Freeze(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		return fmt.Errorf("freeze process %d: %w", pid, err)
	}
	tick := time.NewTicker(freezeTick)
	defer tick.Stop()
	limit := time.After(freezeLimit)
	for !frozen(pid) {
		select {
		case <-tick.C:
		case <-limit:
			return fmt.Errorf("process %d does not stop", pid)
		}
	}
	return nil
}

// stopped are the states of a thread that does not run: stopped, traced,
// waiting for its parent, dead.
const stopped = "TtZX"

// frozen reads the states of the threads, the letter behind their names.
func frozen(pid int) bool {
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	if err != nil {
		return false
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		// A name may hold anything, so the last parenthesis is the one.
		state := strings.TrimSpace(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if !strings.ContainsAny(state[:min(1, len(state))], stopped) {
			return false
		}
	}
	return true
}
