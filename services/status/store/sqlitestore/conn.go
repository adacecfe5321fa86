package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
)

// conn is one connection with its prepared statements; one goroutine at a time
// uses it. Statements run without the caller's context: SQLite answers an
// interrupt by rolling the whole transaction back, which others share.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
}

func connect(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) stmt(text string) (*sql.Stmt, error) {
	if st := c.stmts[text]; st != nil {
		return st, nil
	}
	st, err := c.sql.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	c.stmts[text] = st
	return st, nil
}

func (c *conn) exec(text string, args ...any) error {
	st, err := c.stmt(text)
	if err != nil {
		return err
	}
	if _, err := st.ExecContext(context.Background(), args...); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// change is exec for a statement that must find its row.
func (c *conn) change(text string, args ...any) error {
	st, err := c.stmt(text)
	if err != nil {
		return err
	}
	res, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return job.ErrNotFound
	}
	return nil
}

// scanner is a row under the cursor.
type scanner interface{ Scan(dest ...any) error }

// one reads a single row; job.ErrNotFound when there is none.
func one[T any](c *conn, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	var zero T
	st, err := c.stmt(text)
	if err != nil {
		return zero, err
	}
	v, err := scan(st.QueryRowContext(context.Background(), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return zero, job.ErrNotFound
	}
	if err != nil {
		return zero, fmt.Errorf("%q: %w", text, err)
	}
	return v, nil
}

// many reads all rows.
func many[T any](c *conn, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	st, err := c.stmt(text)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return collect(rows, scan)
}

// manyOnce is many for a text that is put together and not worth keeping.
func manyOnce[T any](c *conn, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := c.sql.QueryContext(context.Background(), text, args...)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return collect(rows, scan)
}

func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var vs []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, rows.Err()
}

// micros and timeOf turn times into what the tables hold; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
