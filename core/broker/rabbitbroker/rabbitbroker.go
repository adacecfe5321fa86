// Package rabbitbroker keeps queues on a RabbitMQ server, 3.10 or later, shared
// by any number of processes. Messages are on quorum queues; a delay is a queue
// of its own, so only the delays of the topology exist.
//
// Publishing, counting and each consumer have a connection of their own, which
// is rebuilt for ever when it ends. A delivery belongs to the connection that
// brought it: when that ends, the server gives the message to somebody else,
// and settling it here is driver.ErrLost.
//
// A message that finds no queue is never dropped: its publisher gets an error,
// and what the server itself moves is kept in the queue Unroutable.
package rabbitbroker

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// Broker is an adapter to one RabbitMQ server or cluster. It is safe for
// concurrent use.
type Broker struct {
	addresses []string
	options   Options
	work      map[string]driver.Queue // by name
	levels    []time.Duration
	topology  topology
	ctx       context.Context // ends when the broker is closed
	end       context.CancelFunc
	publisher *link
	control   *link
	declaring sync.Mutex
	healing   atomic.Bool
	beside    sync.WaitGroup // goroutines that no link has

	reconnects atomic.Int64

	mu        sync.Mutex
	closed    bool
	consumers map[*consumer]struct{}
}

var _ driver.Broker = (*Broker)(nil)

// Open connects to the first of the addresses that answers, as
// amqp://user:password@host:port/vhost or amqps, and makes or verifies the
// topology. A server that doesn't answer is no error: the broker goes on
// trying until Close. Errors: an address that can't be read, and ErrTopology.
// No error ever contains an address's password. ctx bounds only the start.
func Open(ctx context.Context, addresses []string, queues []driver.Queue, o Options) (*Broker, error) {
	if err := checkAddresses(addresses); err != nil {
		return nil, err
	}
	b := &Broker{
		addresses: slices.Clone(addresses), options: o.withDefaults(),
		work: make(map[string]driver.Queue, len(queues)), consumers: make(map[*consumer]struct{}),
	}
	for _, q := range queues {
		q.Delays = levelsOf(q.Delays)
		b.work[q.Name] = q
	}
	b.levels = levelsOfAll(b.work)
	b.topology = topologyOf(queues)
	b.ctx, b.end = context.WithCancel(context.Background())
	b.control = newLink(b, "control", func(s *session) error { return b.prepare(s, b.topology) }, nil)
	b.publisher = newLink(b, "publish", func(s *session) error {
		if err := b.prepare(s, b.topology); err != nil { // it may come before the other
			return err
		}
		return s.openPublishing()
	}, nil)
	if err := b.start(ctx); err != nil {
		_ = b.Close(ctx) // the error of the start says more
		return nil, err
	}
	return b, nil
}

// start waits for the first attempt of both connections.
func (b *Broker) start(ctx context.Context) error {
	b.control.start()
	b.publisher.start()
	for _, l := range []*link{b.control, b.publisher} {
		if err := l.attempted(ctx); errors.Is(err, ErrTopology) || (err != nil && ctx.Err() != nil) {
			return err
		}
	}
	return nil
}

// Caps implements driver.Broker. Delays are those of all queues together, up to
// the longest that each can hold.
func (b *Broker) Caps() driver.Caps {
	return driver.Caps{
		Name: "rabbitmq", Durable: true, Distributed: true, MaxBody: MaxBody, Delays: slices.Clone(b.levels),
		Unroutable: Unroutable, OwnDepth: true,
	}
}

// Ready reports nil when messages can be published now, or why not: no
// connection, a login that is refused, a server that takes no messages, a
// topology that doesn't fit.
func (b *Broker) Ready() error {
	s, err := b.publisher.current()
	if err != nil {
		return err
	}
	return s.refuses()
}

// Reconnects counts the connections that were made anew after one was lost.
func (b *Broker) Reconnects() int { return int(b.reconnects.Load()) }

// Subscribe implements driver.Broker. It waits for the first attempt to
// consume; when that fails the consumer goes on trying.
func (b *Broker) Subscribe(
	ctx context.Context, queue string, prefetch int, deliver func(driver.Delivery),
) (driver.Consumer, error) {
	c, ok := b.find(queue)
	if !ok {
		if b.ctx.Err() != nil {
			return nil, driver.ErrClosed
		}
		return nil, driver.ErrUnknownQueue
	}
	c.prefetch, c.deliver = min(max(prefetch, 1), math.MaxUint16), deliver
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, driver.ErrClosed
	}
	b.consumers[c] = struct{}{}
	c.link.start()
	b.mu.Unlock()
	if err := c.link.attempted(ctx); errors.Is(err, ErrTopology) || (err != nil && ctx.Err() != nil) {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// find returns a consumer of the work queue, the dead queue or the queue of
// what is unroutable that has this name.
func (b *Broker) find(name string) (c *consumer, ok bool) {
	if name == Unroutable {
		return newConsumer(b, name, nil), true
	}
	for _, q := range b.work {
		if name == q.Name || name == driver.DeadQueue(q.Name) {
			return newConsumer(b, name, &q), true
		}
	}
	return nil, false
}

func (b *Broker) workQueue(name string) (driver.Queue, error) {
	if b.ctx.Err() != nil {
		return driver.Queue{}, driver.ErrClosed
	}
	q, ok := b.work[name]
	if !ok {
		return driver.Queue{}, driver.ErrUnknownQueue
	}
	return q, nil
}

// Close implements driver.Broker. It takes a few seconds at most, also when
// the server doesn't answer.
func (b *Broker) Close(context.Context) error {
	b.mu.Lock()
	b.closed = true
	open := b.consumers
	b.consumers = nil
	b.mu.Unlock()
	var closing sync.WaitGroup
	for c := range open {
		closing.Go(c.shut)
	}
	closing.Wait()
	b.end()
	b.publisher.close()
	b.control.close()
	b.beside.Wait()
	return nil
}
