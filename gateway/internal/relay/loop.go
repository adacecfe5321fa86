package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/core/statusclient"
)

const (
	batch = 64
	// inFlight is how many entries of a batch wait for their confirms at once.
	// It keeps the order of owners but for a few places.
	inFlight = 8
	// claimWait is the long poll; it ends well before proxies get impatient.
	claimWait = 20 * time.Second
	// holdFor is how long claimed entries wait for a broker that went away.
	// Together with publishTimeout it stays below the 10 s of a claim.
	holdFor    = 6 * time.Second
	pauseLeast = 50 * time.Millisecond
	pauseMost  = 5 * time.Second
	// lookMost is the longest pause between two looks at a broker that is away.
	lookMost = 500 * time.Millisecond
)

func newPause(most time.Duration) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = pauseLeast, most
	return b
}

// Run is the loop. It returns nil when ctx ends. While there is nothing to do
// it waits in one call; while the broker is away it claims nothing, so that a
// relay that has a broker can.
func (r *Relay) Run(ctx context.Context) error {
	var confirming sync.WaitGroup
	confirming.Go(func() { r.confirmWaiting(ctx) })
	defer confirming.Wait()
	pause := newPause(pauseMost)
	wait := time.Duration(0) // the first claim answers at once: it tells readiness
	for r.awaitBroker(ctx) {
		if r.round(ctx, wait) == nil {
			pause.Reset()
			wait = claimWait
			continue
		}
		wait = 0
		if !sleep.For(ctx, pause.NextBackOff()) {
			break
		}
	}
	return nil
}

// errRefused asks for a pause: entries that are refused again and again must
// not keep the relay, the status service and the broker busy.
var errRefused = errors.New("the broker took none of the messages")

// round claims once and publishes what it got. The error asks for a pause.
func (r *Relay) round(ctx context.Context, wait time.Duration) error {
	callCtx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	entries, err := r.outbox.ClaimOutbox(callCtx, batch, wait)
	cancel()
	if err != nil {
		if ctx.Err() == nil {
			r.metrics.claimFailures.Inc()
			r.log.WarnContext(ctx, "can't claim the outbox, trying again", "error", err)
			away := errors.New("the status service can't be reached")
			r.claimed.Store(&away)
		}
		return fmt.Errorf("claim outbox: %w", err)
	}
	r.claimed.Store(nil)
	if len(entries) == 0 {
		return nil
	}
	r.failpoint("after-claim-before-publish")
	done := r.publish(ctx, entries)
	if len(done) == 0 {
		return errRefused
	}
	r.confirm(context.WithoutCancel(ctx), pathLoop, done)
	return nil
}

// publish hands the entries over and returns those that the broker has. One
// that is refused holds up no other: its promise stays and comes back when the
// claim ends.
func (r *Relay) publish(ctx context.Context, entries []statusclient.OutboxEntry) []statusclient.OutboxEntry {
	holdCtx, cancel := context.WithTimeout(ctx, holdFor)
	defer cancel()
	stored := make([]bool, len(entries))
	var g errgroup.Group
	g.SetLimit(inFlight)
	for i, e := range entries {
		g.Go(func() error {
			stored[i] = r.deliver(ctx, holdCtx, e)
			return nil
		})
	}
	_ = g.Wait() // the functions return none
	var done []statusclient.OutboxEntry
	for i, e := range entries {
		if stored[i] {
			done = append(done, e)
		}
	}
	return done
}

// deliver publishes an entry, again after the broker was away, and reports
// whether the broker has it. No try begins after the end of hold.
func (r *Relay) deliver(ctx, hold context.Context, e statusclient.OutboxEntry) bool {
	for r.awaitBroker(hold) {
		err := r.send(ctx, pathLoop, e)
		if err == nil {
			return true
		}
		// Refused by a broker that is there: another try at once is refused too.
		if r.look() == nil && !errors.Is(err, broker.ErrOutcomeUnknown) {
			return false
		}
		if !sleep.For(hold, pauseLeast) {
			return false
		}
	}
	return false
}

// awaitBroker waits until the broker takes messages and reports whether ctx is
// still alive then.
func (r *Relay) awaitBroker(ctx context.Context) bool {
	if r.look() == nil {
		return ctx.Err() == nil
	}
	r.metrics.held.Inc()
	defer r.metrics.held.Dec()
	pause := newPause(lookMost)
	for sleep.For(ctx, pause.NextBackOff()) {
		if r.look() == nil {
			return true
		}
	}
	return false
}
