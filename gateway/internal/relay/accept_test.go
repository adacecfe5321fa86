package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestAccepts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, p := rig()
		require.NoError(t, r.Accepts())

		p.trouble = broker.ErrUnavailable
		require.NoError(t, r.Accepts(), "away for a moment costs nothing")
		time.Sleep(patience - time.Millisecond)
		require.NoError(t, r.Accepts())
		time.Sleep(time.Millisecond)
		refusal := r.Accepts()
		var f *fault.Error
		require.ErrorAs(t, refusal, &f)
		require.Equal(t, fault.Dependency, f.Kind)
		require.Equal(t, comeBack, f.Delay)
		p.trouble = nil
		require.NoError(t, r.Accepts(), "at once")

		p.trouble = errors.Join(broker.ErrUnavailable, broker.ErrBlocked)
		require.Error(t, r.Accepts(), "a broker that says so is believed at once")
		p.trouble = broker.ErrUnavailable
		require.NoError(t, r.Accepts(), "the connection was lost after that: it may be back any moment")
		for why, n := range map[string]float64{"away": 1, "blocked": 1} {
			require.InDelta(t, n, testutil.ToFloat64(r.metrics.refused.WithLabelValues(why)), 0, why)
		}
	})
}

// Two relays on one outbox: claims keep them apart, whatever one of them meets.
func TestTwoRelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, o, p := rig()
		two, _, _ := rig()
		two.outbox, two.broker = o, p
		var want []string
		for i := range 500 {
			id := job.ID(string(rune('a'+i%26)) + time.Duration(i).String())
			want = append(want, string(id))
			o.add(id)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var both sync.WaitGroup
		both.Go(func() { _ = one.Run(ctx) })
		both.Go(func() { _ = two.Run(ctx) })
		both.Wait()
		slices.Sort(want)
		slices.Sort(p.sent)
		require.Equal(t, want, p.sent, "each message once")
		require.Empty(t, o.pending)
	})
}

// killed is a failpoint that ends the relay at a moment, as kill -9 would.
type killed struct{}

func killAt(name string) func(string) {
	return func(at string) {
		if at == name {
			panic(killed{})
		}
	}
}

// A relay that is killed between its requests leaves a promise that the next
// one keeps: nothing is lost, and only a publish without its confirm is made
// twice.
func TestKilledBetweenItsRequests(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]int{
		"after-create-before-publish":  1,
		"after-publish-before-confirm": 2,
		"after-claim-before-publish":   1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, o, p := rig()
				o.add("a")
				victim, _, _ := rig()
				victim.outbox, victim.broker, victim.failpoint = o, p, killAt(name)
				require.PanicsWithValue(t, killed{}, func() {
					if name == "after-claim-before-publish" {
						_ = victim.round(t.Context(), 0)
					}
					entries, err := o.ClaimOutbox(t.Context(), 1, 0)
					require.NoError(t, err)
					victim.Publish(t.Context(), entries[0])
				})
				require.Equal(t, []*promise{o.pending[0]}, o.pending, "the promise is there")
				during(t, r, claimTime+time.Second)
				require.Len(t, p.sent, sent)
				require.Equal(t, []job.ID{"a"}, o.confirmed)
			})
		})
	}
}

// A confirm of an older claim must not remove the promise of a newer one.
func TestLateConfirmChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, _ := rig()
		o.add("a")
		first, err := o.ClaimOutbox(t.Context(), 1, 0)
		require.NoError(t, err)
		time.Sleep(claimTime)
		second, err := o.ClaimOutbox(t.Context(), 1, 0)
		require.NoError(t, err)
		r.confirm(t.Context(), "loop", first)
		require.Len(t, o.pending, 1)
		r.confirm(t.Context(), "loop", []statusclient.OutboxEntry{second[0]})
		require.Empty(t, o.pending)
	})
}

// The fast path does not wait for the status service; what gathers meanwhile is
// told in one call, and the last of it before Run returns.
func TestConfirmsGather(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		slow := &slowConfirms{outbox: o, calls: make(chan int, 100)}
		r.outbox = slow
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		synctest.Wait()
		began := time.Now()
		for i := range 600 {
			r.Publish(t.Context(), entry(job.ID(time.Duration(i).String())))
			synctest.Wait()
		}
		require.Zero(t, time.Since(began), "nobody waited")
		require.Len(t, p.sent, 600)
		cancel()
		require.NoError(t, <-ended)
		close(slow.calls)
		var sizes []int
		for n := range slow.calls {
			sizes = append(sizes, n)
		}
		require.Equal(t, []int{1, mostConfirms, mostConfirms, 600 - 1 - 2*mostConfirms}, sizes)
		r.Publish(t.Context(), entry("late"))
		require.Equal(t, 601, r.count("fast", "confirmed"), "without Run the caller tells it himself")
	})
}

// slowConfirms is an outbox whose confirms take a second.
type slowConfirms struct {
	*outbox
	calls chan int
}

func (s *slowConfirms) ConfirmOutbox(_ context.Context, entries []statusclient.OutboxEntry) error {
	if len(entries) > 1 || entries[0].JobID != "late" {
		s.calls <- len(entries)
	}
	time.Sleep(time.Second)
	return nil
}
