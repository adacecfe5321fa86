package brokertest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
)

// broken is membroker with one mistake: whichever function is set takes the
// place of the right one.
type broken struct {
	driver.Broker
	caps      func(driver.Caps) driver.Caps
	publish   func(ctx context.Context, queue string, m driver.Message) error
	subscribe func(queue string, prefetch int, deliver func(driver.Delivery)) (driver.Consumer, error)
	deliver   func(queue string, d driver.Delivery, deliver func(driver.Delivery))
	consumer  func(c driver.Consumer) driver.Consumer
	depth     func(queue string) (driver.Depth, error)
	close     func() error

	// Mistakes in settling; each gets the right one.
	ack     func(s driver.Settler) error
	retry   func(s driver.Settler, after time.Duration, attempt int) error
	dead    func(s driver.Settler, r driver.Reason) error
	release func(s driver.Settler) error
}

func (b *broken) Caps() driver.Caps {
	if b.caps != nil {
		return b.caps(b.Broker.Caps())
	}
	return b.Broker.Caps()
}

func (b *broken) Publish(ctx context.Context, queue string, m driver.Message) error {
	if b.publish != nil {
		return b.publish(ctx, queue, m)
	}
	return b.Broker.Publish(ctx, queue, m)
}

func (b *broken) Subscribe(
	ctx context.Context, queue string, prefetch int, deliver func(driver.Delivery),
) (driver.Consumer, error) {
	settling := func(d driver.Delivery) {
		d.Settler = &brokenSettler{Settler: d.Settler, b: b}
		if b.deliver != nil {
			b.deliver(queue, d, deliver)
			return
		}
		deliver(d)
	}
	var c driver.Consumer
	var err error
	if b.subscribe != nil {
		c, err = b.subscribe(queue, prefetch, settling)
	} else {
		c, err = b.Broker.Subscribe(ctx, queue, prefetch, settling)
	}
	if err == nil && b.consumer != nil {
		c = b.consumer(c)
	}
	return c, err
}

func (b *broken) Depth(ctx context.Context, queue string) (driver.Depth, error) {
	if b.depth != nil {
		return b.depth(queue)
	}
	return b.Broker.Depth(ctx, queue)
}

func (b *broken) Close(ctx context.Context) error {
	if b.close != nil {
		return b.close()
	}
	return b.Broker.Close(ctx)
}

type brokenSettler struct {
	driver.Settler
	b *broken
}

func (s *brokenSettler) Ack(ctx context.Context) error {
	if s.b.ack != nil {
		return s.b.ack(s.Settler)
	}
	return s.Settler.Ack(ctx)
}

func (s *brokenSettler) Retry(ctx context.Context, after time.Duration, attempt int) error {
	if s.b.retry != nil {
		return s.b.retry(s.Settler, after, attempt)
	}
	return s.Settler.Retry(ctx, after, attempt)
}

func (s *brokenSettler) Dead(ctx context.Context, r driver.Reason) error {
	if s.b.dead != nil {
		return s.b.dead(s.Settler, r)
	}
	return s.Settler.Dead(ctx, r)
}

func (s *brokenSettler) Release(ctx context.Context) error {
	if s.b.release != nil {
		return s.b.release(s.Settler)
	}
	return s.Settler.Release(ctx)
}

// brokenConsumer takes the place of parts of a consumer.
type brokenConsumer struct {
	driver.Consumer
	stop  func()
	close func() error
	ready func() bool
}

func (c *brokenConsumer) Stop() {
	if c.stop != nil {
		c.stop()
		return
	}
	c.Consumer.Stop()
}

func (c *brokenConsumer) Close() error {
	if c.close != nil {
		return c.close()
	}
	return c.Consumer.Close()
}

func (c *brokenConsumer) Ready() bool {
	if c.ready != nil {
		return c.ready()
	}
	return c.Consumer.Ready()
}

// brokenHarness opens a broken adapter, with the little patience that is
// enough for an adapter in memory.
type brokenHarness struct {
	spoil  func(b *broken)
	replay bool // after a crash, everything that was ever published is there

	queues []driver.Queue
	mu     sync.Mutex
	log    []driver.Message
}

