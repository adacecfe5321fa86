package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// maxBatch bounds how many transactions share a commit, and so how long the
// first of them waits.
const maxBatch = 128

// request is one Update on its way through the writer.
type request struct {
	fn    func(store.Tx) error
	notes []store.Note
	err   error
	done  chan struct{}
}

// Update runs fn in a transaction. Transactions that come at once share one
// commit, each inside a savepoint of its own. Once begun it is not cut short by
// ctx, so that an error always means that nothing was written.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	r := &request{fn: fn, done: make(chan struct{})}
	select {
	case s.requests <- r:
	case <-s.quit:
		return fmt.Errorf("write the status store: %w", job.ErrUnavailable)
	case <-ctx.Done():
		return ctx.Err()
	}
	<-r.done
	return r.err
}

func (s *Store) write() {
	defer close(s.done)
	for {
		select {
		case r := <-s.requests:
			s.commit(s.gather(r))
		case <-s.quit:
			return
		}
	}
}

// gather takes everybody who waits by now.
func (s *Store) gather(first *request) []*request {
	batch := []*request{first}
	for len(batch) < maxBatch {
		select {
		case r := <-s.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) commit(batch []*request) {
	err := s.runAll(batch)
	if err != nil {
		err = fmt.Errorf("%w: write the status store: %w", job.ErrUnavailable, errors.Join(err, s.rollback()))
	}
	var notes []store.Note
	for _, r := range batch {
		if err != nil {
			r.err = err
		}
		if r.err == nil {
			notes = append(notes, r.notes...)
		}
	}
	if len(notes) > 0 {
		s.hear(notes)
	}
	for _, r := range batch {
		close(r.done)
	}
}

// runAll returns an error when the batch as a whole failed.
func (s *Store) runAll(batch []*request) error {
	if err := s.writer.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	before := s.seq
	for _, r := range batch {
		if err := s.run(r); err != nil {
			return err
		}
	}
	if s.seq != before {
		if err := s.writer.exec("UPDATE counter SET seq = ?", s.seq); err != nil {
			return err
		}
	}
	return s.writer.exec("COMMIT")
}

// run sets r.err when r alone failed and returns an error when its savepoint
// could not be undone, because SQLite gave up the whole transaction.
func (s *Store) run(r *request) error {
	if err := s.writer.exec("SAVEPOINT one"); err != nil {
		return err
	}
	r.err = s.call(r)
	if r.err != nil {
		r.notes = nil
		if err := s.writer.exec("ROLLBACK TO one"); err != nil {
			return errors.Join(r.err, err)
		}
	}
	return s.writer.exec("RELEASE one")
}

// call keeps a bug in one transaction from ending the writer and with it all
// others.
func (s *Store) call(r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return r.fn(&tx{reader: reader{s.writer}, store: s, request: r})
}

// rollback ends a transaction that SQLite may have ended already.
func (s *Store) rollback() error {
	if err := s.writer.exec("ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// reader reads on a connection; tx writes too.
type reader struct{ *conn }

type tx struct {
	reader
	store   *Store
	request *request
}

// NextSeq counts in memory; the batch writes the counter once. A number of a
// transaction that failed is not given out again, which leaves a gap.
func (t *tx) NextSeq() (int64, error) {
	t.store.seq++
	return t.store.seq, nil
}

func (t *tx) Note(n store.Note) { t.request.notes = append(t.request.notes, n) }
