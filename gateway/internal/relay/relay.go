// Package relay brings the messages of accepted jobs from the outbox of the
// status service to the broker. The fast path publishes right after a job was
// made; the loop publishes what the fast path did not confirm, what was
// scheduled and is due, and what was rescued. Both may publish the same
// message: the second delivery finds a started or final job and is dropped.
//
//	studycast_relay_published_total{path,outcome}  path: fast, loop; outcome: confirmed, unconfirmed, failed
//	studycast_relay_claim_failures_total           claims of the outbox that ended with an error
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
)

const (
	batch = 64
	// claimWait is the long poll; it ends well before proxies get impatient.
	claimWait = 20 * time.Second
	// publishTimeout must stay below the 5 s for which the status service
	// reserves a new entry for its creator, else the loop publishes it too.
	publishTimeout = 3 * time.Second
	callTimeout    = 5 * time.Second
	pauseLeast     = 50 * time.Millisecond
	pauseMost      = 5 * time.Second
)

// Outbox is the status service as the relay needs it.
type Outbox interface {
	ClaimOutbox(ctx context.Context, limit int, wait time.Duration) ([]statusclient.OutboxEntry, error)
	ConfirmOutbox(ctx context.Context, entries []statusclient.OutboxEntry) error
}

// Publisher is the broker as the relay needs it.
type Publisher interface {
	Publish(ctx context.Context, queue string, m broker.Message) error
}

// Relay publishes outbox entries. It is safe for concurrent use.
type Relay struct {
	outbox    Outbox
	broker    Publisher
	log       *slog.Logger
	published *prometheus.CounterVec
	failures  prometheus.Counter
	trouble   atomic.Pointer[error] // why it is not ready; nil once it claimed
}

var errStarting = errors.New("the relay has not reached the status service yet")

// New returns a Relay; reg may be nil.
func New(outbox Outbox, b Publisher, log *slog.Logger, reg prometheus.Registerer) *Relay {
	r := &Relay{
		outbox: outbox, broker: b, log: log,
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_relay_published_total",
			Help: "Outbox entries handed to the broker, by path and outcome.",
		}, []string{"path", "outcome"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_relay_claim_failures_total",
			Help: "Claims of the outbox that failed.",
		}),
	}
	r.trouble.Store(&errStarting)
	if reg != nil {
		reg.MustRegister(r.published, r.failures)
	}
	return r
}

// Publish is the fast path: it tries once, within 3 s, and outlives the
// request. A failure only means that the loop has to do it.
func (r *Relay) Publish(ctx context.Context, e statusclient.OutboxEntry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	if r.send(ctx, "fast", e) == nil {
		r.confirm(ctx, "fast", []statusclient.OutboxEntry{e})
	}
}

// Ready returns nil while the outbox is being read.
func (r *Relay) Ready() error {
	if p := r.trouble.Load(); p != nil {
		return *p
	}
	return nil
}

// Run is the loop. It returns nil when ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = pauseLeast, pauseMost
	wait := time.Duration(0) // the first claim answers at once: it tells readiness
	for ctx.Err() == nil {
		if r.round(ctx, wait) == nil {
			pause.Reset()
			wait = claimWait
			continue
		}
		wait = 0
		if !sleep(ctx, pause.NextBackOff()) {
			return nil
		}
	}
	return nil
}

// round claims once and publishes what it got. The error asks for a pause.
func (r *Relay) round(ctx context.Context, wait time.Duration) error {
	callCtx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	entries, err := r.outbox.ClaimOutbox(callCtx, batch, wait)
	cancel()
	if err != nil {
		if ctx.Err() == nil {
			r.failures.Inc()
			r.log.Warn("can't claim the outbox, trying again", "error", err)
			away := errors.New("the status service can't be reached")
			r.trouble.Store(&away)
		}
		return fmt.Errorf("claim outbox: %w", err)
	}
	r.trouble.Store(nil)
	return r.publish(ctx, entries)
}

// publish hands all entries over, in order. One that can't be published does
// not hold up the others; a broker that is away ends the batch.
func (r *Relay) publish(ctx context.Context, entries []statusclient.OutboxEntry) error {
	var done []statusclient.OutboxEntry
	var failed error
	for _, e := range entries {
		sendCtx, cancel := context.WithTimeout(ctx, publishTimeout)
		err := r.send(sendCtx, "loop", e)
		cancel()
		if err == nil {
			done = append(done, e)
			continue
		}
		failed = err
		if broker.Temporary(err) {
			break
		}
	}
	if len(done) > 0 {
		confirmCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		r.confirm(confirmCtx, "loop", done)
	}
	return failed
}

func (r *Relay) send(ctx context.Context, path string, e statusclient.OutboxEntry) error {
	m, err := message(e)
	if err == nil {
		err = r.broker.Publish(ctx, e.Queue, m)
	}
	if err != nil {
		r.published.WithLabelValues(path, "failed").Inc()
		r.log.Warn("message not published, it stays in the outbox", "path", path, "job", e.JobID, "queue", e.Queue, "error", err)
	}
	return err
}

// confirm tells the status service. Unconfirmed entries are claimed and
// published again, which does no harm.
func (r *Relay) confirm(ctx context.Context, path string, entries []statusclient.OutboxEntry) {
	outcome := "confirmed"
	if err := r.outbox.ConfirmOutbox(ctx, entries); err != nil {
		outcome = "unconfirmed"
		r.log.Warn("published but not confirmed, it will be published again", "path", path, "entries", len(entries), "error", err)
	}
	r.published.WithLabelValues(path, outcome).Add(float64(len(entries)))
}

func message(e statusclient.OutboxEntry) (broker.Message, error) {
	body, err := wire.EncodeMessage(e.JobID, e.Owner, e.Request)
	if err != nil {
		return broker.Message{}, fmt.Errorf("encode message of job %s: %w", e.JobID, err)
	}
	return broker.Message{
		ID: string(e.JobID), Kind: string(e.Request.Kind), Attempt: e.Attempt, Schema: wire.Schema,
		Traceparent: e.Traceparent, Owner: e.Owner, Body: body,
	}, nil
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
