package pgstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store/internal/group"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

// conn is one transaction on a connection; one goroutine at a time uses it.
// Statements without an answer wait for the next one with an answer, so that
// both cost one trip to the server. Its context bounds the whole transaction.
type conn struct {
	ctx     context.Context
	pg      *pgx.Conn
	waiting []statement
	mark    int   // statements waiting since before the mark
	sent    bool  // something reached the server since the mark
	failure error // the first that a statement met
}

type statement struct {
	text string
	args []any
}

var _ group.Transaction = (*conn)(nil)

// Exec queues a statement; its error is that of the next flush or read.
func (c *conn) Exec(text string, args ...any) error {
	c.waiting = append(c.waiting, statement{text, clean(args)})
	return nil
}

// Read runs what waits and then a query, and hands every row to each.
func (c *conn) Read(each func(rows.Scanner) error, text string, args ...any) error {
	return c.send(func(r pgx.BatchResults) error {
		found, err := r.Query()
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			if err := each(found); err != nil {
				return err
			}
		}
		return found.Err()
	}, statement{text, clean(args)})
}

// flush runs what waits and returns what the last statement did.
func (c *conn) flush() (tag pgconn.CommandTag, err error) {
	n := len(c.waiting)
	if n == 0 {
		return tag, nil
	}
	last := c.waiting[n-1]
	c.waiting = c.waiting[:n-1]
	err = c.send(func(r pgx.BatchResults) (err error) {
		tag, err = r.Exec()
		return err
	}, last)
	return tag, err
}

// send runs what waits and one more statement, whose answer read takes.
func (c *conn) send(read func(pgx.BatchResults) error, last statement) (err error) {
	waiting, batch := c.waiting, &pgx.Batch{}
	if len(waiting) > c.mark {
		c.sent = true
	}
	c.waiting, c.mark = waiting[:0], 0
	for _, s := range waiting {
		batch.Queue(s.text, s.args...)
	}
	batch.Queue(last.text, last.args...)
	results := c.pg.SendBatch(c.ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
		if err = explain(err); c.failure == nil {
			c.failure = err
		}
	}()
	for _, s := range waiting {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("%q: %w", s.text, err)
		}
	}
	if err := read(results); err != nil {
		return fmt.Errorf("%q: %w", last.text, err)
	}
	return nil
}

// now runs a statement at once and alone, which also works in a transaction
// that has failed.
func (c *conn) now(text string) error {
	_, err := c.pg.Exec(c.ctx, text)
	return explain(err)
}

// SkipLocked leaves out what somebody outside the service has locked.
func (c *conn) SkipLocked() string { return "FOR UPDATE OF p SKIP LOCKED" }

// Near is false: statements without an answer travel with the next that has one.
func (c *conn) Near() bool { return false }

// Mark begins a part that Undo can take back while it was not sent.
func (c *conn) Mark() { c.mark, c.sent = len(c.waiting), false }

// Undo forgets what waits since Mark.
func (c *conn) Undo() bool {
	if c.sent || c.failure != nil {
		return false
	}
	c.waiting = c.waiting[:c.mark]
	return true
}

// Save begins a part that Return can take back.
func (c *conn) Save() error {
	c.Mark()
	return c.Exec("SAVEPOINT one")
}

// Keep ends the part and returns the errors of its statements.
func (c *conn) Keep() error {
	err := c.Exec("RELEASE SAVEPOINT one")
	if err == nil {
		_, err = c.flush()
	}
	return err
}

// Return takes the part back.
func (c *conn) Return() error {
	c.waiting, c.failure = c.waiting[:0], nil
	if !c.sent {
		return nil
	}
	return c.now("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")
}

// clean gives strings of any type as plain ones, without the zero byte that
// PostgreSQL's text can't hold.
func clean(args []any) []any {
	for i, a := range args {
		switch a.(type) {
		case int64, int, float64, bool, []byte:
			continue
		}
		if v := reflect.ValueOf(a); v.Kind() == reflect.String {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(v.String(), "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

// explain makes an error of the connection, not of a statement, one that says
// to try again, and names the remedy of the commonest mistake.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if pg.Code == "42P05" || pg.Code == "26000" { // a prepared statement of somebody else
			return fmt.Errorf("%w: a pooler seems to stand before PostgreSQL: add pooler=transaction to the address of the store", err)
		}
		if pg.Severity == "ERROR" && !passing(pg.Code) {
			return err
		}
	}
	return unavailable(err)
}

// unavailable makes err one that says to try again.
func unavailable(err error) error {
	if errors.Is(err, job.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", job.ErrUnavailable, err)
}

// passing reports whether an error class is about the server, not the statement:
// connection, rollback by the server, resources, operator.
func passing(code string) bool {
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "40") ||
		strings.HasPrefix(code, "53") || strings.HasPrefix(code, "57")
}
