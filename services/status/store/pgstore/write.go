package pgstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// maxBatch bounds how many transactions share a commit. PostgreSQL keeps the
// state of 64 savepoints at hand; beyond that every reader pays.
const maxBatch = 60

// request is one Update on its way through the writer.
type request struct {
	fn    func(store.Tx) error
	notes []store.Note
	err   error
	done  chan struct{}
}

// Update runs fn in a transaction. Transactions that come at once share one
// commit, each inside a savepoint of its own. Once begun it is not cut short by
// ctx, so that an error means that nothing was written. The one exception: the
// connection broke during the commit and the server did not come back in time
// to say what became of it; then the error says so.
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
	for {
		select {
		case r := <-s.requests:
			s.commit(r)
		case <-s.quit:
			return
		}
	}
}

// commit runs first and everybody who came until the lock was free.
func (s *Store) commit(first *request) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	b := &batch{store: s, requests: []*request{first}}
	err := b.run(ctx)
	if err != nil {
		err = fmt.Errorf("write the status store: %w", unavailable(err))
	}
	var notes []store.Note
	for _, r := range b.requests {
		if err != nil {
			r.err = err
		}
		if r.err == nil {
			notes = append(notes, r.notes...)
		}
	}
	if len(notes) > 0 {
		s.tell(notes)
	}
	for _, r := range b.requests {
		close(r.done)
	}
}

// batch is a transaction on the server.
type batch struct {
	*conn
	store    *Store
	requests []*request
	seq      int64  // given out last
	began    int64  // seq at the start
	news     int64  // batch of the latest news
	xid      string // of the transaction, to ask what became of it
}

// run returns an error when the batch as a whole failed. A connection that
// broke while it was idle is noticed at the begin, before anything ran, and
// costs only another one.
func (b *batch) run(ctx context.Context) error {
	var err error
	for range writers + 1 {
		var broken bool
		if broken, err = b.attempt(ctx); !broken {
			break
		}
	}
	if doubt := (*doubtError)(nil); errors.As(err, &doubt) {
		return b.store.settle(b.xid, err)
	}
	return err
}

// attempt reports whether the connection was broken before anything ran.
func (b *batch) attempt(ctx context.Context) (broken bool, err error) {
	c, err := b.store.writes.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer c.Release() // a connection inside a transaction is closed, not kept
	b.conn = &conn{ctx: ctx, pg: c.Conn()}
	if err := b.begin(); err != nil {
		return c.Conn().IsClosed() && ctx.Err() == nil, err
	}
	return false, b.work()
}

func (b *batch) work() error {
	b.requests = b.store.gather(b.requests)
	for _, r := range b.requests {
		if err := b.one(r); err != nil {
			return err
		}
	}
	return b.end()
}

// gather takes everybody who waits by now.
func (s *Store) gather(requests []*request) []*request {
	for len(requests) < maxBatch {
		select {
		case r := <-s.requests:
			requests = append(requests, r)
		default:
			return requests
		}
	}
	return requests
}

// begin waits for the lock of all replicas, which is also the counter. One that
// hangs while it has the lock is cut off by the server.
func (b *batch) begin() error {
	err := errors.Join(b.exec("BEGIN"), b.exec("SET LOCAL idle_in_transaction_session_timeout = '10s'"))
	if err != nil {
		return err
	}
	_, err = one(b.conn, func(row scanner) (struct{}, error) {
		return struct{}{}, row.Scan(&b.seq, &b.news, &b.xid)
	}, "SELECT seq, batch, pg_current_xact_id()::text FROM counter FOR UPDATE")
	b.began = b.seq
	return err
}

// one sets r.err when r alone failed and returns an error when it could not be
// undone.
func (b *batch) one(r *request) error {
	b.sent = false
	if err := b.exec("SAVEPOINT one"); err != nil {
		return err
	}
	if r.err = b.call(r); r.err == nil {
		r.err = b.release()
	}
	if r.err == nil {
		return nil
	}
	r.notes = nil
	b.forget()
	if !b.sent {
		return nil
	}
	if err := b.now("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one"); err != nil {
		return errors.Join(r.err, err)
	}
	return nil
}

func (b *batch) release() error {
	if err := b.exec("RELEASE SAVEPOINT one"); err != nil {
		return err
	}
	_, err := b.flush()
	return err
}

// call keeps a bug in one transaction from ending the writer and with it all
// others.
func (b *batch) call(r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return r.fn(&tx{reader: reader{b.conn}, batch: b, request: r})
}

// reader reads on a connection; tx writes too.
type reader struct{ *conn }

type tx struct {
	reader
	batch   *batch
	request *request
}

// NextSeq counts in memory; the batch writes the counter once. A number of a
// transaction that failed is not given out again, which leaves a gap.
func (t *tx) NextSeq() (int64, error) {
	t.batch.seq++
	return t.batch.seq, nil
}

func (t *tx) Note(n store.Note) { t.request.notes = append(t.request.notes, n) }
