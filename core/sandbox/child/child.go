//go:build linux

// Package child runs processes that end with the one that started them,
// however that ends, and finds those that were left all the same.
package child

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
)

// Child is a running process, or one that ended. It is safe for concurrent
// use.
type Child struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; read after ended is closed
}

// Start starts cmd in a session, and so a process group, of its own. What
// cmd.SysProcAttr says else is kept.
func Start(cmd *exec.Cmd) (*Child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	c := &Child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	go c.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

// run keeps its thread for as long as the child lives: the kernel ties the
// child's end to that of the thread that started it, not of the process.
func (c *Child) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.ended)
	err := c.cmd.Start()
	started <- err
	if err == nil {
		c.err = c.cmd.Wait()
	}
}

// PID returns the process id. It may belong to another process once Ended is
// closed.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Ended is closed when the process has ended and nobody writes to its output
// any more, if that is not a file.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Running reports whether the process has not ended yet.
func (c *Child) Running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// Wait waits until the process has ended and returns how: nil for exit code 0,
// an *exec.ExitError otherwise, and ctx's error when that ends first.
func (c *Child) Wait(ctx context.Context) error {
	select {
	case <-c.ended:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Signal sends a signal to the process alone; one that has ended gets none.
func (c *Child) Signal(s syscall.Signal) error {
	if !c.Running() {
		return nil
	}
	if err := c.cmd.Process.Signal(s); err != nil && c.Running() {
		return fmt.Errorf("send %v to process %d: %w", s, c.PID(), err)
	}
	return nil
}

// End sends a signal and waits until the process has ended; when ctx ends
// before that, it kills.
func (c *Child) End(ctx context.Context, s syscall.Signal) error {
	err := c.Signal(s)
	select {
	case <-c.ended:
		return err
	case <-ctx.Done():
		return errors.Join(err, c.Kill())
	}
}

// Kill ends the whole process group as a power cut would and waits until the
// process is gone.
func (c *Child) Kill() error {
	if !c.Running() { // its number may be another process's by now
		return nil
	}
	err := syscall.Kill(-c.PID(), syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("kill process group %d: %w", c.PID(), err)
	}
	<-c.ended
	return nil
}
