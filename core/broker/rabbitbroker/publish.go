package rabbitbroker

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// patience is how long a call waits for a connection that is being made.
const patience = 2 * time.Second

// Publish implements driver.Broker.
func (b *Broker) Publish(ctx context.Context, queue string, m driver.Message) error {
	q, err := b.workQueue(queue)
	if err != nil {
		return err
	}
	var delay time.Duration
	if !m.NotBefore.IsZero() {
		delay = time.Until(m.NotBefore)
	}
	return b.publishAfter(ctx, q, delay, m)
}

// publishAfter stores a message that becomes ready after a delay.
func (b *Broker) publishAfter(ctx context.Context, q driver.Queue, delay time.Duration, m driver.Message) error {
	delay, err := level(q, delay)
	if err != nil {
		return err
	}
	exchange, key := exchangeJobs, q.Name
	if delay > 0 {
		exchange, key = exchangeRetry, retryKey(q.Name, delay)
	}
	return b.store(ctx, exchange, key, encode(m, time.Now()))
}

// store returns nil only after the server has the message durably in a queue.
func (b *Broker) store(ctx context.Context, exchange, key string, m amqp.Publishing) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := b.publisher.await(ctx, patience)
	if err != nil {
		return err
	}
	if err := s.refuses(); err != nil {
		return err
	}
	timer := time.NewTimer(b.options.Timeout)
	defer timer.Stop()
	r := &request{exchange: exchange, key: key, message: m, written: make(chan struct{}), ctx: ctx, timer: timer.C}
	if err := s.publishing.enter(r); err != nil {
		return err
	}
	defer s.publishing.leave()
	err = s.publishing.publish(r)
	if errors.Is(err, driver.ErrUnroutable) {
		b.heal()
	}
	return err
}

// request is one message on its way to the server.
type request struct {
	exchange, key string
	message       amqp.Publishing
	ctx           context.Context // its end, or the timer's, ends the waiting
	timer         <-chan time.Time

	written chan struct{} // closed when the two below are set
	confirm *amqp.DeferredConfirmation
	err     error
}

// wait waits until done is closed; what came before that says the error.
func (r *request) wait(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-r.timer:
		return context.DeadlineExceeded
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// publish writes the message and waits for what the server says about it.
func (p *publishing) publish(r *request) error {
	p.write(r)
	if err := r.wait(r.written); err != nil {
		return fmt.Errorf("%w: the connection is busy: %w", driver.ErrOutcomeUnknown, p.overdue(err))
	}
	if r.err != nil {
		return r.err
	}
	if err := r.wait(r.confirm.Done()); err != nil {
		return fmt.Errorf("%w: no confirm came: %w", driver.ErrOutcomeUnknown, p.overdue(err))
	}
	switch {
	case r.confirm.Acked() && p.wasReturned(r):
		return fmt.Errorf("%w: %w to exchange %s with key %s", driver.ErrUnavailable, driver.ErrUnroutable, r.exchange, r.key)
	case r.confirm.Acked():
		return nil
	case p.channel.IsClosed(): // this, too, ends all waiting confirms
		if why := p.ending(); why != nil && why.Server { // one message of those that wait is to blame
			return fmt.Errorf("%w: the server ended the channel before the confirm: %w", driver.ErrOutcomeUnknown, why)
		}
		return fmt.Errorf("%w: the connection was lost before the confirm", driver.ErrOutcomeUnknown)
	}
	return fmt.Errorf("%w: the server refused the message", driver.ErrUnavailable)
}

// overdue gives a session up that says nothing for the whole limit: its server
// may be gone. One that says it is blocked is alive and will confirm one day.
func (p *publishing) overdue(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && p.session.blocked.Load() == nil {
		p.session.kill()
	}
	return err
}
