package rabbitbroker

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Trip is the way of one probe through a delay.
type Trip struct {
	Queue string        // the delay queue whose like was passed
	Delay time.Duration // what it should take
	Took  time.Duration // what it took; 0 = it was lost
}

// Delays sends a probe through the like of every delay queue up to the longest
// delay, all at once: a queue beside it with the same arguments, bound to the
// same exchange, whose messages return through the exchange of the jobs under a
// key that no worker knows. It takes as long as the longest delay, and
// 10 s more when a probe is lost. ErrRights when the user may not make queues.
func (e *Examiner) Delays(ctx context.Context, longest time.Duration) (trips []Trip, err error) {
	p, err := e.newProbe()
	defer p.end(&err)
	if err != nil {
		return nil, err
	}
	sent := map[string]time.Time{} // by key
	at := map[string]int{}         // in trips, by key
	for _, q := range e.broker.topology.queues {
		delay := delayOf(q)
		if delay == 0 || delay > longest {
			continue
		}
		key := p.name + "." + q.name
		at[key] = len(trips)
		trips = append(trips, Trip{Queue: q.name, Delay: delay})
		if err := p.departure(key, q.arguments, delay); err != nil {
			return nil, fmt.Errorf("the like of queue %q: %w", q.name, err)
		}
	}
	for key := range at {
		sent[key] = time.Now()
		if err := p.send(ctx, exchangeRetry, key, trips[at[key]].Delay+probeWait); err != nil {
			return nil, fmt.Errorf("send a probe through the like of queue %q: %w", trips[at[key]].Queue, err)
		}
	}
	return trips, p.collect(ctx, trips, at, sent)
}

// departure makes the like of a delay queue and the way back from it.
func (p *probe) departure(key string, like amqp.Table, delay time.Duration) error {
	err := p.do(func(ch *amqp.Channel) error { return ch.QueueBind(p.name, key, exchangeJobs, false, nil) })
	if err != nil {
		return err
	}
	return p.source(key, exchangeJobs, key, like, delay)
}

// collect takes what arrives until all have or the time is over.
func (p *probe) collect(ctx context.Context, trips []Trip, at map[string]int, sent map[string]time.Time) error {
	limit := probeWait
	for _, t := range trips {
		limit = max(limit, t.Delay+probeWait)
	}
	end := time.Now().Add(limit)
	for range trips {
		d, err := p.next(ctx, time.Until(end))
		if errors.Is(err, errNothingCame) { // what did not come has no time
			break
		}
		if err != nil {
			return err
		}
		trips[at[d.RoutingKey]].Took = time.Since(sent[d.RoutingKey])
	}
	return nil
}

// delayOf returns the delay of a delay queue, and 0 for another one.
func delayOf(q queueSpec) time.Duration {
	ms, _ := q.arguments["x-message-ttl"].(int64)
	return time.Duration(ms) * time.Millisecond
}

// Unroutable proves that each exchange gives a publisher's message back for
// which there is no queue, and, on the like of the alternate exchange, that
// what the server itself can put into no queue is kept. ErrRights when the user
// may not make exchanges and queues; giving back was proved even so.
func (e *Examiner) Unroutable(ctx context.Context) (err error) {
	p, err := e.newProbe()
	defer p.end(&err)
	if err != nil && !errors.Is(err, ErrRights) {
		return err
	}
	for _, x := range []string{exchangeJobs, exchangeRetry, exchangeDead} {
		if back := p.send(ctx, x, p.name+".nobody", probeWait); !errors.Is(back, driver.ErrUnroutable) {
			return fmt.Errorf("exchange %q did not give back a message for which there is no queue: %w", x, orNot(back))
		}
	}
	if err != nil {
		return err
	}
	source, lost := p.name+".source", p.name+".lost"
	if err := p.alternate(lost); err != nil {
		return fmt.Errorf("the like of exchange %q: %w", exchangeUnroutable, err)
	}
	if err := p.source(source, lost, "nobody", safeDeadLettering("", "", amqp.Table{}), time.Millisecond); err != nil {
		return fmt.Errorf("a queue for a probe: %w", err)
	}
	if err := p.send(ctx, exchangeRetry, source, probeWait); err != nil {
		return fmt.Errorf("send a probe: %w", err)
	}
	if _, err := p.next(ctx, probeWait); err != nil {
		return fmt.Errorf("a message that the server could put into no queue did not come to the alternate exchange: %w", err)
	}
	return nil
}

// alternate makes an exchange from which nothing can be routed and the like of
// its alternate exchange, both gone with the probe's first queue.
func (p *probe) alternate(lost string) error {
	alternate := p.name + ".alternate"
	return p.do(func(ch *amqp.Channel) error {
		if err := ch.ExchangeDeclare(alternate, amqp.ExchangeHeaders, false, true, false, false, nil); err != nil {
			return err
		}
		err := ch.ExchangeDeclare(lost, amqp.ExchangeDirect, false, true, false, false, amqp.Table{"alternate-exchange": alternate})
		if err != nil {
			return err
		}
		for _, b := range unroutable().bindings {
			if err := ch.QueueBind(p.name, b.key, alternate, false, b.arguments); err != nil {
				return err
			}
		}
		return ch.QueueBind(p.name, "somebody", lost, false, nil)
	})
}
