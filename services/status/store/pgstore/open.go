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
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

const (
	readers      = 4                // reads at once, unless pool_max_conns says otherwise
	writers      = 2                // the writer, and the lock of a migration
	openTimeout  = 30 * time.Second // for the first connection and the migrations
	batchTimeout = 20 * time.Second // for one transaction, waiting for other replicas included
)

// Store is a store.Store in one schema of a PostgreSQL database.
type Store struct {
	writes   *pgxpool.Pool
	reads    *pgxpool.Pool
	requests chan *request
	name     string // tells own news from those of other replicas
	schema   uint32
	listens  bool

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
// brings its tables up to date. They are in the first schema of the
// search_path. Besides the parameters of pgx the address may hold
// pooler=transaction: then nothing is prepared on the server and other
// replicas are heard by asking twice a second instead of LISTEN.
func Open(ctx context.Context, address string) (*Store, error) {
	config, pooled, err := parse(address)
	if err != nil {
		return nil, err
	}
	return open(ctx, config, pooled)
}

func parse(address string) (config *pgxpool.Config, pooled bool, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, false, errors.New("status store: the address is not a URL: use one like postgres://user:password@host:5432/studycast")
	}
	q := u.Query()
	switch pooler := q.Get("pooler"); pooler {
	case "", "none":
	case "transaction":
		pooled = true
	default:
		return nil, false, fmt.Errorf("status store: pooler=%s is unknown: use none or transaction", pooler)
	}
	q.Del("pooler")
	limited := q.Has("pool_max_conns")
	u.RawQuery = q.Encode()
	if config, err = pgxpool.ParseConfig(u.String()); err != nil { // the error hides the password
		return nil, false, fmt.Errorf("status store: %w", err)
	}
	if !limited {
		config.MaxConns = readers
	}
	if pooled {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return config, pooled, nil
}

func open(ctx context.Context, config *pgxpool.Config, pooled bool) (*Store, error) {
	s := &Store{
		requests: make(chan *request),
		name:     uuid.NewString(),
		listens:  !pooled,
		hear:     func([]store.Note) {},
		quit:     make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := s.connect(ctx, config); err != nil {
		s.free()
		return nil, fmt.Errorf("open the status store: %w", err)
	}
	listening, deafen := context.WithCancel(context.Background())
	s.deafen = deafen
	s.workers.Go(s.write)
	s.workers.Go(func() { s.listen(listening) })
	return s, nil
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
	return s.reads.QueryRow(ctx, "SELECT batch FROM counter").Scan(&s.heard)
}

// check learns the schema and refuses a database that forgets commits.
func (s *Store) check(ctx context.Context) error {
	var schema *uint32
	var commit string
	err := s.reads.QueryRow(ctx, `SELECT (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
 current_setting('synchronous_commit')`).Scan(&schema, &commit)
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

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	select {
	case <-s.quit:
		return fmt.Errorf("read the status store: %w", job.ErrUnavailable)
	default:
	}
	c, err := s.reads.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("read the status store: %w", explain(err))
	}
	defer c.Release() // a connection inside a transaction is closed, not kept
	r := &reader{&conn{ctx: ctx, pg: c.Conn()}}
	if err := r.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return err
	}
	err = fn(r)
	if !r.sent {
		return err
	}
	r.forget()
	return errors.Join(err, r.now("COMMIT"))
}
