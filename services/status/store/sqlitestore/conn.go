package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/studycast/studycast/services/status/store/internal/rows"
)

// conn is one connection with its prepared statements; one goroutine at a time
// uses it. Statements run without the caller's context: SQLite answers an
// interrupt by rolling the whole transaction back, which others share.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
	wrote bool // since the last mark
}

var _ rows.Conn = (*conn)(nil)

func connect(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, stmts: map[string]*sql.Stmt{}}, nil
}

// stmt keeps every text that it was given: the lists of package rows are put
// together of few parts.
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

// Exec runs a statement.
func (c *conn) Exec(text string, args ...any) error {
	c.wrote = true
	st, err := c.stmt(text)
	if err != nil {
		return err
	}
	if _, err := st.ExecContext(context.Background(), args...); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// Read hands every row to each.
func (c *conn) Read(each func(rows.Scanner) error, text string, args ...any) error {
	st, err := c.stmt(text)
	if err != nil {
		return err
	}
	found, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	defer found.Close()
	for found.Next() {
		if err := each(found); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
	}
	return found.Err()
}

// SkipLocked is empty: nobody else writes.
func (c *conn) SkipLocked() string { return "" }

// Near is true: SQLite is a library.
func (c *conn) Near() bool { return true }
