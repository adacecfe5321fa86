// Package broker is what a user of a queue holds. It validates, traces, counts
// and logs once for all adapters; an adapter implements package driver and is
// chosen by package backend.
//
// What it counts is defined in Metrics.
package broker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/studycast/studycast/core/broker/driver"
)

// The words of the driver that users of the port need.
type (
	// Message is what a broker stores.
	Message = driver.Message
	// Depth counts the messages of a work queue.
	Depth = driver.Depth
	// Caps says what the adapter can do.
	Caps = driver.Caps
	// Reason is why a message becomes a dead letter.
	Reason = driver.Reason
	// Queue is a part of the topology.
	Queue = driver.Queue
)

// DeadQueue returns the name of the queue that keeps the dead letters of a
// work queue.
func DeadQueue(queue string) string { return driver.DeadQueue(queue) }

// Options are the surroundings of a Broker. The zero value logs, counts and
// traces nothing.
type Options struct {
	Logger     *slog.Logger          // nil = discard
	Registerer prometheus.Registerer // nil = no metrics
	Tracer     trace.TracerProvider  // nil = no spans; traceparents pass through
}

// Broker publishes and consumes messages. It is safe for concurrent use.
type Broker struct {
	driver  driver.Broker
	caps    Caps
	log     *slog.Logger
	metrics *metrics
	tracer  trace.Tracer

	mu        sync.Mutex
	consumers map[*consumer]struct{}
	closed    chan struct{}
	closeOnce sync.Once
}

// New returns a Broker on an open adapter and takes it over: Close closes it.
func New(d driver.Broker, o Options) *Broker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider()
	}
	caps := d.Caps()
	b := &Broker{
		driver:    d,
		caps:      caps,
		log:       o.Logger.With("broker", caps.Name),
		tracer:    o.Tracer.Tracer(scope),
		consumers: make(map[*consumer]struct{}),
		closed:    make(chan struct{}),
	}
	b.metrics = newMetrics(o.Registerer, b)
	return b
}

// Caps says what the adapter can do.
func (b *Broker) Caps() Caps { return b.caps }

// Publish puts m on a work queue and returns nil only after the broker has it
// durably. Without a Traceparent of its own m carries on the trace of ctx.
//
// After an error Temporary says whether the same message may be published
// again. Wrapped errors: ErrInvalid, ErrUnknownQueue, ErrUnavailable,
// ErrOutcomeUnknown, ErrClosed, and those of ctx.
func (b *Broker) Publish(ctx context.Context, queue string, m Message) error {
	start := time.Now()
	err := b.publish(ctx, queue, m)
	b.metrics.published(queue, err, time.Since(start))
	if err != nil {
		return fmt.Errorf("publish message %q to queue %q: %w", m.ID, queue, err)
	}
	return nil
}

func (b *Broker) publish(ctx context.Context, queue string, m Message) error {
	if err := b.validate(m); err != nil {
		return err
	}
	if b.isClosed() {
		return ErrClosed
	}
	ctx, span := b.startSend(ctx, queue, &m)
	defer span.End()
	err := b.driver.Publish(ctx, queue, m)
	recordError(span, err)
	return err
}

// Depth counts a work queue. Wrapped errors: ErrUnknownQueue, ErrUnavailable,
// ErrClosed.
func (b *Broker) Depth(ctx context.Context, queue string) (Depth, error) {
	d, err := b.driver.Depth(ctx, queue)
	if err != nil {
		return Depth{}, fmt.Errorf("depth of queue %q: %w", queue, err)
	}
	return d, nil
}

// Close ends every Consume with ErrClosed, gives unsettled deliveries back and
// closes the adapter. End the contexts of the Consumes first to let handlers
// finish. It may be called twice.
func (b *Broker) Close(ctx context.Context) error {
	var err error
	b.closeOnce.Do(func() {
		close(b.closed)
		b.metrics.forget(b)
		err = b.driver.Close(ctx)
	})
	if err != nil {
		return fmt.Errorf("close broker %s: %w", b.caps.Name, err)
	}
	return nil
}

func (b *Broker) isClosed() bool {
	select {
	case <-b.closed:
		return true
	default:
		return false
	}
}
