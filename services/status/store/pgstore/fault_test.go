package pgstore

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/status/store"
)

// later is a clock that stands, and jumps by an hour when told.
type later struct{ late atomic.Bool }

func (l *later) Now() time.Time {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if l.late.Load() {
		return at.Add(time.Hour)
	}
	return at
}

// cut is a connection that breaks once armed, when a commit passes: before it
// reaches the server, or after the server has answered it.
type cut struct {
	net.Conn
	before, after *atomic.Bool
	broken        atomic.Bool
}

var errCut = errors.New("the cable was cut")

func (c *cut) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("UPDATE counter")) && bytes.Contains(b, []byte("COMMIT")) {
		if c.before.CompareAndSwap(true, false) {
			return 0, errors.Join(errCut, c.Close())
		}
		if c.after.CompareAndSwap(true, false) {
			c.broken.Store(true)
		}
	}
	return c.Conn.Write(b)
}

func (c *cut) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.broken.Load() {
		return 0, errors.Join(errCut, err, c.Close())
	}
	return n, err
}

// TestLostCommitIsSettled: when the connection breaks at a commit, Update says
// what really became of it. Statements that are not prepared pass as text, so
// that the test sees them.
func TestLostCommitIsSettled(t *testing.T) {
	t.Parallel()
	a, err := parse(schema(t) + "&pooler=transaction")
	require.NoError(t, err)
	var before, after atomic.Bool
	dial := a.config.ConnConfig.DialFunc
	a.config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		return &cut{Conn: c, before: &before, after: &after}, err
	}
	s, err := open(t.Context(), a)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	seq := func() (n int64) {
		require.NoError(t, s.View(t.Context(), func(r store.Reader) (err error) {
			n, err = r.LastSeq()
			return err
		}))
		return n
	}
	count := func(tx store.Tx) error {
		_, err := tx.NextSeq()
		return err
	}
	require.NoError(t, s.Update(t.Context(), count))
	before.Store(true)
	require.ErrorIs(t, s.Update(t.Context(), count), job.ErrUnavailable)
	require.False(t, before.Load(), "the cable was never cut")
	require.EqualValues(t, 1, seq(), "it failed, so nothing of it is there")
	after.Store(true)
	require.NoError(t, s.Update(t.Context(), count), "it was written")
	require.False(t, after.Load(), "the cable was never cut")
	require.EqualValues(t, 2, seq())
}

// TestNumberOfACrashedServerProvesNothing: after a crash the server gives the
// numbers of transactions that it lost to later ones.
func TestNumberOfACrashedServerProvesNothing(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	var xid, boot string
	ask := s.writes.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text, pg_postmaster_start_time()::text")
	require.NoError(t, ask.Scan(&xid, &boot))
	cause := errors.New("the cable was cut")
	require.NoError(t, s.settle(xid, boot, cause))
	err := s.settle(xid, "2006-01-02 15:04:05.999999+00", cause)
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "not known")
}

// TestKilledServerKeepsWhatWasAnswered kills PostgreSQL while writes run and
// starts it again: the same store goes on, and everything it answered is there.
func TestKilledServerKeepsWhatWasAnswered(t *testing.T) {
	t.Parallel()
	own, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Stop()) })
	s := opened(t, own.URL(""))
	answered, failed := make(chan int64, 100_000), make(chan error, 1)
	go func() {
		for {
			var seq int64
			err := s.Update(context.Background(), func(tx store.Tx) (err error) {
				seq, err = tx.NextSeq()
				return err
			})
			if err != nil {
				failed <- err
				return
			}
			answered <- seq
		}
	}()
	last := int64(0)
	for last < 50 {
		last = <-answered
	}
	require.NoError(t, own.Kill())
	back := make(chan error, 1)
	go func() { back <- own.Run() }() // the writer may be waiting for it to settle a commit
	require.ErrorIs(t, <-failed, job.ErrUnavailable)
	require.NoError(t, <-back)
	for len(answered) > 0 {
		last = <-answered
	}
	require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
		seq, err := r.LastSeq()
		require.GreaterOrEqual(t, seq, last)
		return err
	}))
	require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error { _, err := tx.NextSeq(); return err }))
}

// TestRestartedPoolerIsFoundAgain: what ran is unavailable, what comes later is
// not, and every answered write is there.
func TestRestartedPoolerIsFoundAgain(t *testing.T) {
	t.Parallel()
	own, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Stop()) })
	pooler, err := own.StartPooler()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pooler.Stop()) })
	address, err := pooler.Schema(t.Context())
	require.NoError(t, err)
	s := opened(t, address)
	last := int64(0)
	count := func(tx store.Tx) (err error) {
		last, err = tx.NextSeq()
		return err
	}
	for range 3 {
		require.NoError(t, s.Update(t.Context(), count))
		answered := last
		require.NoError(t, pooler.Stop())
		require.ErrorIs(t, s.Update(t.Context(), count), job.ErrUnavailable)
		require.NoError(t, pooler.Run())
		require.NoError(t, s.Update(t.Context(), count))
		require.Equal(t, answered+1, last)
	}
}

// TestHungReplicaIsCutOff: one that stops inside a transaction has the lock of
// all; the server takes it away after a while, and its writes with it.
func TestHungReplicaIsCutOff(t *testing.T) {
	t.Parallel()
	address := schema(t)
	hung, other := opened(t, address), opened(t, address)
	inside, wake, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	count := func(tx store.Tx) error {
		_, err := tx.NextSeq()
		return err
	}
	go func() {
		failed <- hung.Update(context.Background(), func(tx store.Tx) error {
			close(inside)
			<-wake
			return count(tx)
		})
	}()
	<-inside
	require.NoError(t, other.Update(t.Context(), count))
	close(wake)
	require.ErrorIs(t, <-failed, job.ErrUnavailable)
	require.NoError(t, hung.Update(t.Context(), count))
	require.NoError(t, other.View(t.Context(), func(r store.Reader) error {
		seq, err := r.LastSeq()
		require.EqualValues(t, 2, seq)
		return err
	}))
}
