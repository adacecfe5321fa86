package pgstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/studycast/studycast/core/job"
)

// conn is one transaction on a connection; one goroutine at a time uses it.
// Statements without an answer wait for the next one with an answer, so that
// both cost one trip to the server. Its context bounds the whole transaction.
type conn struct {
	ctx     context.Context
	pg      *pgx.Conn
	waiting pgx.Batch
	sent    bool // something reached the server since the last mark
}

// exec queues a statement; its error is that of the next flush, read or change.
func (c *conn) exec(text string, args ...any) error {
	c.waiting.Queue(text, clean(args)...)
	return nil
}

// send runs what waits and hands the answer of the last statement to read.
func (c *conn) send(read func(pgx.BatchResults) error) (err error) {
	batch := c.waiting
	c.waiting, c.sent = pgx.Batch{}, true
	results := c.pg.SendBatch(c.ctx, &batch)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
		err = explain(err)
	}()
	for i := range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			return fmt.Errorf("%q: %w", batch.QueuedQueries[i].SQL, err)
		}
	}
	if err := read(results); err != nil && !errors.Is(err, job.ErrNotFound) {
		return fmt.Errorf("%q: %w", batch.QueuedQueries[batch.Len()-1].SQL, err)
	} else if err != nil {
		return err
	}
	return nil
}

// flush runs what waits and returns what the last statement did.
func (c *conn) flush() (tag pgconn.CommandTag, err error) {
	if c.waiting.Len() == 0 {
		return tag, nil
	}
	err = c.send(func(r pgx.BatchResults) (err error) {
		tag, err = r.Exec()
		return err
	})
	return tag, err
}

// forget drops what waits.
func (c *conn) forget() { c.waiting = pgx.Batch{} }

// now runs a statement at once and alone, which also works in a transaction
// that has failed.
func (c *conn) now(text string) error {
	_, err := c.pg.Exec(c.ctx, text)
	return explain(err)
}

// change is exec for a statement that must find its row.
func (c *conn) change(text string, args ...any) error {
	if err := c.exec(text, args...); err != nil {
		return err
	}
	tag, err := c.flush()
	if err == nil && tag.RowsAffected() == 0 {
		return job.ErrNotFound
	}
	return err
}

// scanner is a row under the cursor.
type scanner interface{ Scan(dest ...any) error }

// one reads a single row; job.ErrNotFound when there is none.
func one[T any](c *conn, scan func(scanner) (T, error), text string, args ...any) (v T, err error) {
	c.waiting.Queue(text, clean(args)...)
	err = c.send(func(r pgx.BatchResults) (err error) {
		if v, err = scan(r.QueryRow()); errors.Is(err, pgx.ErrNoRows) {
			return job.ErrNotFound
		}
		return err
	})
	return v, err
}

// many reads all rows.
func many[T any](c *conn, scan func(scanner) (T, error), text string, args ...any) (vs []T, err error) {
	c.waiting.Queue(text, clean(args)...)
	err = c.send(func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				return err
			}
			vs = append(vs, v)
		}
		return rows.Err()
	})
	return vs, err
}

// clean gives strings of any type as plain ones, without the zero byte that
// PostgreSQL's text can't hold.
func clean(args []any) []any {
	for i, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.String {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(v.String(), "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

// explain makes an error of the connection, not of a statement, one that says
// to try again, and names the remedy of the commonest mistake.
func explain(err error) error {
	if err == nil || errors.Is(err, job.ErrNotFound) || errors.Is(err, context.Canceled) {
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
