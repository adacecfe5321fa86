package rabbitbroker

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Examiner looks at a server for an operator. It makes nothing that programs
// use and sends nothing that they see: what it needs are queues and exchanges
// of its own, which end with it, or soon after it when it is killed. It is safe
// for concurrent use.
type Examiner struct {
	broker *Broker // never opened: options and topology
	server Server
	// address is the one that was taken. Questions go over control; what is
	// published has a connection of its own for each question, because a server
	// that refuses one message ends it for all.
	address string
	control *session
}

// Server is what a server says of itself.
type Server struct {
	Product, Version string
	Cluster          string // its name
	Host, Vhost      string
	// Away are the addresses that were given and can't be used, with why.
	Away []error
}

// ErrRefused: a server answers and does not let us in.
var ErrRefused = errRefused

// ErrRights: the user may not do on the server what the question needs.
var ErrRights = errors.New("the user may not make queues of its own")

// Examine connects to the first of the addresses that lets us in, and tries the
// others. Errors are those of Open; a server that doesn't answer is one here.
// ctx bounds only the start.
func Examine(ctx context.Context, addresses []string, queues []driver.Queue, o Options) (*Examiner, error) {
	if err := checkAddresses(addresses); err != nil {
		return nil, err
	}
	b := &Broker{addresses: addresses, options: o.withDefaults(), topology: topologyOf(queues)}
	b.ctx, b.end = context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, b.end)
	defer stop()
	e := &Examiner{broker: b}
	var away []error
	for _, address := range addresses {
		if err := e.try(address); err != nil {
			away = append(away, fmt.Errorf("%s: %w", hostOf(address), err))
		}
	}
	if e.control == nil {
		b.end()
		return nil, errors.Join(away...)
	}
	e.server.Away = away
	return e, nil
}

// try connects to one address and keeps the connection when it is the first.
func (e *Examiner) try(address string) error {
	control, err := e.broker.dial(address, "examine")
	if err != nil {
		return err
	}
	if e.control != nil {
		control.close()
		return nil
	}
	uri, err := amqp.ParseURI(address)
	if err != nil {
		return err // checked before
	}
	e.control, e.address = control, address
	text := func(name string) string {
		s, _ := control.conn.Properties[name].(string)
		return s
	}
	e.server = Server{
		Product: text("product"), Version: text("version"), Cluster: text("cluster_name"),
		Host: hostOf(address), Vhost: uri.Vhost,
	}
	return nil
}

// Close ends the connection.
func (e *Examiner) Close() {
	e.control.close()
	e.broker.end()
}

// Server returns what the server says of itself.
func (e *Examiner) Server() Server { return e.server }

// Misfits compares every exchange and queue with what the programs need, and
// returns all that are missing or differ, as errors that are a *Misfit where
// the server's answer was clear. compared is false when the user may not
// configure, so that the server keeps the arguments to itself. Bindings can't
// be asked for: see Definitions.
func (e *Examiner) Misfits() (wrong []error, compared bool, err error) {
	compared = true
	check := func(what, name string, exists, equal func(ch *amqp.Channel) error) {
		if found := e.control.once(exists); found != nil {
			wrong = append(wrong, e.broker.misfit(what, name, found))
			return
		}
		if !compared {
			return
		}
		found := e.control.once(equal)
		if codeOf(found) == amqp.AccessRefused {
			compared = false
		} else if found != nil {
			wrong = append(wrong, e.broker.misfit(what, name, found))
		}
	}
	for _, x := range e.broker.topology.exchanges {
		check("exchange", x.name, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclarePassive(x.name, x.kind, true, false, false, false, nil)
		}, x.declare)
	}
	for _, q := range e.broker.topology.queues {
		check("queue", q.name, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclarePassive(q.name, true, false, false, false, nil)
			return err
		}, q.declare)
	}
	if e.control.ended() { // what was found says nothing then
		return nil, false, fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
	}
	return wrong, compared, nil
}
