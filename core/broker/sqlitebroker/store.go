package sqlitebroker

import (
	"context"
	"database/sql"
	"embed"
	"errors"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database driver "sqlite", without cgo

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/core/tables"
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

func openStore(ctx context.Context, path string) (*store, error) {
	s := &store{}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *store) open(ctx context.Context, path string) error {
	address, err := sqlitefile.Address(path, sqlitefile.Durable()...)
	if err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	if err := tables.Migrate(ctx, goose.DialectSQLite3, s.write, migrations, ""); err != nil {
		return err
	}
	if s.conn, err = s.write.Conn(ctx); err != nil {
		return err
	}
	if address, err = sqlitefile.Address(path, sqlitefile.ReadOnly()...); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", address); err != nil {
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
