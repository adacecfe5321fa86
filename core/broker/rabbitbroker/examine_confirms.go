package rabbitbroker

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Confirms proves on a queue and an exchange of its own that the server confirms
// a message, has it then, and gives one back for which there is no queue.
// ErrRights when the user may not make those.
func (e *Examiner) Confirms(ctx context.Context) (err error) {
	if err := e.capable(); err != nil {
		return err
	}
	p, err := e.newProbe()
	defer p.end(&err)
	if err != nil {
		return err
	}
	exchange := p.name + ".exchange"
	err = p.do(func(ch *amqp.Channel) error {
		if err := ch.ExchangeDeclare(exchange, amqp.ExchangeDirect, false, true, false, false, nil); err != nil {
			return err
		}
		return ch.QueueBind(p.name, p.name, exchange, false, nil)
	})
	if err != nil {
		return err
	}
	if err := p.send(ctx, exchange, "nobody", probeWait); !errors.Is(err, driver.ErrUnroutable) {
		return fmt.Errorf("a message for which there is no queue was not given back: %w", orNot(err))
	}
	if err := p.send(ctx, exchange, p.name, probeWait); err != nil {
		return fmt.Errorf("a message was not confirmed: %w", err)
	}
	if _, err := p.next(ctx, probeWait); err != nil {
		return fmt.Errorf("a message was confirmed and is not in its queue: %w", err)
	}
	return nil
}

// orNot makes an error of a success that should have been one.
func orNot(err error) error {
	if err == nil {
		return errors.New("the server says that it has it")
	}
	return err
}

// capable asks the server for what the client's side of the protocol needs.
func (e *Examiner) capable() error {
	can, _ := e.control.conn.Properties["capabilities"].(amqp.Table)
	for _, name := range []string{"publisher_confirms", "basic.nack", "consumer_cancel_notify", "connection.blocked"} {
		if has, _ := can[name].(bool); !has {
			return fmt.Errorf("the server lacks %s", name)
		}
	}
	return nil
}
