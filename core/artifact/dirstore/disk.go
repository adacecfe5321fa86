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
func (f *folder) writeTemp(fill func(io.Writer) error) (string, error) {
	name := path.Join(tempDir, filepath.Base(f.temp.Path()), rand.Text())
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	err = fill(file)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, f.root.Remove(name))
	}
	return name, nil
}

// makeDirs makes dir and its parents, and makes the new names durable.
func (f *folder) makeDirs(dir string) error {
	if _, err := f.root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.root.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	for up := path.Dir(dir); ; up = path.Dir(up) {
		if err := f.syncDir(up); err != nil {
			return err
		}
		if up == "." {
			return nil
		}
	}
}

// syncDir makes the names in a directory durable.
func (f *folder) syncDir(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
