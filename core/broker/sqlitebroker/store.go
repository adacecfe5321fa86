package sqlitebroker

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database driver "sqlite", without cgo

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

//go:embed migrations/*.sql
var migrations embed.FS

// store is the open file: one connection that writes, some that read.
type store struct {
	write   *sql.DB
	conn    *sql.Conn // the only connection of write; the writer's own
	read    *sql.DB
	sInsert *sql.Stmt
	sDelete *sql.Stmt
	sRetry  *sql.Stmt
	sDead   *sql.Stmt
	sHanded *sql.Stmt
	sSelect *sql.Stmt
}

const (
	takeTime  = 2 * time.Second
	takePause = 20 * time.Millisecond
)

// take locks the file for this process. The lock ends with the process,
// however it ends, and is on a file of its own: SQLite locks parts of the
// database itself. A child that a killed owner was about to start holds the
// lock for a moment longer, so that a file in use is waited for, a little.
func take(ctx context.Context, path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the queue file: %w", err)
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	ok, err := lock.TryLockContext(waiting, takePause)
	if err != nil && waiting.Err() == nil || ctx.Err() != nil {
		return nil, fmt.Errorf("lock queue file %s: %w", path, errors.Join(ctx.Err(), err))
	}
	if !ok {
		return nil, fmt.Errorf("open %s: %w: another process owns it; stop that one or choose another file", path, ErrInUse)
	}
	return lock, nil
}

func openStore(ctx context.Context, path string) (*store, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	s := &store{}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
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

func (s *store) open(ctx context.Context, path string) error {
	var err error
	s.write, err = sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)"))
	if err != nil {
		return err
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.conn, err = s.write.Conn(ctx); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "query_only(1)", "busy_timeout(5000)")); err != nil {
		return err
	}
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.sInsert, `INSERT INTO messages
			(seq, queue, place, delayed, id, kind, attempt, schema, traceparent, owner, not_before, headers, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.sDelete, `DELETE FROM messages WHERE seq = ?`},
		{&s.sRetry, `UPDATE messages SET place = ?, delayed = ?, attempt = ?, handed = 0 WHERE seq = ?`},
		{&s.sDead, `UPDATE messages SET queue = ?, place = ?, delayed = 0, headers = ?, handed = 0 WHERE seq = ?`},
		{&s.sHanded, `UPDATE messages SET handed = ? WHERE seq = ?`},
	} {
		if *p.to, err = s.conn.PrepareContext(ctx, p.sql); err != nil {
			return err
		}
	}
	s.sSelect, err = s.read.PrepareContext(ctx, `SELECT id, kind, attempt, schema, traceparent, owner, not_before, headers, body
		FROM messages WHERE seq = ?`)
	return err
}

func dsn(path string, pragmas ...string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}

func migrate(ctx context.Context, db *sql.DB) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		return err
	}
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("not a queue file, or a damaged one; choose another file or restore it: %w", err)
	}
	if have > known {
		return fmt.Errorf("the file has version %d, this program knows %d: a newer program made it; use that one", have, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the file to version %d: %w", known, err)
	}
	return nil
}

// each calls f for every message in the file.
func (s *store) each(ctx context.Context, f func(queue string, it *dispatch.Item)) error {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, queue, place, delayed, handed FROM messages`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var queue string
		it := &dispatch.Item{}
		if err := rows.Scan(&it.Seq, &queue, &it.Place, &it.Delayed, &it.Count); err != nil {
			return err
		}
		f(queue, it)
	}
	return rows.Err()
}

// message reads one message; dispatch.ErrGone when somebody deleted its row.
func (s *store) message(seq int64) (driver.Message, error) {
	var r row
	err := s.sSelect.QueryRow(seq).Scan(&r.m.ID, &r.m.Kind, &r.m.Attempt, &r.m.Schema, &r.m.Traceparent, &r.m.Owner,
		&r.notBefore, &r.headers, &r.m.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return driver.Message{}, dispatch.ErrGone
	}
	if err != nil {
		return driver.Message{}, err
	}
	return r.message()
}

func (s *store) close() error {
	var errs []error
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} { // the writer last: it folds the log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