func (h *brokenHarness) Open(tb testing.TB, queues []driver.Queue) driver.Broker {
	h.queues = queues
	b := &broken{Broker: membroker.New(queues, membroker.Options{})}
	tb.Cleanup(func() { _ = b.Broker.Close(ctx) }) // some mistakes forget to
	if h.replay {
		b.publish = func(ctx context.Context, queue string, m driver.Message) error {
			h.mu.Lock()
			h.log = append(h.log, m)
			h.mu.Unlock()
			return b.Broker.Publish(ctx, queue, m)
		}
	}
	if h.spoil != nil {
		h.spoil(b)
	}
	return b
}

// Crash forgets what was settled, or everything.
func (h *brokenHarness) Crash(tb testing.TB, b driver.Broker) driver.Broker {
	if err := b.Close(tb.Context()); err != nil {
		tb.Error(err)
	}
	log := h.log
	again := h.Open(tb, h.queues)
	for _, m := range log {
		if err := again.Publish(tb.Context(), h.queues[0].Name, m); err != nil {
			tb.Error(err)
		}
	}
	return again
}

func (*brokenHarness) Facts() Facts {
	return Facts{
		Short: 300 * time.Millisecond, Long: 1500 * time.Millisecond, Lag: time.Second,
		Wake: 200 * time.Millisecond, Patience: 3 * time.Second, Load: 160,
	}
}

var ctx = context.Background()

// mistake is an adapter broken on purpose and the cases that must notice.
type mistake struct {
	name   string
	noted  []string
	replay bool
	spoil  func(b *broken)
}

var errHook = errors.New("refused by mistake")

func publishMistakes() []mistake {
	return []mistake{
		{name: "every third publish is lost", noted: []string{"fifo", "load", "publish_is_durable"}, spoil: func(b *broken) {
			var n atomic.Int32
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				if n.Add(1)%3 == 0 {
					return nil
				}
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "messages overtake their neighbours", noted: []string{"fifo"}, spoil: func(b *broken) {
			// Each even message goes in front of the odd one before it.
			var mu sync.Mutex
			var waiting *driver.Message
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				mu.Lock()
				defer mu.Unlock()
				if waiting == nil {
					waiting = &m
					return nil
				}
				first := *waiting
				waiting = nil
				return errors.Join(b.Broker.Publish(ctx, queue, m), b.Broker.Publish(ctx, queue, first))
			}
		}},
		{name: "headers without a value are dropped", noted: []string{"message_round_trip"}, spoil: func(b *broken) {
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				m.Headers = maps.Clone(m.Headers)
				maps.DeleteFunc(m.Headers, func(_, v string) bool { return v == "" })
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "bodies must be text", noted: []string{"bodies"}, spoil: func(b *broken) {
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				m.Body = bytes.ToValidUTF8(m.Body, []byte("?"))
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "the limit in Caps is a lie", noted: []string{"body_over_limit"}, spoil: func(b *broken) {
			b.caps = func(c driver.Caps) driver.Caps { c.MaxBody *= 2; return c }
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				if len(m.Body) > membroker.DefaultMaxBody {
					return errHook
				}
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "NotBefore is ignored", noted: []string{"not_before"}, spoil: func(b *broken) {
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				m.NotBefore = time.Time{}
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "unknown queues swallow messages", noted: []string{"unknown_queue"}, spoil: func(b *broken) {
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				if err := b.Broker.Publish(ctx, queue, m); !errors.Is(err, driver.ErrUnknownQueue) {
					return err
				}
				return nil
			}
		}},
		{name: "a known id is dropped", noted: []string{"same_id_twice"}, spoil: func(b *broken) {
			var seen sync.Map
			b.publish = func(ctx context.Context, queue string, m driver.Message) error {
				if _, known := seen.LoadOrStore(m.ID, true); known {
					return nil
				}
				return b.Broker.Publish(ctx, queue, m)
			}
		}},
		{name: "no name and a tiny limit", noted: []string{"caps"}, spoil: func(b *broken) {
			b.caps = func(driver.Caps) driver.Caps { return driver.Caps{MaxBody: 10} }
		}},
	}
}
