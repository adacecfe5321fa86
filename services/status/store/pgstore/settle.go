package pgstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	settleTimeout = 5 * time.Second        // for the server to come back and tell of a commit
	settlePause   = 100 * time.Millisecond // between two questions
)

// newsLife is how long changes are kept for replicas that were out of reach.
const newsLife = "5 minutes"

// tidyEvery is how many batches pass between two removals of old news.
const tidyEvery = 256

// doubtError: the connection broke when the commit was under way.
type doubtError struct{ err error }

func (e *doubtError) Error() string {
	return "the connection broke during the commit: " + e.err.Error()
}
func (e *doubtError) Unwrap() error { return e.err }

// end writes the counter and the news and commits, in one trip.
func (b *batch) end() error {
	if err := errors.Join(b.publish(), b.Exec("COMMIT")); err != nil {
		return err
	}
	tag, err := b.flush()
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Severity == "ERROR" {
		return err // the server refused a statement, so nothing is committed
	}
	if err != nil {
		return &doubtError{err}
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("the server answered the commit with %s", tag)
	}
	return nil
}

// publish queues what other replicas have to know.
func (b *batch) publish() error {
	notes := b.Notes()
	if len(notes) == 0 {
		if b.seq == b.began {
			return nil
		}
		return b.Exec("UPDATE counter SET seq = $1", b.seq)
	}
	body, err := json.Marshal(notes)
	if err != nil {
		return err
	}
	b.news++
	err = errors.Join(
		b.Exec("UPDATE counter SET seq = $1, batch = $2", b.seq, b.news),
		b.Exec("INSERT INTO news (batch, sender, notes) VALUES ($1, $2, $3)", b.news, b.store.name, body),
		b.Exec("SELECT pg_notify($1, $2)", b.store.channel(), b.store.name))
	if b.news%tidyEvery == 0 {
		err = errors.Join(err, b.Exec("DELETE FROM news WHERE made_at < now() - $1::text::interval", newsLife))
	}
	return err
}

// settle asks what became of a commit whose answer was lost: nil when it is
// done, an error when it is not. A server that crashed forgets the transactions
// that it had not written down and gives their numbers to later ones, so that
// after a start it knows for sure only what was not committed.
func (s *Store) settle(xid, boot string, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	for {
		var status *string
		var now string
		err := s.writes.QueryRow(ctx, "SELECT pg_xact_status($1::text::xid8), pg_postmaster_start_time()::text", xid).Scan(&status, &now)
		switch {
		case err != nil || status != nil && *status == "in progress":
		case status != nil && *status == "committed" && now == boot:
			return nil
		case status != nil && *status == "committed":
			return fmt.Errorf("%w; it is not known whether it was written: the server was started anew", cause)
		case status != nil && *status == "aborted":
			return cause
		default:
			return fmt.Errorf("%w; it is not known whether it was written: the server forgot transaction %s", cause, xid)
		}
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return fmt.Errorf("%w; it is not known whether it was written: the server did not come back (%w)", cause, err)
		case <-s.quit:
			return fmt.Errorf("%w; it is not known whether it was written: the service ends", cause)
		}
	}
}
