package taker

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/sqlitestore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	queue    = "audio-generation"
	patience = 20 * time.Second
	tick     = 5 * time.Millisecond
)

// rig is a taker whose store and status service fail as they are told, and the
// order of what it did.
type rig struct {
	store.Store
	t      *testing.T
	broker *broker.Broker
	puts   atomic.Int64 // that fail
	bury   func(n int64) (job.Job, error)
	buried atomic.Int64

	mu   sync.Mutex
	done []string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "letters.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	r := &rig{Store: s, t: t, bury: func(int64) (job.Job, error) { return job.Job{State: job.Failed}, nil }}
	mem := membroker.New([]driver.Queue{{Name: queue}}, membroker.Options{})
	r.broker = broker.New(told{mem, r}, broker.Options{})
	t.Cleanup(func() { require.NoError(t, r.broker.Close(context.Background())) })
	return r
}

func (r *rig) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, what)
}

func (r *rig) notes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.done...)
}

func (r *rig) Put(ctx context.Context, l store.Letter, same func(store.Letter) bool) (store.Letter, error) {
	if r.puts.Add(-1) >= 0 {
		r.note("no store")
		return store.Letter{}, job.ErrUnavailable
	}
	l, err := r.Store.Put(ctx, l, same)
	r.note("store")
	return l, err
}

// Bury implements Status.
func (r *rig) Bury(context.Context, job.ID, statusclient.BuryInput) (job.Job, error) {
	r.note("bury")
	return r.bury(r.buried.Add(1))
}

// told is a broker that tells of acks and releases.
type told struct {
	driver.Broker
	rig *rig
}

func (b told) Subscribe(ctx context.Context, q string, prefetch int, deliver func(driver.Delivery)) (driver.Consumer, error) {
	return b.Broker.Subscribe(ctx, q, prefetch, func(d driver.Delivery) {
		if q == driver.DeadQueue(queue) {
			d.Settler = settler{d.Settler, b.rig}
		}
		deliver(d)
	})
}

type settler struct {
	driver.Settler
	rig *rig
}

func (s settler) Ack(ctx context.Context) error {
	s.rig.note("ack")
	return s.Settler.Ack(ctx)
}

func (s settler) Release(ctx context.Context) error {
	s.rig.note("release")
	return s.Settler.Release(ctx)
}

// dead puts one dead letter in.
func (r *rig) dead() {
	r.t.Helper()
	require.NoError(r.t, r.broker.Publish(r.t.Context(), queue, broker.Message{ID: "job-1", Body: []byte("x")}))
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	require.NoError(r.t, r.broker.Consume(ctx, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		if err := d.Dead(ctx, broker.Reason{Fault: "internal", Text: "It broke.", Attempt: 1}); err != nil {
			r.t.Error(err)
		}
		cancel()
	}))
}

// run takes until stop.
func (r *rig) run(failpoint func(string)) (stop func()) {
	tk := New(Options{
		Broker: r.broker, Queues: []string{queue}, Store: r, Status: r, Clock: job.SystemClock{},
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics.New([]string{queue}), Failpoint: failpoint,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tk.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

func nothing(string) {}

func (r *rig) until(want ...string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return len(r.notes()) >= len(want) }, patience, tick)
	require.Equal(r.t, want, r.notes())
}

// TestOrder: durable first, acknowledged last.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.dead()
	stop := r.run(func(name string) { r.note(name) })
	r.until("store", AfterStore, "bury", AfterBury, "ack")
	stop()
	all, err := r.List(t.Context(), store.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, string(job.Failed), all[0].JobState)
}

// TestStoreAway: the delivery is given back and taken when the store is back.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.dead()
	r.puts.Store(2)
	r.run(nothing)
	r.until("no store", "release", "no store", "release", "store", "bury", "ack")
}

// TestStatusAway: the letter is stored once and held until it was told of.
func TestStatusAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.dead()
	r.bury = func(n int64) (job.Job, error) {
		if n < 3 {
			return job.Job{}, job.ErrUnavailable
		}
		return job.Job{State: job.Succeeded}, nil
	}
	r.run(nothing)
	r.until("store", "bury", "bury", "bury", "ack")
}

// TestDrainGivesBack: what can't be finished is given back at once and is
// taken by the next run as one more copy of the same letter.
func TestDrainGivesBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		puts int64
		want []string
	}{
		"status away": {0, []string{"store", "bury", "release"}},
		"store away":  {1, []string{"no store", "release"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.dead()
			r.puts.Store(c.puts)
			away := errors.New("down")
			r.bury = func(int64) (job.Job, error) { return job.Job{}, away }
			stop := r.run(nothing)
			require.Eventually(t, func() bool { return len(r.notes()) >= len(c.want)-1 }, patience, tick)
			stop()
			require.Equal(t, c.want[len(c.want)-1], r.notes()[len(r.notes())-1])
			r.bury = func(int64) (job.Job, error) { return job.Job{State: job.Failed}, nil }
			r.puts.Store(0)
			before := len(r.notes())
			r.run(nothing)
			require.Eventually(t, func() bool { return len(r.notes()) >= before+3 }, patience, tick)
			require.Equal(t, []string{"store", "bury", "ack"}, r.notes()[before:])
			all, err := r.List(t.Context(), store.Filter{Limit: 10})
			require.NoError(t, err)
			require.Len(t, all, 1)
		})
	}
}

func TestPauseGrows(t *testing.T) {
	t.Parallel()
	require.Equal(t, firstPause, pauseAfter(1))
	require.Equal(t, 4*firstPause, pauseAfter(3))
	require.Equal(t, longPause, pauseAfter(1000))
	require.Equal(t, longPause, pauseAfter(0))
}
