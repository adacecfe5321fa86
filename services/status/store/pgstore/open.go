// Package pgstore keeps the rows of the status service in PostgreSQL 13 or
// newer. Any number of replicas share one schema: the lock on one row makes
// their writes serial, writes of a replica that come at once share a commit,
// and every replica hears what the others changed. It needs nothing of a
// session beyond a transaction, so that it also works behind a transaction
// pooler (pooler=transaction in the address).
package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/group"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

const (
	readers      = 4                // reads at once, unless pool_max_conns says otherwise
	writers      = 2                // the writer, and the lock of a migration
	dialTimeout  = 2 * time.Second  // for one host to take or to answer a connection
	openTimeout  = 30 * time.Second // for the first connection and the migrations
	readTimeout  = 5 * time.Second  // for one snapshot
	batchTimeout = 5 * time.Second  // for one transaction, waiting for other replicas included
	hangTimeout  = "3s"             // for a replica that has the lock and says nothing
)

// Store is a store.Store in one schema of a PostgreSQL database.
type Store struct {
	writes *pgxpool.Pool
	reads  *pgxpool.Pool
	queue  *group.Queue
	name   string // tells own news from those of other replicas
	schema uint32
	calls  *pgx.ConnConfig // where the server calls when there are news; nil = nowhere

	hearing sync.Mutex
	hear    func([]store.Note)
	heard   int64 // batch of the news heard last; owned by the listener

	closing sync.Once
	deafen  context.CancelFunc // ends the listener
	quit    chan struct{}
	workers sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// Open opens the store at an address like postgres://user:password@host/db and
// brings its tables up to date. job.ErrUnavailable when there is no server yet.
// See parse for what the address may hold.
func Open(ctx context.Context, address string) (*Store, error) {
	a, err := parse(address)
	if err != nil {
		return nil, err
	}
	return open(ctx, a)
}

func open(ctx context.Context, a address) (*Store, error) {
	s := &Store{
		queue: group.New(),
		name:  uuid.NewString(),
		calls: a.calls,
		hear:  func([]store.Note) {},
		quit:  make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := s.connect(ctx, a.config); err != nil {
		s.free()
		return nil, fmt.Errorf("open the status store: %w", err)
	}
	listening, deafen := context.WithCancel(context.Background())
	s.deafen = deafen
	s.workers.Go(func() { s.queue.Serve(s.commit, s.tell) })
	s.workers.Go(func() { s.listen(listening) })
	return s, nil
}

// refuses reports whether the server is there and does not take the address:
// waiting does not help.
func refuses(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && !passing(pg.Code)
}

func (s *Store) connect(ctx context.Context, config *pgxpool.Config) (err error) {
	if s.reads, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	config = config.Copy()
	config.MaxConns, config.MinConns = writers, 0
	if s.writes, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.writes, s.schema); err != nil {
		return err
	}
	return explain(s.reads.QueryRow(ctx, "SELECT batch FROM counter").Scan(&s.heard))
}

// check learns the schema and refuses a database that forgets commits.
func (s *Store) check(ctx context.Context) error {
	var schema *uint32
	var commit string
	err := s.reads.QueryRow(ctx, `SELECT (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
 current_setting('synchronous_commit')`).Scan(&schema, &commit)
	if refuses(err) {
		return err
	}
	if err != nil {
		return explain(err)
	}
	if schema == nil {
		return errors.New("no schema of the search_path exists: create one or name another in the address (search_path=...)")
	}
	if commit == "off" {
		return errors.New("synchronous_commit is off, so that a crash would lose jobs that were accepted: set it to on for this user or database")
	}
	s.schema = *schema
	return nil
}

// Alone is false: other replicas may use the database, and worker streams of
// theirs may be whole.
func (s *Store) Alone() bool { return false }

// Subscribe sets the function that hears of changes.
func (s *Store) Subscribe(hear func([]store.Note)) {
	s.hearing.Lock()
	defer s.hearing.Unlock()
	s.hear = hear
}

func (s *Store) tell(notes []store.Note) {
	s.hearing.Lock()
	defer s.hearing.Unlock()
	s.hear(notes)
}

// Close ends the writer after the batch under way and frees the connections
// when the last read has ended.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.quit)
		s.queue.Close()
		s.deafen()
		s.workers.Wait()
		s.free()
	})
	return nil
}

func (s *Store) free() {
	for _, p := range []*pgxpool.Pool{s.reads, s.writes} {
		if p != nil {
			p.Close()
		}
	}
}

// View runs fn on one snapshot. It answers within readTimeout whatever the
// server does.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	select {
	case <-s.quit:
		return fmt.Errorf("read the status store: %w", job.ErrUnavailable)
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for {
		again, err := s.view(ctx, fn)
		if !again {
			return err
		}
	}
}

// view reports whether the connection turned out to be broken, which costs only
// another one: a new one that can't be made ends the round.
func (s *Store) view(ctx context.Context, fn func(store.Reader) error) (broken bool, err error) {
	c, err := s.reads.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("read the status store: %w", explain(err))
	}
	defer c.Release() // a connection inside a transaction is closed, not kept
	r := &conn{ctx: ctx, pg: c.Conn()}
	r.Mark()
	if err := r.Exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return false, err
	}
	err = fn(rows.Reader{Conn: r})
	if r.Undo() {
		return false, err
	}
	err = errors.Join(err, r.now("COMMIT"))
	return c.Conn().IsClosed() && ctx.Err() == nil, err
}
