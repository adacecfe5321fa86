package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/broker/driver"
)

// How a delivery is given back that its handler forgot: tried for so long,
// then left to the end of the consumer.
const releaseTime = 5 * time.Second

// consumer is one running Consume.
type consumer struct {
	broker *Broker
	queue  string
	handle func(context.Context, *Delivery)
	ctx    context.Context // its end is the drain
	slots  chan struct{}   // one token per running handler
	driver driver.Consumer // set once subscribed; guarded by broker.mu

	mu   sync.Mutex
	over bool // no delivery is served any more
	open int  // deliveries that are not settled; those lost unnoticed included
	run  sync.WaitGroup
}

// Consume hands the messages of a queue to handle, each in its own goroutine
// and at most prefetch at once, until ctx ends or the Broker is closed. It
// survives lost connections and waits for a broker that is not there yet. A
// handler whose delivery was lost with its connection goes on, and does not
// count: as many as prefetch are handed out beside it.
//
// The context of handle carries the values of ctx and the message's trace, not
// the end of ctx: a handler is given time to finish, and whoever wrote it
// bounds that time. When ctx ends Consume takes nothing new, waits for running
// handlers and returns nil. A delivery that handle leaves unsettled, by return
// or panic, is released.
//
// Wrapped errors: ErrUnknownQueue, ErrInvalid, ErrClosed.
func (b *Broker) Consume(
	ctx context.Context, queue string, prefetch int, handle func(context.Context, *Delivery),
) error {
	if prefetch < 1 || handle == nil {
		return fmt.Errorf("consume queue %q: %w: it needs a handler and a prefetch of at least 1, got %d",
			queue, ErrInvalid, prefetch)
	}
	running, drain := context.WithCancel(ctx)
	defer drain()
	c := &consumer{broker: b, queue: queue, handle: handle, ctx: running, slots: make(chan struct{}, prefetch)}
	b.add(c)
	defer b.remove(c)
	dc, err := c.subscribe(prefetch)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("consume queue %q: %w", queue, err)
	}
	b.metrics.consumes(queue)
	select {
	case <-ctx.Done():
	case <-b.closed:
		err = fmt.Errorf("consume queue %q: %w", queue, ErrClosed)
	}
	drain()
	dc.Stop()
	c.wait()
	if cerr := dc.Close(); cerr != nil {
		b.log.Warn("The end of a consumer failed; its deliveries come again.", "queue", queue, "error", cerr)
	}
	return err
}

// Consuming reports whether every Consume of the queue that was not told to end,
// and at least one, is really connected and consuming now. It is for readiness.
func (b *Broker) Consuming(queue string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := false
	for c := range b.consumers {
		if c.queue != queue || c.ctx.Err() != nil {
			continue
		}
		if !c.ready() {
			return false
		}
		found = true
	}
	return found
}

func (b *Broker) add(c *consumer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.consumers[c] = struct{}{}
}

func (b *Broker) remove(c *consumer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.consumers, c)
}

// ready is called with broker.mu held.
func (c *consumer) ready() bool {
	return c.driver != nil && c.driver.Ready()
}

// subscribe tries until the broker is there.
func (c *consumer) subscribe(prefetch int) (driver.Consumer, error) {
	b := c.broker
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 100*time.Millisecond, 5*time.Second
	dc, err := backoff.Retry(c.ctx, func() (driver.Consumer, error) {
		if b.isClosed() {
			return nil, backoff.Permanent(ErrClosed)
		}
		dc, err := b.driver.Subscribe(c.ctx, c.queue, prefetch, c.deliver)
		if err != nil && !Temporary(err) {
			return nil, backoff.Permanent(err)
		}
		return dc, err
	},
		backoff.WithBackOff(wait),
		backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, next time.Duration) {
			b.log.Warn("The broker can't be consumed yet.", "queue", c.queue, "error", err, "wait", next)
		}),
	)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c.driver = dc
	return dc, nil
}

// wait ends the service and waits for what runs.
func (c *consumer) wait() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.run.Wait()
}

// deliver is called by the adapter, which it must not block. A delivery after
// Stop, against the adapter's promise, is left to the Close that follows.
func (c *consumer) deliver(d driver.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.open++
	// The adapter has at most prefetch unsettled: one more than that means that
	// an older one was lost and its handler does not know yet. That handler may
	// run for minutes, so this delivery does not wait for its slot.
	beside := c.open > cap(c.slots)
	c.run.Go(func() { c.admit(newDelivery(c.broker, c.queue, d, c.tally), beside) })
}

// tally counts open deliveries.
func (c *consumer) tally(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += change
}

// admit serves d when a slot is free. An adapter may hand out one more as soon
// as a handler settled, while that handler still runs: the slot keeps the
// promise of prefetch.
func (c *consumer) admit(d *Delivery, beside bool) {
	if !beside {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-c.ctx.Done():
		}
	}
	if c.ctx.Err() != nil {
		c.release(extract(c.ctx, d.Message.Traceparent), d)
		return
	}
	c.serve(d)
}

// serve runs the handler and cleans up behind it.
func (c *consumer) serve(d *Delivery) {
	b := c.broker
	b.metrics.delivered(c.queue, d.Count)
	ctx, span := b.startProcess(context.WithoutCancel(c.ctx), c.queue, d)
	defer span.End()
	panicked := c.call(ctx, d)
	if d.ended() {
		return
	}
	cause := causeReturned
	if panicked {
		cause = causePanicked
	}
	b.log.ErrorContext(ctx, "A handler left its delivery unsettled; it is released.",
		"queue", c.queue, "job", d.Message.ID, "why", cause)
	b.metrics.unsettled(c.queue, cause)
	c.release(ctx, d)
}

func (c *consumer) call(ctx context.Context, d *Delivery) (panicked bool) {
	defer func() {
		if v := recover(); v != nil {
			panicked = true
			c.broker.log.ErrorContext(ctx, "A handler panicked.", "queue", c.queue, "job", d.Message.ID,
				"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	c.handle(ctx, d)
	return false
}

// release gives d back although the context of Consume may have ended.
func (c *consumer) release(ctx context.Context, d *Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := d.Release(ctx)
		if errors.Is(err, ErrSettled) || errors.Is(err, ErrLost) {
			return struct{}{}, nil
		}
		return struct{}{}, err
	})
	if err != nil {
		c.broker.log.WarnContext(ctx, "A delivery couldn't be released; it comes again when its consumer ends.",
			"queue", c.queue, "job", d.Message.ID, "error", err)
	}
}
