package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// claimTime is how long the status service keeps a claim.
const claimTime = 10 * time.Second

// outbox is that of the status service: an entry is claimed for claimTime, with
// a token that grows, and confirmed with that token only.
type outbox struct {
	mu         sync.Mutex
	pending    []*promise
	confirmed  []job.ID
	claims     int
	claimErr   error
	confirmErr error
}

type promise struct {
	entry statusclient.OutboxEntry
	until time.Time
}

func (o *outbox) ClaimOutbox(ctx context.Context, limit int, wait time.Duration) ([]statusclient.OutboxEntry, error) {
	deadline := time.Now().Add(wait)
	o.mu.Lock()
	o.claims++
	o.mu.Unlock()
	for {
		entries, next, err := o.claim(limit)
		if left := time.Until(deadline); next > left {
			next = left
		}
		if err != nil || len(entries) > 0 || next <= 0 {
			return entries, err
		}
		select {
		case <-time.After(next):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// claim takes what is free and says when more may be.
func (o *outbox) claim(limit int) (entries []statusclient.OutboxEntry, next time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next = time.Hour
	for _, p := range o.pending {
		if left := time.Until(p.until); left > 0 {
			next = min(next, left)
			continue
		}
		if len(entries) < limit && o.claimErr == nil {
			p.until = time.Now().Add(claimTime)
			p.entry.Token++
			entries = append(entries, p.entry)
		}
	}
	return entries, next, o.claimErr
}

func (o *outbox) ConfirmOutbox(_ context.Context, entries []statusclient.OutboxEntry) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.confirmErr != nil {
		return o.confirmErr
	}
	for _, e := range entries {
		for i, p := range o.pending {
			if p.entry.JobID == e.JobID && p.entry.Token == e.Token {
				o.confirmed = append(o.confirmed, e.JobID)
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

func (o *outbox) add(ids ...job.ID) {
	o.set(func(o *outbox) {
		for _, id := range ids {
			o.pending = append(o.pending, &promise{entry: entry(id)})
		}
	})
}

// publisher answers with the error for a job, or with its trouble for all.
type publisher struct {
	mu      sync.Mutex
	errs    map[string]error
	trouble error
	unready error // what Ready says; publishes don't look at it
	tried   int
	sent    []string
}

func (p *publisher) Publish(ctx context.Context, _ string, m broker.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried++
	if err := errors.Join(p.trouble, p.errs[m.ID]); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.sent = append(p.sent, m.ID)
	return nil
}

func (p *publisher) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.trouble, p.unready)
}

func (p *publisher) set(change func(*publisher)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func entry(id job.ID) statusclient.OutboxEntry {
	return statusclient.OutboxEntry{
		JobID: id, Token: 1, Queue: "video-generation", Owner: "ann", Attempt: 1,
		Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/"}},
	}
}

func rig() (*Relay, *outbox, *publisher) {
	o, p := &outbox{}, &publisher{errs: map[string]error{}}
	return New(Options{Outbox: o, Broker: p, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}), o, p
}

// during runs the loop for a time of the bubble.
func during(t *testing.T, r *Relay, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.NoError(t, r.Run(ctx))
}

// elapse lets a time of the bubble pass, and everything that happens in it.
func elapse(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *Relay) count(path, outcome string) int {
	return int(testutil.ToFloat64(r.metrics.published.WithLabelValues(path, outcome)))
}

func TestLoopPublishesAndConfirms(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		require.Error(t, r.Ready(), "not before the first claim")
		o.add("a", "b")
		during(t, r, time.Hour)
		require.ElementsMatch(t, []string{"a", "b"}, p.sent)
		require.Equal(t, []job.ID{"a", "b"}, o.confirmed)
		require.NoError(t, r.Ready())
		require.LessOrEqual(t, o.claims, 182, "an empty outbox is waited for, not polled: 3 long polls a minute")
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
		o.set(func(o *outbox) { o.claimErr = nil })
		o.add("a")
		during(t, r, time.Minute)
		require.Equal(t, []string{"a"}, p.sent)
		require.NoError(t, r.Ready())
	})
}

// A binding that somebody deleted: the promise stays, is tried again with
// pauses, shows as a metric, holds up nobody, and is kept once the binding is
// back.
func TestUnroutable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		p.errs["bad"] = errors.Join(broker.ErrUnavailable, broker.ErrUnroutable)
		o.add("bad", "good")
		during(t, r, time.Minute)
		require.Equal(t, []string{"good"}, p.sent)
		require.Len(t, o.pending, 1, "the promise stays")
		require.NoError(t, r.Ready())
		require.NoError(t, r.Accepts(), "one queue does not close the gateway")
		tried := r.count("loop", "unroutable")
		require.Greater(t, tried, 3)
		require.Less(t, tried, 10)
		require.Less(t, o.claims, 20)

		p.set(func(p *publisher) { delete(p.errs, "bad") })
		during(t, r, claimTime+time.Second)
		require.Equal(t, []job.ID{"good", "bad"}, o.confirmed)
	})
}

