package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/group"
)

// maxBatch bounds how many transactions share a commit, and so how long the
// first of them waits.
const maxBatch = 128

// Update runs fn in a transaction. Transactions that come at once share one
// commit. An error always means that nothing was written.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.queue.Update(ctx, fn)
}

// commit runs a batch.
func (s *Store) commit(b *group.Batch) error {
	b.Gather(maxBatch)
	for {
		err := s.attempt(b)
		if err == nil {
			return nil
		}
		err = errors.Join(err, s.rollback())
		if !errors.Is(err, group.ErrAgain) || !b.Again() {
			return fmt.Errorf("%w: %w", job.ErrUnavailable, err)
		}
	}
}

func (s *Store) attempt(b *group.Batch) error {
	if err := s.writer.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	before := s.seq
	if err := b.Run(writer{s.writer}, &s.seq); err != nil {
		return err
	}
	if s.seq != before {
		if err := s.writer.Exec("UPDATE counter SET seq = $1", s.seq); err != nil {
			return err
		}
	}
	return s.writer.Exec("COMMIT")
}

// rollback ends a transaction that SQLite may have ended already.
func (s *Store) rollback() error {
	if err := s.writer.Exec("ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// writer is the connection as the transaction of a batch.
type writer struct{ *conn }

var _ group.Transaction = writer{}

// Mark begins a part that has written nothing yet.
func (w writer) Mark() { w.wrote = false }

// Undo is only possible while there is nothing to undo.
func (w writer) Undo() bool { return !w.wrote }

// Save begins a part that Return can take back.
func (w writer) Save() error { return w.Exec("SAVEPOINT one") }

// Keep ends the part.
func (w writer) Keep() error { return w.Exec("RELEASE one") }

// Return takes the part back. It fails when SQLite gave up the whole
// transaction.
func (w writer) Return() error { return errors.Join(w.Exec("ROLLBACK TO one"), w.Exec("RELEASE one")) }
