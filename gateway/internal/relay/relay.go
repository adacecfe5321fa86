// Package relay brings the messages of accepted jobs from the outbox of the
// status service to the broker. The fast path publishes right after a job was
// made; the loop publishes what the fast path did not confirm, what was
// scheduled and is due, and what was rescued. Any number of relays may run:
// claims keep them apart, and a message that is published twice all the same
// finds a started or final job the second time and is dropped.
//
// A broker that is away for a moment costs nothing: jobs are accepted, their
// messages wait. One that stays away, or says that it takes nothing, would only
// let promises pile up that nobody can keep in time, so new work is refused
// until it is back (Accepts).
//
// What it counts is defined in Metrics.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
)

const (
	// publishTimeout must stay below the 5 s for which the status service
	// reserves a new entry for its creator, else the loop publishes it too.
	publishTimeout = 3 * time.Second
	callTimeout    = 5 * time.Second
)

// Outbox is the status service as the relay needs it.
type Outbox interface {
	ClaimOutbox(ctx context.Context, limit int, wait time.Duration) ([]statusclient.OutboxEntry, error)
	ConfirmOutbox(ctx context.Context, entries []statusclient.OutboxEntry) error
}

// Publisher is the broker as the relay needs it.
type Publisher interface {
	Publish(ctx context.Context, queue string, m broker.Message) error
	// Ready returns nil when a message can be published now, or why not.
	Ready() error
}

// Options are the surroundings of a Relay; Outbox, Broker and Logger are needed.
type Options struct {
	Outbox     Outbox
	Broker     Publisher
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
	// Failpoint is called at after-create-before-publish,
	// after-claim-before-publish and after-publish-before-confirm. Nil = none.
	Failpoint func(name string)
}

// Relay publishes outbox entries. It is safe for concurrent use.
type Relay struct {
	outbox    Outbox
	broker    Publisher
	log       *slog.Logger
	metrics   *metrics
	failpoint func(string)
	gate      gate
	confirms  confirms
	claimed   atomic.Pointer[error] // why the outbox can't be claimed; nil once it was
}

var errStarting = errors.New("the relay has not reached the status service yet")

// New returns a Relay.
func New(o Options) *Relay {
	r := &Relay{outbox: o.Outbox, broker: o.Broker, log: o.Logger, metrics: newMetrics(o.Registerer), failpoint: o.Failpoint}
	if r.failpoint == nil {
		r.failpoint = func(string) {}
	}
	r.confirms.wake = make(chan struct{}, 1)
	r.claimed.Store(&errStarting)
	return r
}

// Publish is the fast path: it tries once, within 3 s, and outlives the
// request. A failure only means that the loop has to do it. While Run runs the
// status service is told a moment later, of many at once.
func (r *Relay) Publish(ctx context.Context, e statusclient.OutboxEntry) {
	r.failpoint("after-create-before-publish")
	ctx = context.WithoutCancel(ctx)
	if r.send(ctx, pathFast, e) == nil && !r.confirms.add(e) {
		r.confirm(ctx, pathFast, []statusclient.OutboxEntry{e})
	}
}

// Ready returns nil while the outbox is being read. It begins not before the
// broker was reached once; one that is lost later only makes Accepts refuse.
func (r *Relay) Ready() error {
	if !r.gate.met.Load() {
		if err := r.look(); err != nil {
			return errors.New("the broker has not been reached yet")
		}
	}
	if p := r.claimed.Load(); p != nil {
		return *p
	}
	return nil
}

// send publishes one message within publishTimeout.
func (r *Relay) send(ctx context.Context, path string, e statusclient.OutboxEntry) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	ctx = broker.InTrace(ctx, e.Traceparent)
	m, err := message(e)
	if err == nil {
		err = r.broker.Publish(ctx, e.Queue, m)
	}
	if err != nil {
		r.metrics.failed(path, err)
		r.log.WarnContext(ctx, "message not published, it stays in the outbox",
			"path", path, "job", e.JobID, "kind", e.Request.Kind, "queue", e.Queue, "attempt", e.Attempt, "error", err)
		return err
	}
	r.log.InfoContext(ctx, "message published",
		"path", path, "job", e.JobID, "kind", e.Request.Kind, "queue", e.Queue, "attempt", e.Attempt)
	r.metrics.observeLag(path, e)
	r.failpoint("after-publish-before-confirm")
	return nil
}

// confirm tells the status service. Unconfirmed entries are claimed and
// published again, which does no harm.
func (r *Relay) confirm(ctx context.Context, path string, entries []statusclient.OutboxEntry) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	outcome := outcomeConfirmed
	if err := r.outbox.ConfirmOutbox(ctx, entries); err != nil {
		outcome = outcomeUnconfirmed
		r.log.WarnContext(ctx, "published but not confirmed, it will be published again",
			"path", path, "entries", len(entries), "error", err)
	}
	r.metrics.published.WithLabelValues(path, outcome).Add(float64(len(entries)))
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

// due returns when the job of an entry should have had its message first. ok
// is false for one that had it before: that is a rescue, a retry or a replay.
func due(e statusclient.OutboxEntry) (at time.Time, ok bool) {
	id, err := uuid.Parse(string(e.JobID))
	if err != nil || id.Version() != 7 || e.Attempt > 1 {
		return time.Time{}, false
	}
	if at = time.Unix(id.Time().UnixTime()); at.Before(e.Request.RunAt) {
		at = e.Request.RunAt
	}
	return at, true
}
