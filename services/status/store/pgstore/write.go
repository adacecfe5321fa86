package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/group"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

// maxBatch bounds how many transactions share a commit, and so how long the
// first of them waits. PostgreSQL keeps the state of 64 savepoints at hand;
// beyond that every reader pays.
const maxBatch = 60

// Update runs fn in a transaction. Transactions that come at once share one
// commit. An error means that nothing was written, with one exception: the
// connection broke during the commit and the server did not come back in time
// to say what became of it, or was started anew; then the error says so. It answers within
// batchTimeout + settleTimeout whatever the server does.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.queue.Update(ctx, fn)
}

// commit runs a batch. When the server is away everybody who waits is told so
// at once: the next batch would fare no better, and they have waited already.
func (s *Store) commit(g *group.Batch) error {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	b := &batch{Batch: g, store: s}
	err := b.run(ctx)
	if err != nil {
		err = unavailable(err)
		g.Gather(everybody)
	}
	return err
}

const everybody = 1 << 30

// batch is a transaction on the server.
type batch struct {
	*group.Batch
	*conn
	store *Store
	seq   int64  // given out last
	began int64  // seq at the start
	news  int64  // batch of the latest news
	xid   string // of the transaction, to ask what became of it
	boot  string // when the server was started that gave the xid
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
		return b.store.settle(b.xid, b.boot, err)
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
	for {
		b.conn = &conn{ctx: ctx, pg: c.Conn()}
		if err := b.begin(); err != nil {
			return c.Conn().IsClosed() && ctx.Err() == nil, err
		}
		err := b.work()
		if err == nil || !refused(err) || !b.Again() {
			return false, err
		}
		if err := b.now("ROLLBACK"); err != nil {
			return false, err
		}
	}
}

// refused reports whether the batch failed because of what one of its
// transactions did, so that the others can be saved.
func refused(err error) bool {
	var pg *pgconn.PgError
	return !errors.Is(err, job.ErrUnavailable) &&
		(errors.Is(err, group.ErrAgain) || errors.As(err, &pg))
}

func (b *batch) work() error {
	b.Gather(maxBatch)
	if err := b.Run(b.conn, &b.seq); err != nil {
		if b.failure != nil && !refused(b.failure) {
			return b.failure
		}
		return err
	}
	return b.end()
}

// begin waits for the lock of all replicas, which is also the counter. One that
// hangs while it has the lock is cut off by the server.
func (b *batch) begin() error {
	err := errors.Join(b.Exec("BEGIN"), b.Exec("SET LOCAL idle_in_transaction_session_timeout = '"+hangTimeout+"'"))
	if err != nil {
		return err
	}
	err = b.Read(func(row rows.Scanner) error {
		return row.Scan(&b.seq, &b.news, &b.xid, &b.boot)
	}, "SELECT seq, batch, pg_current_xact_id()::text, pg_postmaster_start_time()::text FROM counter FOR UPDATE")
	b.began = b.seq
	return err
}
