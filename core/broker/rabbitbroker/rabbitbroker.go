// Package rabbitbroker keeps queues on a RabbitMQ server, 3.10 or later, shared
// by any number of processes. Messages are on quorum queues; a delay is a queue
// of its own, so only the delays of the topology exist.
//
// Publishing, counting and each consumer have a connection of their own, which
// is rebuilt for ever when it ends. A delivery belongs to the connection that
// brought it: when that ends, the server gives the message to somebody else,
// and settling it here is driver.ErrLost.
package rabbitbroker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

// MaxBody is the largest body in bytes. The server would take more, but large
// input is passed by reference.
const MaxBody = 1 << 20

// Mode says who makes the topology.
type Mode int

const (
	// Declare makes what is missing, on every new connection.
	Declare Mode = iota
	// Verify makes nothing: a missing exchange or queue is ErrTopology. For
	// users of the server without the right to configure.
	Verify
)

// ErrTopology: an exchange or queue on the server is missing or is not what
// this version needs; a human has to decide.
var ErrTopology = errors.New("topology of the broker doesn't fit")

// Options of a Broker; the zero value is good.
type Options struct {
	Logger *slog.Logger // nil = discard
	// Name of this program, shown in the server's list of connections.
	Name string
	// TLS for amqps addresses, with client certificates if wanted; nil = the
	// system's roots.
	TLS      *tls.Config
	Topology Mode
	// Timeout bounds each call to the server and each wait for a confirm;
	// 0 = 10 s.
	Timeout time.Duration
	// MaxBackoff is the longest pause between two attempts to connect;
	// 0 = 10 s.
	MaxBackoff time.Duration
}

// Broker is an adapter to one RabbitMQ server or cluster. It is safe for
// concurrent use.
type Broker struct {
	addresses []string
	options   Options
	work      map[string]driver.Queue // by name
	levels    []time.Duration
	ctx       context.Context // ends when the broker is closed
	end       context.CancelFunc
	publisher *link
	control   *link
	declaring sync.Mutex

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
		b.levels = append(b.levels, q.Delays...)
	}
	b.levels = levelsOf(b.levels)
	b.ctx, b.end = context.WithCancel(context.Background())
	b.control = newLink(b, "control", func(s *session) error { return b.prepare(s, queues) }, nil)
	b.publisher = newLink(b, "publish", (*session).openPublishing, nil)
	if err := b.start(ctx); err != nil {
		_ = b.Close(ctx) // the error of the start says more
		return nil, err
	}
	return b, nil
}

// start waits for the first attempt of both connections.
func (b *Broker) start(ctx context.Context) error {
	for _, l := range []*link{b.control, b.publisher} {
		l.start()
		if err := l.attempted(ctx); errors.Is(err, ErrTopology) || (err != nil && ctx.Err() != nil) {
			return err
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		o.Name = "studycast"
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBackoff == 0 {
		o.MaxBackoff = 10 * time.Second
	}
	return o
}

// Caps implements driver.Broker. Delays are those of all queues together; a
// delay longer than the last of its own queue is refused.
func (b *Broker) Caps() driver.Caps {
	return driver.Caps{
		Name: "rabbitmq", Durable: true, Distributed: true, MaxBody: MaxBody, Delays: slices.Clone(b.levels),
	}
}

// Ready reports nil when messages can be published now, or why not.
func (b *Broker) Ready() error {
	s, err := b.publisher.current()
	if err != nil {
		return err
	}
	return s.refuses()
}

// Subscribe implements driver.Broker. It waits for the first attempt to
// consume; when that fails the consumer goes on trying.
func (b *Broker) Subscribe(
	ctx context.Context, queue string, prefetch int, deliver func(driver.Delivery),
) (driver.Consumer, error) {
	q, dead, ok := b.find(queue)
	if !ok {
		if b.ctx.Err() != nil {
			return nil, driver.ErrClosed
		}
		return nil, driver.ErrUnknownQueue
	}
	c := newConsumer(b, q, dead, prefetch, deliver)
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

// find returns the work queue to which a name belongs, and whether the name is
// that of its dead queue.
func (b *Broker) find(name string) (q driver.Queue, dead, ok bool) {
	if q, ok = b.work[name]; ok {
		return q, false, true
	}
	for _, q := range b.work {
		if driver.DeadQueue(q.Name) == name {
			return q, true, true
		}
	}
	return driver.Queue{}, false, false
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
	return nil
}

// levelsOf returns the distinct delays in rising order, in whole milliseconds:
// the server knows no finer ones.
func levelsOf(delays []time.Duration) []time.Duration {
	var levels []time.Duration
	for _, d := range delays {
		if d > 0 {
			levels = append(levels, (d + time.Millisecond - 1).Truncate(time.Millisecond))
		}
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

var errDelay = errors.New("delay is longer than the last level of the queue")

// level rounds d up to the next level of q; 0 = no delay.
func level(q driver.Queue, d time.Duration) (time.Duration, error) {
	if d <= 0 {
		return 0, nil
	}
	for _, l := range q.Delays {
		if d <= l {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%w %s: %v", errDelay, q.Name, d)
}
