package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/studycast/studycast/services/status/store"
)

// How often the news are read without a call: seldom while the server calls,
// as a net; often when nobody does, because of a pooler or a broken connection.
const (
	netEvery  = 10 * time.Second
	pollEvery = 500 * time.Millisecond
)

// newsPage is how many batches are read at once.
const newsPage = 100

// channel is the name of the store's calls; channels belong to the database, so
// it holds the schema.
func (s *Store) channel() string { return fmt.Sprintf("studycast_status_%d", s.schema) }

// listen tells of what other replicas changed, until ctx ends.
func (s *Store) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if s.calls != nil {
			s.attend(ctx)
		}
		s.read(ctx)
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
		}
	}
}

// attend reads the news at every call of the server until the connection, which
// is its own, breaks.
func (s *Store) attend(ctx context.Context) {
	c, err := s.call(ctx)
	if err != nil {
		return
	}
	defer hangUp(ctx, c)
	if !s.subscribe(ctx, c) {
		return
	}
	for {
		if !s.read(ctx) {
			return
		}
		if !s.attention(ctx, c) {
			return
		}
	}
}

// hangUp does not wait for a server that stands still.
func hangUp(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.Close(ctx) // there is nothing to save
}

func (s *Store) subscribe(ctx context.Context, c *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{s.channel()}.Sanitize())
	return err == nil
}

func (s *Store) call(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return pgx.ConnectConfig(ctx, s.calls)
}

// attention returns at a call of another replica or when the net is due; false when
// the connection is broken. One that only seems whole is found out by a ping.
func (s *Store) attention(ctx context.Context, c *pgx.Conn) bool {
	wait, cancel := context.WithTimeout(ctx, netEvery)
	defer cancel()
	for {
		n, err := c.WaitForNotification(wait)
		if err != nil {
			return wait.Err() != nil && ctx.Err() == nil && s.answers(ctx, c)
		}
		if n.Payload != s.name {
			return true
		}
	}
}

func (s *Store) answers(ctx context.Context, c *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return c.Ping(ctx) == nil
}

// read tells of all news since the last time; false when the server did not
// answer, which those who need it report.
func (s *Store) read(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for {
		n, err := s.readPage(ctx)
		if err != nil {
			return false
		}
		if n < newsPage {
			return true
		}
	}
}

type news struct {
	batch  int64
	sender string
	notes  []byte
}

func (s *Store) readPage(ctx context.Context) (int, error) {
	rows, err := s.reads.Query(ctx, "SELECT batch, sender, notes FROM news WHERE batch > $1 ORDER BY batch LIMIT $2", s.heard, newsPage)
	if err != nil {
		return 0, err
	}
	page, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n news, err error) {
		return n, row.Scan(&n.batch, &n.sender, &n.notes)
	})
	if err != nil {
		return 0, err
	}
	for _, n := range page {
		s.heard = n.batch
		if n.sender == s.name {
			continue
		}
		var notes []store.Note
		if err := json.Unmarshal(n.notes, &notes); err != nil {
			continue // of a newer program; who waits for more than a note reads the rows
		}
		s.tell(notes)
	}
	return len(page), nil
}
