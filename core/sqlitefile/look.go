package sqlitefile

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/gofrs/flock"
)

// InUse reports whether a process owns the file at path. It takes nothing for
// longer than a moment and makes no file: an owner that starts just then waits
// for that moment.
func InUse(path string) (bool, error) {
	lock := flock.New(path+".lock", flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the lock of %s: %w", path, err)
	}
	return !free, lock.Close()
}

// Look opens the file at path, which must be there, for reading beside its
// owner, if it has one. Nothing is written and nothing is left beside the file.
// Close it. The caller imports the driver "sqlite".
func Look(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	address, err := Address(path, ReadOnly()...)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("mode", "ro")
	// Without an owner and without what a killed one left, nothing but the file
	// counts, and a reader would only litter its folder.
	_, err = os.Stat(path + "-wal")
	if used, busy := InUse(path); errors.Is(err, fs.ErrNotExist) && busy == nil && !used {
		q.Set("immutable", "1")
	}
	u.RawQuery = q.Encode()
	return sql.Open("sqlite", u.String())
}
