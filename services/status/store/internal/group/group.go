// Package group lets writing transactions that come at once share one commit.
// Each is all or nothing by itself, although they are one transaction of the
// database.
package group

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

// Queue is where the transactions wait. Its methods are safe for concurrent
// use.
type Queue struct {
	requests chan *request
	quit     chan struct{}
}

// New returns a Queue; Close it once.
func New() *Queue {
	return &Queue{requests: make(chan *request), quit: make(chan struct{})}
}

// request is one Update on its way.
type request struct {
	fn    func(store.Tx) error
	notes []store.Note
	err   error
	done  chan struct{}
}

// Update runs fn in a transaction; fn may run more than once. Once begun it is
// not cut short by ctx, so that its caller always learns what became of it.
func (q *Queue) Update(ctx context.Context, fn func(store.Tx) error) error {
	r := &request{fn: fn, done: make(chan struct{})}
	select {
	case q.requests <- r:
	case <-q.quit:
		return fmt.Errorf("write the status store: %w", job.ErrUnavailable)
	case <-ctx.Done():
		return ctx.Err()
	}
	<-r.done
	return r.err
}

// Close refuses what comes from now on and ends Serve after the batch under
// way.
func (q *Queue) Close() { close(q.quit) }

// Serve commits one batch after the other until Close. commit returns nil when
// the batch is written, else nothing of it is; tell hears the notes of what was
// written, before the callers are answered.
func (q *Queue) Serve(commit func(*Batch) error, tell func([]store.Note)) {
	for {
		select {
		case r := <-q.requests:
			b := &Batch{queue: q, requests: []*request{r}}
			b.answer(commit(b), tell)
		case <-q.quit:
			return
		}
	}
}

// Batch is the transactions that share a commit.
type Batch struct {
	queue    *Queue
	requests []*request
	careful  bool
}

// Gather takes everybody who waits by now into the batch, up to most in all.
func (b *Batch) Gather(most int) {
	for len(b.requests) < most {
		select {
		case r := <-b.queue.requests:
			b.requests = append(b.requests, r)
		default:
			return
		}
	}
}

// Notes are those of the transactions that did not fail.
func (b *Batch) Notes() []store.Note {
	var notes []store.Note
	for _, r := range b.requests {
		if r.err == nil {
			notes = append(notes, r.notes...)
		}
	}
	return notes
}

func (b *Batch) answer(err error, tell func([]store.Note)) {
	if err != nil {
		err = fmt.Errorf("write the status store: %w", err)
		for _, r := range b.requests {
			r.err = err
		}
	}
	if notes := b.Notes(); len(notes) > 0 {
		tell(notes)
	}
	for _, r := range b.requests {
		close(r.done)
	}
}

// Transaction is that of the database.
type Transaction interface {
	rows.Conn
	// Mark begins a part that Undo can take back.
	Mark()
	// Undo takes back what was written since Mark; false when it can't.
	Undo() bool
	// Save is Mark for a part that Return can take back whatever was written,
	// at the price of more work for the database; Keep ends the part and
	// returns the errors of all that was written in it.
	Save() error
	Keep() error
	Return() error
}

// ErrAgain: the batch has to be rolled back and run again.
var ErrAgain = errors.New("the batch has to run again")

// Run runs the transactions of the batch; seq is the number given out last. The
// first run bets that none fails after it has written something. When one does,
// Run returns ErrAgain and the second run keeps them apart.
func (b *Batch) Run(t Transaction, seq *int64) error {
	for _, r := range b.requests {
		run := b.bet
		if b.careful {
			run = b.apart
		}
		if err := run(r, t, seq); err != nil {
			return err
		}
	}
	return nil
}

// Again reports whether a batch whose statement failed may be run a second
// time, which keeps the transactions apart.
func (b *Batch) Again() bool {
	first := !b.careful
	b.careful = true
	return first
}

func (b *Batch) bet(r *request, t Transaction, seq *int64) error {
	t.Mark()
	if r.err = r.call(t, seq); r.err != nil && !t.Undo() {
		return ErrAgain
	}
	return nil
}

func (b *Batch) apart(r *request, t Transaction, seq *int64) error {
	if err := t.Save(); err != nil {
		return err
	}
	if r.err = r.call(t, seq); r.err == nil {
		r.err = t.Keep()
	}
	if r.err == nil {
		return nil
	}
	r.notes = nil
	if err := t.Return(); err != nil {
		return errors.Join(r.err, err)
	}
	return nil
}

// call keeps a bug in one transaction from ending the writer and with it all
// others.
func (r *request) call(c rows.Conn, seq *int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			r.notes = nil
		}
	}()
	r.notes = nil
	return r.fn(&tx{Writer: rows.Writer{Reader: rows.Reader{Conn: c}}, seq: seq, request: r})
}

type tx struct {
	rows.Writer
	seq     *int64
	request *request
}

var _ store.Tx = (*tx)(nil)

// NextSeq counts in memory; the batch writes the counter once. A number of a
// transaction that failed may not be given out again, which leaves a gap.
func (t *tx) NextSeq() (int64, error) {
	*t.seq++
	return *t.seq, nil
}

func (t *tx) Note(n store.Note) { t.request.notes = append(t.request.notes, n) }
