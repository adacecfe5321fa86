package dirstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/scratch"
)

// openFolder opens a directory that is there.
func openFolder(dir string) (*folder, error) {
	temp, err := scratch.Open(filepath.Join(dir, tempDir))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.Join(err, temp.Close())
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, temp.Close(), root.Close())
	}
	return &folder{root: root, temp: temp, info: info}, nil
}

func (f *folder) close() error { return errors.Join(f.temp.Close(), f.root.Close()) }

// folder returns the directory. One that is gone is not made anew: the disk that
// belongs there may be mounted later.
func (s *Store) folder() (*folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", artifact.ErrUnavailable, err)
	}
	if os.SameFile(info, s.now.info) {
		return s.now, nil
	}
	f, err := openFolder(s.dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", artifact.ErrUnavailable, err)
	}
	// Best effort: what was left in the old one is out of reach.
	_ = s.now.root.Close()
	s.now = f
	return f, nil
}

// broken are the errors of a disk that is not there, or can't be used.
var broken = []error{
	syscall.EIO, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ENODEV, syscall.ENXIO,
	syscall.ENOTCONN, syscall.ESTALE, syscall.ETIMEDOUT, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, fs.ErrNotExist, fs.ErrClosed,
}

// unavailable marks an error of a directory that can't be used.
func unavailable(err error) error {
	if errors.Is(err, artifact.ErrNotFound) {
		return err
	}
	for _, b := range broken {
		if errors.Is(err, b) {
			return fmt.Errorf("%w: %w", artifact.ErrUnavailable, err)
		}
	}
	return err
}
