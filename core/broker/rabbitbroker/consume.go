package rabbitbroker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// stopLimit bounds the server's answer to the end of a subscription.
const stopLimit = 800 * time.Millisecond

// consumer is a subscription; its link brings one session after the other.
type consumer struct {
	broker   *Broker
	name     string        // of the queue
	work     *driver.Queue // to which the queue belongs; nil = none
	dead     bool          // the queue is of dead letters
	prefetch int
	deliver  func(driver.Delivery)
	link     *link
	stop     sync.Once
	shutting sync.Once
	received atomic.Int64 // deliveries of all sessions

	handing sync.Mutex // held by a call of deliver

	mu      sync.Mutex
	stopped bool
	closing bool
	holds   map[*hold]struct{} // handed out, not settled
}

var _ driver.Consumer = (*consumer)(nil)

func newConsumer(b *Broker, name string, work *driver.Queue) *consumer {
	c := &consumer{
		broker: b, name: name, work: work, dead: work == nil || name != work.Name, holds: make(map[*hold]struct{}),
	}
	c.link = newLink(b, "consume "+name, c.open, c.serve)
	return c
}

// tag names the subscription; a session has only one.
const tag = "studycast"

// open begins to consume.
func (c *consumer) open(s *session) error {
	var needs []driver.Queue
	if c.work != nil {
		needs = append(needs, *c.work)
	}
	if err := c.broker.prepare(s, topologyOf(needs)); err != nil {
		return err
	}
	return s.call(s.timeout, func() error {
		ch, err := s.conn.Channel()
		if err != nil {
			return err
		}
		s.channel = ch
		s.endsWith(ch)
		if err := ch.Qos(c.prefetch, 0, false); err != nil {
			return err
		}
		s.deliveries, err = ch.Consume(c.name, tag, false, false, false, false, nil)
		return err
	})
}

// serve hands out what a session brings until it ends.
func (c *consumer) serve(s *session) {
	end := context.AfterFunc(c.link.ctx, s.close)
	defer end()
	go c.watch(s)
	for d := range s.deliveries {
		c.received.Add(1)
		c.hand(s, d)
	}
	if c.isStopped() { // what was handed out can still be settled
		<-s.done
		c.link.end()
	}
	// Without a stop this is a lost session, or a queue that was deleted under
	// a connection that looks healthy.
	s.kill()
	c.loseAll()
}

func (c *consumer) hand(s *session, d amqp.Delivery) {
	c.handing.Lock()
	defer c.handing.Unlock()
	if stopped, closing := c.state(); closing { // it goes back with the others, in order
		c.keep(&hold{consumer: c, session: s, tag: d.DeliveryTag})
		return
	} else if stopped {
		if err := s.call(s.timeout, func() error { return s.channel.Nack(d.DeliveryTag, false, true) }); err != nil {
			s.kill()
		}
		return
	}
	m, published := decode(d)
	if c.dead {
		explain(&m, d, c.name)
	}
	h := &hold{
		consumer: c, session: s, tag: d.DeliveryTag, message: m, published: published, spent: max(handedOut(d)-1, 0),
		from: driver.Origin{Queue: c.name, Exchange: d.Exchange, Key: d.RoutingKey},
	}
	c.keep(h)
	c.deliver(driver.Delivery{Message: clone(m), Count: handedOut(d), EnqueuedAt: published, Settler: h})
}

func (c *consumer) keep(h *hold) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds[h] = struct{}{}
}

func (c *consumer) state() (stopped, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped, c.closing
}

func (c *consumer) isStopped() bool {
	stopped, _ := c.state()
	return stopped
}

func (c *consumer) inHand() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.holds)
}

// loseAll forgets what is in hand; the server gives it back in order when the
// session has ended.
func (c *consumer) loseAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for h := range c.holds {
		if h.state == held { // one that is being settled finds out by itself
			h.state = lost
		}
	}
	clear(c.holds)
}

// Ready implements driver.Consumer.
func (c *consumer) Ready() bool {
	_, err := c.link.current()
	return err == nil && !c.isStopped()
}

// Stop implements driver.Consumer.
func (c *consumer) Stop() {
	c.stop.Do(func() {
		c.halt()
		s, err := c.link.current()
		if err != nil || c.inHand() == 0 {
			c.link.end() // nothing is left to settle
			return
		}
		// What the server sends while it handles this is not seen any more and
		// goes back with the end of the session.
		if err := s.call(stopLimit, func() error { return s.channel.Cancel(tag, false) }); err != nil {
			s.kill()
		}
	})
}

// halt ends the handing out and waits for a call of deliver that has begun.
func (c *consumer) halt() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.handing.Lock()
	defer c.handing.Unlock()
}

// Close implements driver.Consumer.
func (c *consumer) Close() error {
	c.shut()
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	delete(c.broker.consumers, c)
	return nil
}

// shut ends the session without giving anything back before: only all together
// do the messages keep their order.
func (c *consumer) shut() {
	c.shutting.Do(func() {
		c.mu.Lock()
		c.closing = true
		c.mu.Unlock()
		c.halt()
		c.stop.Do(func() {}) // a later Stop has nothing to do
		c.loseAll()
		c.link.close()
	})
}