// Many entries that are refused must not keep everybody busy.
func TestRefusedEntriesAreTriedWithPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		p.set(func(p *publisher) { p.errs = map[string]error{} })
		for range 1000 {
			id := job.ID(uuid.NewString())
			p.errs[string(id)] = broker.ErrUnknownQueue
			o.add(id)
		}
		during(t, r, time.Minute)
		require.Less(t, p.tried, 3000, "without pauses it were 6000")
		require.Len(t, o.pending, 1000)
	})
}

func TestBrokerThatGoesAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		o.add("a", "b", "c")
		p.trouble = broker.ErrUnavailable
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		elapse(time.Minute)
		require.Zero(t, o.claims, "a relay without a broker leaves the entries to others")
		require.ErrorContains(t, r.Ready(), "broker", "not ready before it was there once")
		p.set(func(p *publisher) { p.trouble = nil })
		elapse(time.Second)
		require.ElementsMatch(t, []string{"a", "b", "c"}, p.sent, "within 1 s")
		require.NoError(t, r.Ready())

		p.set(func(p *publisher) { p.trouble = broker.ErrUnavailable })
		elapse(time.Minute)
		require.NoError(t, r.Ready(), "it still answers for the jobs that it has")
		cancel()
		require.NoError(t, <-ended)
	})
}

// What was claimed when the broker went away is published when it is back, by
// the same claim: nobody waits for its end.
func TestClaimedEntriesAreHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, o, p := rig()
		o.add("a", "b")
		p.errs["b"] = broker.ErrOutcomeUnknown
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		elapse(100 * time.Millisecond)
		p.set(func(p *publisher) { p.trouble, p.errs = broker.ErrUnavailable, nil })
		elapse(4 * time.Second)
		tried := p.tried
		require.Less(t, tried, 10, "a broker that is away is asked nothing")
		p.set(func(p *publisher) { p.trouble = nil })
		elapse(time.Second)
		require.Equal(t, []string{"a", "b"}, p.sent)
		require.Equal(t, []job.ID{"a", "b"}, o.confirmed, "the claim still held")
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestFastPath(t *testing.T) {
	t.Parallel()
	r, o, p := rig()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	o.add("a", "c")
	r.Publish(gone, entry("a"))
	require.Equal(t, []string{"a"}, p.sent, "a client that left does not stop it")
	require.Equal(t, []job.ID{"a"}, o.confirmed)

	p.errs["b"] = broker.ErrUnavailable
	r.Publish(t.Context(), entry("b"))
	require.Equal(t, []job.ID{"a"}, o.confirmed)

	o.confirmErr = errors.New("gone")
	r.Publish(t.Context(), entry("c"))
	for _, outcome := range []string{"confirmed", "failed", "unconfirmed"} {
		require.Equal(t, 1, r.count("fast", outcome), outcome)
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	e := entry(job.ID(uuid.Must(uuid.NewV7()).String()))
	at, ok := due(e)
	require.True(t, ok)
	require.WithinDuration(t, time.Now(), at, time.Second)
	e.Request.RunAt = at.Add(time.Hour)
	at, _ = due(e)
	require.Equal(t, e.Request.RunAt, at)
	e.Attempt = 2
	_, ok = due(e)
	require.False(t, ok, "a retry was due later than its job")
}
