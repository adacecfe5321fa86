// Package pgstore keeps dead letters in PostgreSQL 13 or newer. Any number of
// replicas share one schema, also that of the status service. It needs nothing
// of a session beyond a transaction, so that it also works behind a transaction
// pooler (pooler=transaction in the address).
package pgstore

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	connections = 4                // unless pool_max_conns says otherwise
	dialTimeout = 3 * time.Second  // for one connection
	openTimeout = 30 * time.Second // for the first connection and the migrations
	lockSpace   = 0x64656164       // "dead": the first half of the keys of advisory locks
)

// Store is a store.Store in one schema of a PostgreSQL database.
type Store struct {
	*table.Table
	pool    *pgxpool.Pool
	db      *sql.DB
	closing sync.Once
}

var _ store.Store = (*Store)(nil)

// Open opens the store at an address like postgres://user:password@host/db and
// brings its tables up to date. They are in the first schema of the
// search_path. Several hosts are tried in turn. Besides the parameters of pgx
// the address may hold those of the status service: with pooler=transaction
// nothing is prepared on the server; direct and direct_user mean nothing here.
func Open(ctx context.Context, address string) (*Store, error) {
	config, err := parse(address)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s := &Store{}
	if s.pool, err = pgxpool.NewWithConfig(bounded, config); err != nil {
		return nil, fmt.Errorf("open the dead-letter store: %w", err)
	}
	s.db = stdlib.OpenDBFromPool(s.pool)
	s.Table = table.New(s.db, s.db, table.Dialect{Lock: " FOR UPDATE", Serialize: serialize, Contains: "strpos", Explain: explain})
	if err := s.prepare(bounded); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead-letter store: %w", err), s.Close())
	}
	if err := s.Fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead-letter store: %w", err), s.Close())
	}
	return s, nil
}

func parse(address string) (*pgxpool.Config, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("dead-letter store: the address is not a URL: use one like postgres://user:password@host:5432/studycast")
	}
	q := u.Query()
	pooler := q.Get("pooler")
	if pooler != "" && pooler != "none" && pooler != "transaction" {
		return nil, fmt.Errorf("dead-letter store: pooler=%s is unknown: use none or transaction", pooler)
	}
	for _, name := range []string{"pooler", "direct", "direct_user"} {
		q.Del(name)
	}
	limited := q.Has("pool_max_conns")
	u.RawQuery = q.Encode()
	config, err := pgxpool.ParseConfig(u.String()) // the error hides the password
	if err != nil {
		return nil, fmt.Errorf("dead-letter store: %w", err)
	}
	if !limited {
		config.MaxConns = connections
	}
	config.ConnConfig.ConnectTimeout = dialTimeout
	config.MaxConns = max(config.MaxConns, 2) // a migration runs beside its lock
	if pooler == "transaction" {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return config, nil
}

// prepare refuses a database that forgets commits and makes the tables.
func (s *Store) prepare(ctx context.Context) error {
	var schema sql.NullString
	var commit string
	err := s.db.QueryRowContext(ctx, "SELECT current_schema(), current_setting('synchronous_commit')").Scan(&schema, &commit)
	if err != nil {
		return explain(err)
	}
	if !schema.Valid {
		return errors.New("no schema of the search_path exists: create one or name another in the address (search_path=...)")
	}
	if commit == "off" {
		return errors.New("synchronous_commit is off, so that a crash would lose dead letters: set it to on for this user or database")
	}
	return s.migrate(ctx)
}

// migrate takes turns with replicas that start at once: a transaction beside
// the migrations holds the lock, because one of a session would be lost in a
// transaction pooler.
func (s *Store) migrate(ctx context.Context) (err error) {
	lock, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer func() {
		if undone := lock.Rollback(); undone != nil && !errors.Is(undone, sql.ErrTxDone) {
			err = errors.Join(err, undone)
		}
	}()
	_, err = lock.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1::int, hashtext('dead letters of ' || current_schema()))", lockSpace)
	if err != nil {
		return fmt.Errorf("wait for the migrations of another replica: %w", explain(err))
	}
	err = tables.Migrate(ctx, goose.DialectPostgres, s.db, migrations, table.Versions)
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return explain(err)
	}
	return err
}

// serialize lets transactions with one digest take turns.
func serialize(ctx context.Context, tx *sql.Tx, digest [32]byte) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1::int, $2::int)",
		lockSpace, int32(binary.BigEndian.Uint32(digest[:]))) // any four bytes will do
	return err
}

// Close waits for running calls and frees the connections.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		err = s.db.Close()
		s.pool.Close()
	})
	return err
}

// explain makes an error of the connection, not of a statement, one that says
// to try again, and names the remedy of the commonest mistake.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, job.ErrUnavailable) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if pg.Code == "42P05" || pg.Code == "26000" { // a prepared statement of somebody else
			return fmt.Errorf("%w: a pooler seems to stand before PostgreSQL: add pooler=transaction to the address of the store", err)
		}
		if !passing(pg.Code) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", job.ErrUnavailable, err)
}

// passing reports whether an error class is about the server, not the statement:
// connection, rollback by the server, resources, operator.
func passing(code string) bool {
	for _, class := range []string{"08", "40", "53", "57"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
