package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// Delivery is one handing of a message to a handler. It is settled once, by
// one of Ack, Retry, Dead and Release; every other call is ErrSettled. After
// another error it is still open and may be settled again, except ErrLost: it
// comes again by itself. The methods are safe for concurrent use.
type Delivery struct {
	Message    Message
	Count      int       // how often the message was handed out, this time included; 0 = not known
	EnqueuedAt time.Time // when it entered the queue; zero = not known

	broker  *Broker
	queue   string
	settler driver.Settler
	turn    chan struct{} // holds one token; the settling goroutine has it
	end     error         // why it can't be settled any more; guarded by turn
	tally   func(int)     // counts open deliveries
}

func newDelivery(b *Broker, queue string, d driver.Delivery, tally func(int)) *Delivery {
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	return &Delivery{
		Message: d.Message, Count: d.Count, EnqueuedAt: d.EnqueuedAt,
		broker: b, queue: queue, settler: d.Settler, turn: turn, tally: tally,
	}
}

// Ack removes the message. Call it last, after the outcome is stored.
func (d *Delivery) Ack(ctx context.Context) error {
	return d.settle(ctx, actionAck, func() error { return d.settler.Ack(ctx) })
}

// Retry makes the message ready again no earlier than after from now, with
// its attempt hint set. A delay that the broker can't hold is ErrInvalid.
func (d *Delivery) Retry(ctx context.Context, after time.Duration, attempt int) error {
	return d.settle(ctx, actionRetry, func() error {
		if err := d.broker.validDelay(after); err != nil {
			return err
		}
		return d.settler.Retry(ctx, max(after, 0), max(attempt, 0))
	})
}

// Dead moves the message to the dead queue. A reason that is too long or not
// UTF-8 is cut or mended.
func (d *Delivery) Dead(ctx context.Context, r Reason) error {
	return d.settle(ctx, actionDead, func() error { return d.settler.Dead(ctx, validReason(r)) })
}

// Release gives the message back at once with nothing spent.
func (d *Delivery) Release(ctx context.Context) error {
	return d.settle(ctx, actionRelease, func() error { return d.settler.Release(ctx) })
}

func (d *Delivery) settle(ctx context.Context, action string, call func() error) error {
	err := d.once(ctx, call)
	d.broker.metrics.settled(d.queue, action, err)
	if err != nil {
		return fmt.Errorf("%s message %q of queue %q: %w", action, d.Message.ID, d.queue, err)
	}
	return nil
}

func (d *Delivery) once(ctx context.Context, call func() error) error {
	select {
	case <-d.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { d.turn <- struct{}{} }()
	if d.end != nil {
		return d.end
	}
	// Before the call: the adapter may hand out the next one within it.
	d.tally(-1)
	err := call()
	switch {
	case err == nil, errors.Is(err, ErrSettled):
		d.end = ErrSettled
	case errors.Is(err, ErrLost):
		d.end = ErrLost
	default:
		d.tally(1)
	}
	return err
}

// ended reports whether the delivery is settled or lost. Only the handler's
// goroutine asks, after the handler returned.
func (d *Delivery) ended() bool {
	<-d.turn
	defer func() { d.turn <- struct{}{} }()
	return d.end != nil
}

func toValid(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len(cutMark)], "") + cutMark
}
