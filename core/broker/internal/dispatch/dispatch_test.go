package dispatch_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a Queue with one consumer whose holds arrive on a channel.
type bench struct {
	*dispatch.Queue
	consumer *dispatch.Consumer
	arrived  chan *dispatch.Hold
	asked    atomic.Int64 // how often the time was read
	fail     func(seq int64) error
}

func newBench(t *testing.T, prefetch int) *bench {
	t.Helper()
	b := &bench{arrived: make(chan *dispatch.Hold, 100)}
	b.Queue = dispatch.New(func() time.Time { b.asked.Add(1); return time.Now() })
	open := func(h *dispatch.Hold) (driver.Delivery, error) {
		if b.fail != nil {
			if err := b.fail(h.Item.Seq); err != nil {
				return driver.Delivery{}, err
			}
		}
		b.arrived <- h
		return driver.Delivery{}, nil
	}
	c, err := b.Subscribe(prefetch, open, func(driver.Delivery) {})
	require.NoError(t, err)
	b.consumer = c
	t.Cleanup(b.Close)
	return b
}

func (b *bench) add(seq int64, after time.Duration) {
	it := &dispatch.Item{Seq: seq}
	it.Place, it.Delayed = b.PlaceAfter(after)
	b.Add(it)
}

func (b *bench) next() *dispatch.Hold { return <-b.arrived }

func TestDelaysAreExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 10)
		began := time.Now()
		b.add(1, 10*time.Second)
		b.add(2, time.Second)
		b.add(3, 0)
		for _, want := range []struct {
			seq int64
			at  time.Duration
		}{{3, 0}, {2, time.Second}, {1, 10 * time.Second}} {
			require.Equal(t, want.seq, b.next().Item.Seq)
			require.Equal(t, want.at, time.Since(began).Truncate(time.Millisecond))
			require.GreaterOrEqual(t, time.Since(began), want.at)
		}
	})
}

func TestNothingRunsWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.add(1, 0)
		b.next().Remove()
		synctest.Wait()
		before := b.asked.Load()
		time.Sleep(24 * time.Hour)
		require.Equal(t, before, b.asked.Load(), "somebody read the time of an idle queue")
		b.add(2, time.Hour)
		require.EqualValues(t, 2, b.next().Item.Seq)
		require.LessOrEqual(t, b.asked.Load()-before, int64(10), "one timer, no ticks")
	})
}

// The clock may go backwards: what is published then stands behind what was
// published before.
func TestOrderWithAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	q := dispatch.New(func() time.Time { now = now.Add(-time.Second); return now })
	last := q.Place()
	for range 10 {
		place := q.Place()
		require.GreaterOrEqual(t, place, last)
		last = place
	}
}

func TestPlaceAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	q := dispatch.New(func() time.Time { return now })
	for _, test := range []struct {
		at      time.Time
		place   time.Time
		delayed bool
	}{
		{time.Time{}, now, false},
		{now.Add(-time.Hour), now, false},
		{now, now, false},
		{now.Add(time.Hour), now.Add(time.Hour), true},
		{now.Add(1500), now.Add(2000), true}, // ns; rounded up: never too early
	} {
		place, delayed := q.PlaceAt(test.at)
		require.Equal(t, test.delayed, delayed)
		require.Equal(t, test.place.UnixMicro(), place)
	}
}

// An unreadable message rests; what is behind it is served after the rest.
func TestUnreadableMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		var broken atomic.Bool
		broken.Store(true)
		b.fail = func(seq int64) error {
			if seq == 1 && broken.Load() {
				return errors.New("unreadable")
			}
			return nil
		}
		b.add(1, 0)
		time.Sleep(time.Minute)
		require.Empty(t, b.arrived)
		require.LessOrEqual(t, b.asked.Load(), int64(500), "it isn't asked in a circle")
		broken.Store(false)
		h := b.next()
		require.Equal(t, 1, h.Item.Count, "nobody saw it before")
		h.Remove()
	})
}

func TestStopWhileAMessageIsUnreadable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		b.fail = func(int64) error { return errors.New("unreadable") }
		b.add(1, 0)
		b.add(2, 0)
		synctest.Wait()
		began := time.Now()
		b.consumer.Stop()
		require.Zero(t, time.Since(began))
		require.Equal(t, 2, b.Depth().Ready)
	})
}

func TestGoneMessageIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.fail = func(seq int64) error {
			if seq == 1 {
				return dispatch.ErrGone
			}
			return nil
		}
		b.add(1, 0)
		b.add(2, 0)
		h := b.next()
		require.EqualValues(t, 2, h.Item.Seq)
		h.Remove()
		require.Zero(t, b.Depth().Ready+b.Depth().InFlight)
	})
}

// A settling that is on its way to the disk when its consumer closes ends as
// the disk says.
func TestCloseDuringASettling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		b.add(1, 0)
		b.add(2, 0)
		stored, failed := b.next(), b.next()
		require.NoError(t, stored.Begin())
		require.NoError(t, failed.Begin())
		require.ErrorIs(t, failed.Begin(), driver.ErrSettled)
		require.NoError(t, b.consumer.Close())
		require.Equal(t, 2, b.Depth().InFlight)
		stored.Remove()
		failed.Abort()
		require.ErrorIs(t, stored.Begin(), driver.ErrSettled)
		require.ErrorIs(t, failed.Begin(), driver.ErrLost)
		d := b.Depth()
		require.Equal(t, 1, d.Ready)
		require.Zero(t, d.InFlight)
	})
}

func TestAbortedSettlingMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.add(1, 0)
		h := b.next()
		require.NoError(t, h.Begin())
		h.Abort()
		require.NoError(t, h.Begin())
		h.Requeue(b.PlaceAfter(time.Second))
		require.Equal(t, 1, b.Depth().Delayed)
		require.Equal(t, 1, b.next().Item.Count, "a retry is counted afresh")
	})
}

// Stop gives back at once what it was assigned and nobody has seen.
func TestStopGivesBackWhatNobodySaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		slow := make(chan struct{})
		b.fail = func(int64) error { <-slow; return nil }
		for seq := range int64(3) {
			b.add(seq, 0)
		}
		synctest.Wait() // the first is being read, the others wait for it
		go b.consumer.Stop()
		synctest.Wait()
		d := b.Depth()
		require.Equal(t, 2, d.Ready)
		require.Equal(t, 1, d.InFlight)
		close(slow)
		require.Zero(t, b.next().Item.Seq)
		synctest.Wait()
		require.Empty(t, b.arrived)
	})
}
