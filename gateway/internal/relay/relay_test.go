package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox gives its entries out one claim at a time and counts claims.
type outbox struct {
	mu         sync.Mutex
	pending    []statusclient.OutboxEntry
	confirmed  []job.ID
	claims     int
	claimErr   error
	confirmErr error
}

func (o *outbox) ClaimOutbox(ctx context.Context, _ int, wait time.Duration) ([]statusclient.OutboxEntry, error) {
	o.mu.Lock()
	o.claims++
	entries, err := o.pending, o.claimErr
	o.mu.Unlock()
	if err != nil || len(entries) > 0 || wait == 0 {
		return entries, err
	}
	select {
	case <-time.After(wait):
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *outbox) ConfirmOutbox(_ context.Context, entries []statusclient.OutboxEntry) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.confirmErr != nil {
		return o.confirmErr
	}
	for _, e := range entries {
		o.confirmed = append(o.confirmed, e.JobID)
		for i, p := range o.pending {
			if p.JobID == e.JobID {
				o.pending = append(o.pending[:i:i], o.pending[i+1:]...)
				break
			}
		}
	}
	return nil
}

func (o *outbox) set(change func(*outbox)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// publisher answers with the error for a job.
type publisher struct {
	mu   sync.Mutex
	errs map[string]error
	sent []string
}

func (p *publisher) Publish(_ context.Context, _ string, m broker.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.errs[m.ID]; err != nil {
		return err
	}
	p.sent = append(p.sent, m.ID)
	return nil
}

func entry(id job.ID) statusclient.OutboxEntry {
	return statusclient.OutboxEntry{
		JobID: id, Token: 1, Queue: "video-generation", Owner: "ann", Attempt: 1,
		Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/"}},
	}
}

func rig() (*Relay, *outbox, *publisher) {
	o, p := &outbox{}, &publisher{errs: map[string]error{}}
	return New(o, p, slog.New(slog.DiscardHandler), prometheus.NewRegistry()), o, p
}

// during runs the loop for a time of the bubble.
func during(t *testing.T, r *Relay, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.NoError(t, r.Run(ctx))
}

func TestLoopPublishesAndConfirms(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		require.Error(t, r.Ready(), "not before the first claim")
		o.pending = []statusclient.OutboxEntry{entry("a"), entry("b")}
		during(t, r, time.Minute)
		require.Equal(t, []string{"a", "b"}, p.sent)
		require.Equal(t, []job.ID{"a", "b"}, o.confirmed)
		require.NoError(t, r.Ready())
		require.LessOrEqual(t, o.claims, 6, "an empty outbox is waited for, not polled")
	})
}

func TestLoopBacksOffAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		o.claimErr = job.ErrUnavailable
		during(t, r, time.Minute)
		require.Error(t, r.Ready())
		require.NotContains(t, r.Ready().Error(), "Unavailable", "no inner text")
		require.Less(t, o.claims, 40)
		o.set(func(o *outbox) { o.claimErr, o.pending = nil, []statusclient.OutboxEntry{entry("a")} })
		during(t, r, time.Minute)
		require.Equal(t, []string{"a"}, p.sent)
		require.NoError(t, r.Ready())
	})
}

func TestOneBadEntryHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		p.errs["bad"] = broker.ErrUnknownQueue
		o.pending = []statusclient.OutboxEntry{entry("bad"), entry("good")}
		during(t, r, 10*time.Second)
		require.Equal(t, []string{"good"}, p.sent)
		require.Len(t, o.pending, 1, "the bad one stays for somebody to see")
		require.Less(t, o.claims, 20)
	})
}

func TestBrokerAwayEndsTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		p.errs["b"] = broker.ErrUnavailable
		o.pending = []statusclient.OutboxEntry{entry("a"), entry("b"), entry("c")}
		require.ErrorIs(t, r.round(t.Context(), 0), broker.ErrUnavailable)
		require.Equal(t, []string{"a"}, p.sent)
		require.Equal(t, []job.ID{"a"}, o.confirmed, "what went out is confirmed")
	})
}

func TestFastPath(t *testing.T) {
	t.Parallel()
	r, o, p := rig()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r.Publish(gone, entry("a"))
	require.Equal(t, []string{"a"}, p.sent, "a client that left does not stop it")
	require.Equal(t, []job.ID{"a"}, o.confirmed)

	p.errs["b"] = broker.ErrUnavailable
	r.Publish(t.Context(), entry("b"))
	require.Equal(t, []job.ID{"a"}, o.confirmed)

	o.confirmErr = errors.New("gone")
	r.Publish(t.Context(), entry("c"))
	for outcome, n := range map[string]float64{"confirmed": 1, "failed": 1, "unconfirmed": 1} {
		require.InDelta(t, n, testutil.ToFloat64(r.published.WithLabelValues("fast", outcome)), 0, outcome)
	}
}
