// Package sqlitestore keeps dead letters in one SQLite file. One process owns
// the file.
package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"sync"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
)

//go:embed migrations/*.sql
var migrations embed.FS

// cacheSize of every connection: 8 MB.
const cacheSize = "cache_size(-8000)"

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
// brings its tables up to date. sqlitefile.ErrInUse when a process has it open.
func Open(ctx context.Context, path string) (*Store, error) {
	lock, err := sqlitefile.Take(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the dead-letter store: %w", err)
	}
	s := &Store{lock: lock}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead-letter store %s: %w", path, err), s.Close())
	}
	s.Table = table.New(s.writes, s.reads, table.Dialect{Contains: "instr", ByState: true, Explain: explain})
	if err := errors.Join(s.Fill(ctx), s.FreeReplays(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead-letter store %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	address, err := sqlitefile.Address(path, append(sqlitefile.Durable(), cacheSize)...)
	if err != nil {
		return err
	}
	if s.writes, err = sql.Open("sqlite", address+"&_txlock=immediate"); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	if err := tables.Migrate(ctx, goose.DialectSQLite3, s.writes, migrations, table.Versions); err != nil {
		return err
	}
	if address, err = sqlitefile.Address(path, append(sqlitefile.ReadOnly(), cacheSize)...); err != nil {
		return err
	}
	if s.reads, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	return nil
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
