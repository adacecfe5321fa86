// Package membroker keeps queues in the memory of one process. It is the
// reference of what an adapter does, and good for tests; nothing survives the
// process.
package membroker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

// DefaultMaxBody is the largest body in bytes when Options don't say.
const DefaultMaxBody = 1 << 20

// Options of a Broker; the zero value is good.
type Options struct {
	Now     func() time.Time // nil = time.Now
	MaxBody int              // bytes; 0 = DefaultMaxBody
	// Levels makes the broker know only these delays, in rising order, like
	// one with a delay queue each; other delays are rounded up to the next
	// level, longer ones refused. nil = any delay.
	Levels []time.Duration
}

// Broker keeps queues in memory. It is safe for concurrent use.
type Broker struct {
	options Options
	lines   map[string]*line
	seq     atomic.Int64
	closed  atomic.Bool
}

var _ driver.Broker = (*Broker)(nil)

// line is a work queue or a dead queue.
type line struct {
	*dispatch.Queue
	name string
	dead *line // nil for a dead queue
}

// New returns an empty Broker with the given queues and their dead queues.
func New(queues []driver.Queue, o Options) *Broker {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	b := &Broker{options: o, lines: make(map[string]*line, 2*len(queues))}
	for _, q := range queues {
		dead := &line{Queue: dispatch.New(o.Now), name: driver.DeadQueue(q.Name)}
		b.lines[dead.name] = dead
		b.lines[q.Name] = &line{Queue: dispatch.New(o.Now), name: q.Name, dead: dead}
	}
	return b
}

// Caps implements driver.Broker.
func (b *Broker) Caps() driver.Caps {
	return driver.Caps{Name: "memory", MaxBody: b.options.MaxBody, Delays: slices.Clone(b.options.Levels)}
}

// Publish implements driver.Broker.
func (b *Broker) Publish(ctx context.Context, queue string, m driver.Message) error {
	l, err := b.workQueue(queue)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	place, delayed := l.PlaceAt(m.NotBefore)
	if delayed && b.options.Levels != nil {
		wait, err := b.level(m.NotBefore.Sub(b.options.Now()))
		if err != nil {
			return err
		}
		place, delayed = l.PlaceAfter(wait)
	}
	m = clone(m)
	l.Add(&dispatch.Item{Seq: b.seq.Add(1), Place: place, Delayed: delayed, Message: &m})
	return nil
}

// Subscribe implements driver.Broker.
func (b *Broker) Subscribe(
	_ context.Context, queue string, prefetch int, deliver func(driver.Delivery),
) (driver.Consumer, error) {
	if b.closed.Load() {
		return nil, driver.ErrClosed
	}
	l, ok := b.lines[queue]
	if !ok {
		return nil, driver.ErrUnknownQueue
	}
	open := func(h *dispatch.Hold) (driver.Delivery, error) {
		return driver.Delivery{
			Message:    clone(*h.Item.Message),
			Count:      h.Item.Count,
			EnqueuedAt: time.UnixMicro(h.Item.Place).UTC(),
			Settler:    &settler{broker: b, line: l, hold: h},
		}, nil
	}
	c, err := l.Subscribe(prefetch, open, deliver)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Depth implements driver.Broker.
func (b *Broker) Depth(_ context.Context, queue string) (driver.Depth, error) {
	l, err := b.workQueue(queue)
	if err != nil {
		return driver.Depth{}, err
	}
	d, dead := l.Depth(), l.dead.Depth()
	d.Dead = dead.Ready + dead.InFlight
	return d, nil
}

// Close implements driver.Broker.
func (b *Broker) Close(context.Context) error {
	b.closed.Store(true)
	for _, l := range b.lines {
		l.Close()
	}
	return nil
}

func (b *Broker) workQueue(name string) (*line, error) {
	if b.closed.Load() {
		return nil, driver.ErrClosed
	}
	l, ok := b.lines[name]
	if !ok || l.dead == nil {
		return nil, driver.ErrUnknownQueue
	}
	return l, nil
}

var errDelay = fmt.Errorf("%w: delay is longer than the last level", driver.ErrInvalid)

// level rounds d up to the next level.
func (b *Broker) level(d time.Duration) (time.Duration, error) {
	if b.options.Levels == nil || d <= 0 {
		return d, nil
	}
	for _, level := range b.options.Levels {
		if d <= level {
			return level, nil
		}
	}
	return 0, fmt.Errorf("%w: %v", errDelay, d)
}

// clone makes a message that shares no memory with its caller's.
func clone(m driver.Message) driver.Message {
	m.Headers = maps.Clone(m.Headers)
	m.Body = slices.Clone(m.Body)
	return m
}
