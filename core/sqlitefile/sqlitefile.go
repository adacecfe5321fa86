// Package sqlitefile owns a SQLite file for one process: its lock, its address,
// its permissions.
package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	takeTime  = 2 * time.Second
	takePause = 20 * time.Millisecond
)

// ErrInUse: another process owns the file.
var ErrInUse = errors.New("the file is in use by another process")

// Take locks the file at path for this process and makes it, with its folder,
// when it is missing. The lock ends with the process, however it ends, and is on
// a file of its own: SQLite locks parts of the database itself. A child that a
// killed owner was about to start holds the lock for a moment longer, so that a
// file in use is waited for, a little; then it is ErrInUse. Close the lock.
func Take(ctx context.Context, path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", path, err)
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	free, err := lock.TryLockContext(waiting, takePause)
	if err != nil && waiting.Err() == nil || ctx.Err() != nil {
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(ctx.Err(), err))
	}
	if !free {
		return nil, fmt.Errorf("%s: %w: stop that one or choose another file", path, ErrInUse)
	}
	if err := create(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// create makes the file readable for its owner only, and its name durable.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Durable is how a connection writes: an answered write survives the loss of
// power, not only of the process. Readers go on meanwhile.
func Durable() []string {
	return []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}
}

// ReadOnly is how a connection reads beside a Durable one.
func ReadOnly() []string { return []string{"busy_timeout(5000)", "query_only(1)"} }

// Address is the file at path for sql.Open("sqlite", …), whatever characters
// the path holds.
func Address(path string, pragmas ...string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String(), nil
}
