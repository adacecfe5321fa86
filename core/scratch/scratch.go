// Package scratch gives a process a folder for temporary files that never
// outlives it for long: it is removed by Close and, when the process was
// killed, by the next process that opens a folder in the same place. Folders
// of living processes are left alone, on one machine.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

const (
	dirPrefix  = "run-"
	lockSuffix = ".lock"
	// gateName is locked while folders come and go, so that nobody sweeps a
	// folder between its creation and its lock.
	gateName = "gate" + lockSuffix
)

// Dir is the folder of this process. Its methods are safe for concurrent use.
type Dir struct {
	parent string
	path   string
	lock   *flock.Flock
	once   sync.Once
	err    error
}

// Open makes a new folder below parent, which is made too when it is missing,
// and removes the folders of processes that are gone. Each call gives another
// folder, also within one process.
func Open(parent string) (*Dir, error) {
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("scratch folder: %w", err)
	}
	var d *Dir
	err := gated(parent, func() error {
		if err := sweep(parent); err != nil {
			return err
		}
		path, err := os.MkdirTemp(parent, dirPrefix)
		if err != nil {
			return err
		}
		lock := flock.New(path + lockSuffix)
		if err := lock.Lock(); err != nil {
			return errors.Join(err, os.RemoveAll(path))
		}
		d = &Dir{parent: parent, path: path, lock: lock}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("scratch folder in %s: %w", parent, err)
	}
	return d, nil
}

// Path returns the folder.
func (d *Dir) Path() string { return d.path }

// Close removes the folder with all that is in it. It may be called twice.
func (d *Dir) Close() error {
	d.once.Do(func() {
		d.err = gated(d.parent, func() error {
			return errors.Join(os.RemoveAll(d.path), os.Remove(d.path+lockSuffix), d.lock.Close())
		})
	})
	return d.err
}

// gated runs change while no other process changes the folders of parent.
func gated(parent string, change func() error) error {
	gate := flock.New(filepath.Join(parent, gateName))
	if err := gate.Lock(); err != nil {
		return err
	}
	return errors.Join(change(), gate.Close())
}

// sweep removes every folder whose lock nobody holds: the system drops a
// process's locks however it dies.
func sweep(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), dirPrefix) {
			continue
		}
		// A folder and its lock lead to the same path; either may be alone after
		// a kill between two steps.
		path := filepath.Join(parent, strings.TrimSuffix(e.Name(), lockSuffix))
		lock := flock.New(path + lockSuffix)
		free, err := lock.TryLock()
		if err != nil {
			return err
		}
		if free {
			err = errors.Join(os.RemoveAll(path), os.Remove(path+lockSuffix))
		}
		if err := errors.Join(err, lock.Close()); err != nil {
			return err
		}
	}
	return nil
}
