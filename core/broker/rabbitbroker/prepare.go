package rabbitbroker

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// prepare makes or verifies the topology, each part on a channel that a refusal
// may close.
func (b *Broker) prepare(s *session, t topology) error {
	b.declaring.Lock()
	defer b.declaring.Unlock()
	if b.options.Topology == Verify {
		return b.verify(s, t)
	}
	for _, x := range t.exchanges {
		if err := s.once(x.declare); err != nil {
			return b.misfit("exchange", x.name, err)
		}
	}
	for _, q := range t.queues {
		err := s.once(func(ch *amqp.Channel) error {
			if err := q.declare(ch); err != nil {
				return err
			}
			return q.bind(ch)
		})
		if err != nil {
			return b.misfit("queue", q.name, err)
		}
	}
	return nil
}

func (x exchangeSpec) declare(ch *amqp.Channel) error {
	return ch.ExchangeDeclare(x.name, x.kind, true, false, false, false, x.arguments)
}

func (q queueSpec) declare(ch *amqp.Channel) error {
	_, err := ch.QueueDeclare(q.name, true, false, false, false, q.arguments)
	return err
}

func (q queueSpec) bind(ch *amqp.Channel) error {
	for _, to := range q.bindings {
		if err := ch.QueueBind(q.name, to.key, q.exchange, false, to.arguments); err != nil {
			return err
		}
	}
	return nil
}

// verify looks whether everything is there and, as far as the user may know,
// as it must be. The server compares arguments only for users who may
// configure, by an equal declaration; for others it checks the right first and
// says nothing of arguments. Bindings can't be looked at by anybody without
// leaving a message behind: one that is missing is told by the first publish
// that needs it.
func (b *Broker) verify(s *session, t topology) error {
	compare := true
	check := func(what, name string, exists, equal func(ch *amqp.Channel) error) error {
		if err := s.once(exists); err != nil {
			return b.misfit(what, name, err)
		}
		if !compare {
			return nil
		}
		err := s.once(equal)
		if codeOf(err) == amqp.AccessRefused {
			compare = false
			b.options.Logger.Info("The arguments of the broker's queues can't be compared: "+
				"the user may not configure them. They are as the definitions made them.", "queue", name)
			return nil
		}
		if err != nil {
			return b.misfit(what, name, err)
		}
		return nil
	}
	for _, x := range t.exchanges {
		err := check("exchange", x.name, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclarePassive(x.name, x.kind, true, false, false, false, nil)
		}, x.declare)
		if err != nil {
			return err
		}
	}
	for _, q := range t.queues {
		err := check("queue", q.name, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclarePassive(q.name, true, false, false, false, nil)
			return err
		}, q.declare)
		if err != nil {
			return err
		}
	}
	return nil
}

// healPause is between two attempts to make a topology again.
const healPause = time.Second

// heal makes the topology again after a message found no queue, if that is our
// task. It runs beside the publish that failed.
func (b *Broker) heal() {
	if b.options.Topology == Verify || !b.healing.CompareAndSwap(false, true) {
		return
	}
	b.beside.Go(func() {
		defer b.healing.Store(false)
		s, err := b.control.current()
		if err == nil {
			err = b.prepare(s, b.topology)
		}
		if err == nil {
			b.options.Logger.Warn("A message found no queue; the broker's topology was made again.")
			return
		}
		b.options.Logger.Warn("A message found no queue, and the broker's topology can't be made again.", "error", err)
		rest(b.ctx, healPause)
	})
}
