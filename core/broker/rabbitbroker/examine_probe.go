package rabbitbroker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

const (
	// probePrefix begins the names of what an Examiner makes.
	probePrefix = "studycast.probe."
	// probeExpires is how long a queue of an Examiner that was killed stays
	// beyond its use.
	probeExpires = time.Minute
	// probeWait is how long a probe may take beyond its delay before it counts
	// as lost.
	probeWait = 10 * time.Second
)

// probe is what one question makes on the server.
type probe struct {
	e         *Examiner
	name      string // begins all names, and is the queue that what comes back enters
	publisher *session
	refused   <-chan *amqp.Error // why the server ended the channel of the publisher
	channel   *amqp.Channel
	arrivals  <-chan amqp.Delivery
	undo      []func(*amqp.Channel) error
}

// newProbe makes the queue for what comes back; only this connection sees it.
// After ErrRights the probe can still send. End it in any case.
func (e *Examiner) newProbe() (*probe, error) {
	p := &probe{e: e, name: probePrefix + strings.ToLower(rand.Text()[:12])}
	publisher, err := e.broker.dial(e.address, "probe")
	if err != nil {
		return p, err
	}
	p.publisher = publisher
	if err := publisher.openPublishing(); err != nil {
		return p, err
	}
	p.refused = publisher.publishing.channel.NotifyClose(make(chan *amqp.Error, 1))
	err = e.control.call(e.control.timeout, func() (err error) {
		if p.channel, err = e.control.conn.Channel(); err != nil {
			return err
		}
		if _, err = p.channel.QueueDeclare(p.name, false, true, true, false, nil); err != nil {
			return err
		}
		p.arrivals, err = p.channel.Consume(p.name, "", true, true, false, false, nil)
		return err
	})
	return p, rights(err)
}

// rights names the refusal that a user of few rights meets.
func rights(err error) error {
	if codeOf(err) == amqp.AccessRefused {
		return fmt.Errorf("%w: %w", ErrRights, err)
	}
	return err
}

// do runs f on the channel of the probe.
func (p *probe) do(f func(*amqp.Channel) error) error {
	return rights(p.e.control.call(p.e.control.timeout, func() error { return f(p.channel) }))
}

// source makes a queue like one of the programs', whose messages go to exchange
// with key after the delay, and binds it to the exchange of delays by its name.
func (p *probe) source(name, exchange, key string, like amqp.Table, delay time.Duration) error {
	arguments := maps.Clone(like)
	arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"] = exchange, key
	arguments["x-message-ttl"] = delay.Milliseconds()
	arguments["x-expires"] = (delay + probeWait + probeExpires).Milliseconds()
	return p.do(func(ch *amqp.Channel) error {
		if _, err := ch.QueueDeclare(name, true, false, false, false, arguments); err != nil {
			return err
		}
		p.undo = append(p.undo, func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(name, false, false, false)
			return err
		})
		return ch.QueueBind(name, name, exchangeRetry, false, nil)
	})
}

// end removes everything. The channel takes the first queue along.
func (p *probe) end(err *error) {
	if p.publisher != nil {
		p.publisher.close()
	}
	if p.channel == nil {
		return
	}
	left := []error{p.e.control.call(p.e.control.timeout, p.channel.Close)}
	for _, undo := range slices.Backward(p.undo) {
		left = append(left, p.e.control.once(undo))
	}
	if _, gone := errors.AsType[*amqp.Error](*err); *err == nil || !gone {
		*err = errors.Join(append([]error{*err}, left...)...)
	}
}

// send stores a message; driver.ErrUnroutable when it came back, ErrRights when
// the user may not write there. One that a wrong binding leads astray goes by
// itself after its life.
func (p *probe) send(ctx context.Context, exchange, key string, life time.Duration) error {
	if err := p.publisher.refuses(); err != nil {
		return err
	}
	timer := time.NewTimer(p.publisher.timeout)
	defer timer.Stop()
	r := &request{
		exchange: exchange, key: key, written: make(chan struct{}), ctx: ctx, timer: timer.C,
		message: amqp.Publishing{
			MessageId: rand.Text(), DeliveryMode: amqp.Persistent, Body: []byte("probe"),
			Expiration: strconv.FormatInt(life.Milliseconds(), 10),
		},
	}
	if err := p.publisher.publishing.enter(r); err != nil {
		return err
	}
	defer p.publisher.publishing.leave()
	err := p.publisher.publishing.publish(r)
	if err == nil || errors.Is(err, driver.ErrUnroutable) {
		return err
	}
	select {
	case answer := <-p.refused:
		if answer != nil {
			return rights(answer)
		}
	default:
	}
	return err
}

var errNothingCame = errors.New("nothing came")

// next waits for something to come back.
func (p *probe) next(ctx context.Context, limit time.Duration) (amqp.Delivery, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case d, ok := <-p.arrivals:
		if !ok {
			return d, fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
		}
		return d, nil
	case <-timer.C:
		return amqp.Delivery{}, fmt.Errorf("%w within %v", errNothingCame, limit)
	case <-ctx.Done():
		return amqp.Delivery{}, ctx.Err()
	}
}
