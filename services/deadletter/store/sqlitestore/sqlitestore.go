// Package sqlitestore keeps dead letters in one SQLite file. One process owns
// the file.
package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many reads run at once; more only compete for the processor.
const readers = 4

// Store is a store.Store in one file.
type Store struct {
	*table.Table
	lock    *flock.Flock
	writes  *sql.DB
	reads   *sql.DB
	closing sync.Once
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the file at path, makes it when it is missing and
// brings its tables up to date. store.ErrLocked when a process has it open.
func Open(ctx context.Context, path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the dead-letter store %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the dead-letter store: %w", err)
	}
	s := &Store{lock: flock.New(abs + ".lock")}
	if err := s.take(ctx, path); err != nil {
		return nil, err
	}
	if err := s.open(ctx, abs); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead-letter store %s: %w", path, err), s.Close())
	}
	s.Table = table.New(s.writes, s.reads, table.Dialect{Explain: explain})
	return s, nil
}

const (
	takeTime  = 2 * time.Second
	takePause = 20 * time.Millisecond
)

// take locks the file for this process. A child that a killed owner was about
// to start holds the lock for a moment longer, so that a file in use is waited
// for, a little.
func (s *Store) take(ctx context.Context, path string) error {
	waiting, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	free, err := s.lock.TryLockContext(waiting, takePause)
	if err != nil && waiting.Err() == nil || ctx.Err() != nil {
		return fmt.Errorf("lock the dead-letter store: %w", errors.Join(ctx.Err(), err))
	}
	if !free {
		return fmt.Errorf("%w: stop the other one or choose another file than %s", store.ErrLocked, path)
	}
	return nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	if s.writes, err = sql.Open("sqlite", address(path, "_txlock=immediate")); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	if err := table.Migrate(ctx, goose.DialectSQLite3, s.writes, migrations, "migrations"); err != nil {
		return err
	}
	if s.reads, err = sql.Open("sqlite", address(path, "_pragma=query_only(1)")); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	return nil
}

// address builds the DSN. synchronous=FULL: an acknowledged letter survives the
// loss of power, not only of the process.
func address(path, more string) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-8000)"}}
	return (&url.URL{
		Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode() + "&" + more,
	}).String()
}

// explain makes every error one that says to try again: a full disk, a lock, a
// file system that is gone for a moment, a closed store.
func explain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, job.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", job.ErrUnavailable, err)
}

// Close waits for running calls and frees the file.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		var errs []error
		for _, db := range []*sql.DB{s.reads, s.writes} {
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		err = errors.Join(append(errs, s.lock.Close())...)
	})
	return err
}
