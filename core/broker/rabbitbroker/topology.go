package rabbitbroker

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Exchanges, all direct and durable.
const (
	exchangeJobs  = "studycast.jobs"  // key: the work queue
	exchangeRetry = "studycast.retry" // key: the work queue, a dot, the delay in ms
	exchangeDead  = "studycast.dead"  // key: the work queue
)

const (
	// workLimit is how many hand-outs without an answer a message survives; it
	// is the net under the attempts that the worker counts. Lost connections
	// count too, so it is far above these.
	workLimit = 8
	// deadLimit must be set: servers from 4.0 on delete a dead letter that was
	// looked at more than 20 times, and "no limit" means none on some versions
	// and "lose it at once" on others.
	deadLimit = 1_000_000
)

// queueSpec is one queue on the server and its only binding.
type queueSpec struct {
	name, exchange, key string
	arguments           amqp.Table
}

// retryKey is the routing key of a delay.
func retryKey(queue string, delay time.Duration) string {
	return queue + "." + strconv.FormatInt(delay.Milliseconds(), 10)
}

// retryQueue holds the delay in its name, because the delay of a queue that
// exists can't be changed.
func retryQueue(queue string, delay time.Duration) string {
	return queue + ".retry." + strconv.FormatInt(delay.Milliseconds(), 10)
}

// specs lists the queues of a work queue. The dead queue is the first, so that
// a dead letter never finds none.
func specs(q driver.Queue) []queueSpec {
	list := []queueSpec{
		{driver.DeadQueue(q.Name), exchangeDead, q.Name, amqp.Table{
			amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": int64(deadLimit),
		}},
		{q.Name, exchangeJobs, q.Name, safeDeadLettering(exchangeDead, q.Name, amqp.Table{
			"x-delivery-limit": int64(workLimit),
		})},
	}
	for _, d := range q.Delays {
		list = append(list, queueSpec{
			retryQueue(q.Name, d), exchangeRetry, retryKey(q.Name, d),
			safeDeadLettering(exchangeJobs, q.Name, amqp.Table{"x-message-ttl": d.Milliseconds()}),
		})
	}
	return list
}

// safeDeadLettering adds the arguments under which a message that leaves the
// queue is kept until it has arrived. Without them every message whose delay
// ends while the server is down is lost.
func safeDeadLettering(exchange, key string, t amqp.Table) amqp.Table {
	t[amqp.QueueTypeArg] = amqp.QueueTypeQuorum
	t["x-dead-letter-exchange"] = exchange
	t["x-dead-letter-routing-key"] = key
	t["x-dead-letter-strategy"] = "at-least-once"
	t["x-overflow"] = "reject-publish"
	return t
}

// prepare makes or verifies the queues, on a channel that a refusal may close.
func (b *Broker) prepare(s *session, queues []driver.Queue) error {
	b.declaring.Lock()
	defer b.declaring.Unlock()
	for _, name := range []string{exchangeDead, exchangeJobs, exchangeRetry} {
		if err := s.once(func(ch *amqp.Channel) error { return b.exchange(ch, name) }); err != nil {
			return b.misfit("exchange", name, err)
		}
	}
	for _, q := range queues {
		for _, spec := range specs(q) {
			if err := s.once(func(ch *amqp.Channel) error { return b.queue(ch, spec) }); err != nil {
				return b.misfit("queue", spec.name, err)
			}
		}
	}
	return nil
}

func (b *Broker) exchange(ch *amqp.Channel, name string) error {
	if b.options.Topology == Verify {
		return ch.ExchangeDeclarePassive(name, amqp.ExchangeDirect, true, false, false, false, nil)
	}
	return ch.ExchangeDeclare(name, amqp.ExchangeDirect, true, false, false, false, nil)
}

func (b *Broker) queue(ch *amqp.Channel, spec queueSpec) error {
	if b.options.Topology == Verify {
		_, err := ch.QueueDeclarePassive(spec.name, true, false, false, false, nil)
		return err
	}
	if _, err := ch.QueueDeclare(spec.name, true, false, false, false, spec.arguments); err != nil {
		return err
	}
	return ch.QueueBind(spec.name, spec.key, spec.exchange, false, nil)
}

// misfit makes an answer of the server that no retry can change an ErrTopology.
func (b *Broker) misfit(what, name string, err error) error {
	var answer *amqp.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case amqp.PreconditionFailed: // the reason names the argument and both values
		return fmt.Errorf("%w: %s %q exists with other arguments: %s; empty it and delete it on the server, "+
			"then start again", ErrTopology, what, name, answer.Reason)
	case amqp.NotFound:
		return fmt.Errorf("%w: %s %q is missing: %s; make it on the server, or let this program declare it",
			ErrTopology, what, name, answer.Reason)
	case amqp.AccessRefused:
		return fmt.Errorf("%w: the server's user may not use %s %q: %s", ErrTopology, what, name, answer.Reason)
	}
	return fmt.Errorf("prepare %s %q: %w", what, name, err)
}
