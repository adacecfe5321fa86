package rabbitbroker

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Depth implements driver.Broker. The server tells only what is ready, so
// InFlight, and what is in hand of the dead queue, count this Broker's
// consumers alone; OldestAge is not known. For half a second after a restart
// the server counts too few.
func (b *Broker) Depth(ctx context.Context, queue string) (driver.Depth, error) {
	q, err := b.workQueue(queue)
	if err != nil {
		return driver.Depth{}, err
	}
	s, err := b.control.await(ctx, patience)
	if err != nil {
		return driver.Depth{}, err
	}
	var d driver.Depth
	cut := context.AfterFunc(ctx, s.kill)
	err = s.once(func(ch *amqp.Channel) error { return count(ch, q, &d) })
	cut()
	switch {
	case errors.Is(err, amqp.ErrClosed):
		return driver.Depth{}, fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
	case err != nil:
		return driver.Depth{}, b.misfit("queue", queue, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.consumers {
		switch {
		case c.work == nil || c.work.Name != queue:
		case c.dead:
			d.Dead += c.inHand()
		default:
			d.InFlight += c.inHand()
		}
	}
	return d, nil
}

func count(ch *amqp.Channel, q driver.Queue, d *driver.Depth) error {
	for _, spec := range specs(q) {
		found, err := ch.QueueDeclarePassive(spec.name, true, false, false, false, nil)
		if err != nil {
			return err
		}
		switch spec.exchange {
		case exchangeJobs:
			d.Ready, d.Consumers = found.Messages, found.Consumers
		case exchangeRetry:
			d.Delayed += found.Messages
		case exchangeDead:
			d.Dead = found.Messages
		}
	}
	return nil
}
