// Package sqlitestore keeps the rows of the status service in one SQLite file.
// One process owns the file. Writes that come at once share a commit; reads run
// beside them on snapshots of their own.
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
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/group"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ours is what all connections have beside what makes them durable or read-only.
var ours = []string{"foreign_keys(1)", "cache_size(-8000)", "temp_store(memory)"}

// readers is how many reads run at once; more only compete for the processor.
const readers = 4

// Store is a store.Store in one file.
type Store struct {
	lock   *flock.Flock
	writes *sql.DB
	reads  *sql.DB
	writer *conn
	pool   chan *conn // idle readers
	queue  *group.Queue
	hear   func([]store.Note)

	closing sync.Once
	quit    chan struct{}
	done    chan struct{}
	seq     int64 // given out last; owned by the writer
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the file at path, makes it when it is missing and
// brings its tables up to date. sqlitefile.ErrInUse when a process has it open.
func Open(ctx context.Context, path string) (*Store, error) {
	lock, err := sqlitefile.Take(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the status store: %w", err)
	}
	s := &Store{
		lock:  lock,
		pool:  make(chan *conn, readers),
		queue: group.New(),
		hear:  func([]store.Note) {},
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the status store %s: %w", path, err), s.free())
	}
	go func() {
		defer close(s.done)
		s.queue.Serve(s.commit, func(ns []store.Note) { s.hear(ns) })
	}()
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	address, err := sqlitefile.Address(path, append(sqlitefile.Durable(), ours...)...)
	if err != nil {
		return err
	}
	if s.writes, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	if err := tables.Migrate(ctx, goose.DialectSQLite3, s.writes, migrations, ""); err != nil {
		return err
	}
	if s.writer, err = connect(ctx, s.writes); err != nil {
		return err
	}
	if s.seq, err = (rows.Reader{Conn: s.writer}).LastSeq(); err != nil {
		return err
	}
	if address, err = sqlitefile.Address(path, append(sqlitefile.ReadOnly(), ours...)...); err != nil {
		return err
	}
	if s.reads, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers)
	for range readers {
		c, err := connect(ctx, s.reads)
		if err != nil {
			return err
		}
		s.pool <- c
	}
	return nil
}

// Alone is true: the lock keeps other processes out.
func (s *Store) Alone() bool { return true }

// Subscribe sets the function that hears of changes.
func (s *Store) Subscribe(hear func([]store.Note)) { s.hear = hear }

// Close ends the writer after the batch under way and frees the file.
func (s *Store) Close() error {
	err := error(nil)
	s.closing.Do(func() {
		close(s.quit)
		s.queue.Close()
		<-s.done
		for range readers {
			<-s.pool
		}
		err = s.free()
	})
	return err
}

func (s *Store) free() error {
	var errs []error
	for _, db := range []*sql.DB{s.reads, s.writes} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	var c *conn
	select {
	case c = <-s.pool:
	case <-s.quit:
		return fmt.Errorf("read the status store: %w", job.ErrUnavailable)
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.pool <- c }()
	if err := c.Exec("BEGIN"); err != nil {
		return err
	}
	err := fn(rows.Reader{Conn: c})
	return errors.Join(err, c.Exec("COMMIT"))
}
