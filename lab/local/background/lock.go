//go:build linux

package background

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lock is held by the supervisor for as long as it lives. The kernel lets go
// of it however the process ends, so it tells the living from the dead better
// than a process id, which may be another's by now.
type lock struct{ file *os.File }

// errHeld: another process holds the lock.
var errHeld = errors.New("the lock is held")

// take takes the lock of a folder, or returns errHeld.
func take(dir string) (*lock, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
			_ = f.Close()
			if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
				return nil, errHeld
			}
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if current(f) {
			return &lock{f}, nil
		}
		_ = f.Close() // its last holder removed it while we waited
	}
}

// held reports whether somebody holds the lock of a folder, without taking it
// even for a moment: a supervisor may be starting.
func held(dir string) (bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	asked := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &asked); err != nil {
		return false, fmt.Errorf("ask for the lock %s: %w", f.Name(), err)
	}
	return asked.Type != unix.F_UNLCK, nil
}

// current reports whether the path of the file still leads to it.
func current(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Name())
	return err == nil && os.SameFile(ours, there)
}

func (l *lock) release() error { return l.file.Close() }

// lockTick is how often await looks at the lock.
const lockTick = 20 * time.Millisecond

// await takes the lock as soon as it is free. It returns errHeld when ctx ends
// before that.
func await(ctx context.Context, dir string) (*lock, error) {
	tick := time.NewTicker(lockTick)
	defer tick.Stop()
	for {
		l, err := take(dir)
		if !errors.Is(err, errHeld) {
			return l, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}
