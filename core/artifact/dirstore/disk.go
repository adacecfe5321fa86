package dirstore

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// writeTemp fills a new file in the process's temporary folder, makes it
// durable and returns its name below the root. After an error nothing is left.
func (s *Store) writeTemp(fill func(io.Writer) error) (string, error) {
	name := path.Join(tempDir, filepath.Base(s.temp.Path()), rand.Text())
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, s.root.Remove(name))
	}
	return name, nil
}

// makeDirs makes dir and its parents, and makes the new names durable.
func (s *Store) makeDirs(dir string) error {
	if _, err := s.root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.root.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	for up := path.Dir(dir); ; up = path.Dir(up) {
		if err := s.syncDir(up); err != nil {
			return err
		}
		if up == "." {
			return nil
		}
	}
}

// syncDir makes the names in a directory durable.
func (s *Store) syncDir(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
