package rabbitbroker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

const (
	// window is how many publishes may wait for their confirms at once.
	window = 512
	// patience is how long a publish waits for a connection that is being made.
	patience = 2 * time.Second
)

// publishing is the confirm channel of a session.
type publishing struct {
	channel *amqp.Channel
	slots   chan struct{} // one per publish that waits for its confirm
	turn    chan struct{} // one token: its holder writes
	// returns holds at least window elements: a full one would stall the
	// connection's reader.
	returns chan amqp.Return

	mu       sync.Mutex
	returned map[string]int // unroutable messages nobody has asked about yet
}

// openPublishing makes the confirm channel.
func (s *session) openPublishing() error {
	return s.call(s.timeout, func() error {
		ch, err := s.conn.Channel()
		if err != nil {
			return err
		}
		s.endsWith(ch)
		s.publishing = &publishing{
			channel: ch, slots: make(chan struct{}, window), turn: make(chan struct{}, 1),
			returns: ch.NotifyReturn(make(chan amqp.Return, 2*window)), returned: make(map[string]int),
		}
		return ch.Confirm(false)
	})
}

// Publish implements driver.Broker.
func (b *Broker) Publish(ctx context.Context, queue string, m driver.Message) error {
	q, err := b.workQueue(queue)
	if err != nil {
		return err
	}
	return b.publishAfter(ctx, q, time.Until(m.NotBefore), m)
}

// publishAfter stores a message that becomes ready after a delay.
func (b *Broker) publishAfter(ctx context.Context, q driver.Queue, delay time.Duration, m driver.Message) error {
	delay, err := level(q, delay)
	switch {
	case err != nil:
		return err
	case delay == 0:
		return b.store(ctx, exchangeJobs, q.Name, m)
	}
	return b.store(ctx, exchangeRetry, retryKey(q.Name, delay), m)
}

// store returns nil only after the server has the message durably in a queue.
func (b *Broker) store(ctx context.Context, exchange, key string, m driver.Message) error {
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
	limited, cancel := context.WithTimeout(ctx, b.options.Timeout)
	defer cancel()
	p := s.publishing
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-s.done:
		return s.refuses()
	case <-limited.Done():
		return fmt.Errorf("%w: too many publishes wait for the server: %w", driver.ErrUnavailable, limited.Err())
	}
	confirm, err := s.write(limited, exchange, key, encode(m, time.Now()))
	if err != nil {
		return err
	}
	return s.confirmed(limited, confirm, exchange, key, m.ID)
}

// write sends a message, one at a time.
func (s *session) write(
	ctx context.Context, exchange, key string, m amqp.Publishing,
) (*amqp.DeferredConfirmation, error) {
	p := s.publishing
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: the connection is busy: %w", driver.ErrUnavailable, ctx.Err())
	}
	if err := s.refuses(); err != nil {
		return nil, err
	}
	var confirm *amqp.DeferredConfirmation
	err := s.call(s.timeout, func() (err error) {
		confirm, err = p.channel.PublishWithDeferredConfirm(exchange, key, true, false, m)
		return err
	})
	switch {
	case errors.Is(err, amqp.ErrClosed): // found before anything was sent
		s.kill()
		return nil, fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
	case err != nil:
		s.kill()
		return nil, fmt.Errorf("%w: %w", driver.ErrOutcomeUnknown, err)
	}
	return confirm, nil
}

// confirmed waits for what the server says about a message.
func (s *session) confirmed(
	ctx context.Context, confirm *amqp.DeferredConfirmation, exchange, key, id string,
) error {
	select {
	case <-confirm.Done():
	case <-ctx.Done():
		// A server that says it is blocked is alive and will confirm one day; one
		// that says nothing for the whole limit may be gone.
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && s.blocked.Load() == nil {
			s.kill()
		}
		return fmt.Errorf("%w: no confirm came: %w", driver.ErrOutcomeUnknown, ctx.Err())
	}
	switch {
	case confirm.Acked() && s.publishing.wasReturned(exchange, key, id):
		return fmt.Errorf("%w: no queue is bound to exchange %s with key %s", driver.ErrUnavailable, exchange, key)
	case confirm.Acked():
		return nil
	case s.publishing.channel.IsClosed(): // this, too, ends all waiting confirms
		return fmt.Errorf("%w: the connection was lost before the confirm", driver.ErrOutcomeUnknown)
	}
	return fmt.Errorf("%w: the server refused the message", driver.ErrUnavailable)
}

// wasReturned reports whether a confirmed message came back as unroutable. A
// return always comes before its confirm. Equal messages in flight at once are
// exchangeable, so they need not be told apart.
func (p *publishing) wasReturned(exchange, key, id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for waiting := true; waiting; {
		select {
		case r, ok := <-p.returns:
			if waiting = ok; ok {
				p.returned[address(r.Exchange, r.RoutingKey, r.MessageId)]++
			}
		default:
			waiting = false
		}
	}
	at := address(exchange, key, id)
	if p.returned[at] == 0 {
		return false
	}
	if p.returned[at]--; p.returned[at] == 0 {
		delete(p.returned, at)
	}
	return true
}

func address(exchange, key, id string) string { return exchange + "\x00" + key + "\x00" + id }
