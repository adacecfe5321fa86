package sqlitebroker

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

func newTestWriter(t *testing.T) *writer {
	t.Helper()
	s, err := openStore(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	require.NoError(t, err)
	w := newWriter(s, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		w.close()
		require.NoError(t, s.close())
	})
	return w
}

func ignore(error) {}

// hold keeps the writer busy inside a transaction until free is called.
func hold(t *testing.T, w *writer) (free func()) {
	t.Helper()
	began, end := make(chan struct{}), make(chan struct{})
	var run sync.WaitGroup
	run.Go(func() {
		_ = w.do(context.Background(), func(*store) error { close(began); <-end; return nil }, ignore)
	})
	<-began
	return func() { close(end); run.Wait() }
}

func queued(w *writer) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending)
}

// Changes that come during a transaction share the next one and its fate.
func TestChangesShareATransaction(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	broken := errors.New("disk is full")
	free := hold(t, w)
	insert := func(seq int64) func(*store) error {
		r, err := newRow("q", &dispatch.Item{Seq: seq}, driver.Message{ID: "m"})
		require.NoError(t, err)
		return r.insert
	}
	errs := make(chan error, 3)
	var run sync.WaitGroup
	for _, apply := range []func(*store) error{insert(1), insert(2), func(*store) error { return broken }} {
		run.Go(func() { errs <- w.do(context.Background(), apply, ignore) })
	}
	for queued(w) < 3 {
		w.signal()
	}
	free()
	run.Wait()
	for range 3 {
		err := <-errs
		require.ErrorIs(t, err, driver.ErrUnavailable, "nothing of the transaction is stored, and it may be tried again")
		require.ErrorIs(t, err, broken)
	}
	require.NoError(t, w.do(t.Context(), insert(1), ignore), "the next transaction works")
	_, err := w.store.message(2)
	require.ErrorIs(t, err, dispatch.ErrGone)
	_, err = w.store.message(1)
	require.NoError(t, err)
}

// A caller that gives up before its change was begun knows that it wasn't
// stored; one that gives up later knows nothing.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	began, end := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	after := make(chan error, 1)
	go func() {
		first <- w.do(ctx, func(*store) error { close(began); <-end; return nil }, func(err error) { after <- err })
	}()
	<-began
	second := make(chan error, 1)
	go func() {
		second <- w.do(ctx, func(*store) error { return errors.New("must not be called") }, ignore)
	}()
	for queued(w) == 0 {
		w.signal()
	}
	cancel()
	require.ErrorIs(t, <-first, driver.ErrOutcomeUnknown)
	err := <-second
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, driver.ErrOutcomeUnknown)
	close(end)
	require.NoError(t, <-after, "it was stored after all")
}

func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	free := hold(t, w)
	go free()
	w.close()
	require.ErrorIs(t, w.do(t.Context(), func(*store) error { return nil }, ignore), driver.ErrClosed)
	w.signal()
}

// A message that is settled soon never has its count written.
func TestMarks(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	for seq := int64(1); seq <= 2; seq++ {
		r, err := newRow("q", &dispatch.Item{Seq: seq}, driver.Message{ID: "m"})
		require.NoError(t, err)
		require.NoError(t, w.do(t.Context(), r.insert, ignore))
		w.mark(seq, 3)
	}
	w.unmark(2)
	w.markDue()
	require.NoError(t, w.do(t.Context(), func(*store) error { return nil }, ignore))
	counts := map[int64]int{}
	require.NoError(t, w.store.each(t.Context(), func(_ string, it *dispatch.Item) { counts[it.Seq] = it.Count }))
	require.Equal(t, map[int64]int{1: 3, 2: 0}, counts)
}
