//go:build linux

// Package background keeps a local system running after the command that
// started it has ended. A supervisor, a process of its own, holds the system;
// a folder says where it is. When the supervisor dies, everything dies with it.
package background

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Up starts a supervisor for the folder and waits until its system is ready.
// command is the command line of a program that calls Supervise with file 3 as
// its report. When a system runs there already, it returns that and true.
func Up(ctx context.Context, dir string, command []string) (s State, already bool, err error) {
	if err := open(dir); err != nil {
		return State{}, false, err
	}
	said, err := launch(ctx, dir, command)
	switch {
	case err != nil:
		return State{}, false, err
	case said.Held:
		s, err = ready(ctx, dir)
		return s, true, err
	case said.Error != "":
		return State{}, false, errors.New(said.Error)
	}
	s, err = load(dir)
	return s, false, err
}

// launch starts the supervisor and returns what it reports. The supervisor is
// ended when ctx ends before that.
func launch(ctx context.Context, dir string, command []string) (answer, error) {
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o700); err != nil {
		return answer{}, err
	}
	log, err := os.OpenFile(Log(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = log.Close() }()
	read, write, err := os.Pipe()
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = read.Close() }()
	cmd := exec.Command(command[0], command[1:]...) //nolint:noctx // it outlives us
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for us alone
	err = errors.Join(cmd.Start(), write.Close())
	if err != nil {
		return answer{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	var said answer
	if err := json.NewDecoder(read).Decode(&said); err != nil {
		how := cmd.Wait()
		if how == nil {
			how = errors.New("exit code 0")
		}
		return answer{}, errors.Join(ctx.Err(), fmt.Errorf("the supervisor ended without a word (%w, %w): see %s", err, how, Log(dir)))
	}
	if said.Held || said.Error != "" {
		_ = cmd.Wait() // it has said why
	}
	return said, nil
}

// Log returns the log of the supervisor.
func Log(dir string) string { return filepath.Join(dir, "logs", "local.log") }

// ready waits until a system that somebody else is starting is ready.
func ready(ctx context.Context, dir string) (State, error) {
	tick := time.NewTicker(lockTick)
	defer tick.Stop()
	for {
		s, err := load(dir)
		if err == nil && s.Ready {
			return s, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s, errors.Join(ctx.Err(), err)
		}
	}
}

// Found says what a command found in a folder.
type Found string

// What there is.
const (
	Nothing Found = "nothing" // no system
	Running Found = "running"
	Stale   Found = "stale" // what a supervisor left that was killed
)

// Find tells what there is in a folder, with its state.
func Find(dir string) (State, Found, error) {
	running, err := held(dir)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, Nothing, nil
	}
	if err != nil {
		return State{}, Nothing, err
	}
	s, err := load(dir)
	if err != nil && !errors.Is(err, errNone) {
		return s, Nothing, err
	}
	if running {
		return s, Running, nil
	}
	return s, Stale, nil
}

// stopLimit is how long a supervisor may take to end everything.
const stopLimit = 30 * time.Second

// Down ends the system of a folder and removes the folder. It returns what it
// found there; killed, when not nil, names processes that outlived a
// supervisor and are gone now.
func Down(ctx context.Context, dir string) (found Found, killed, err error) {
	s, found, err := Find(dir)
	if err != nil || found == Nothing {
		return found, nil, err
	}
	if found == Running {
		if err := end(ctx, dir, s); err != nil {
			return found, nil, err
		}
		if _, err := os.Stat(filepath.Join(dir, lockFile)); errors.Is(err, os.ErrNotExist) {
			return found, nil, nil // it has removed everything itself
		}
	}
	l, err := take(dir)
	if err != nil {
		return found, nil, fmt.Errorf("%s: somebody starts a system there at this moment: %w", dir, err)
	}
	defer func() { _ = l.release() }()
	return found, s.clear(dir), remove(dir)
}

// end asks the supervisor to end and waits; it kills one that does not.
func end(ctx context.Context, dir string, s State) error {
	if s.PID == 0 {
		return errors.New("the system is just starting: try again")
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(s.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end process %d: %w", s.PID, err)
		}
		limited, cancel := context.WithTimeout(ctx, stopLimit)
		ended, err := gone(limited, dir)
		cancel()
		if err = errors.Join(err, ctx.Err()); err != nil || ended {
			return err
		}
	}
	return fmt.Errorf("process %d can't be ended", s.PID)
}

// gone waits until nobody holds the lock and reports whether that came about.
func gone(ctx context.Context, dir string) (bool, error) {
	l, err := await(ctx, dir)
	switch {
	case errors.Is(err, errHeld):
		return false, nil
	case errors.Is(err, os.ErrNotExist): // the folder is gone too
		return true, nil
	case err != nil:
		return false, err
	}
	return true, l.release()
}
