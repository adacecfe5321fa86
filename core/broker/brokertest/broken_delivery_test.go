package brokertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
)

func consumeMistakes() []mistake {
	return []mistake{
		{name: "prefetch is ignored", noted: []string{"prefetch"}, spoil: func(b *broken) {
			b.subscribe = func(queue string, _ int, deliver func(driver.Delivery)) (driver.Consumer, error) {
				return b.Broker.Subscribe(ctx, queue, 100, deliver)
			}
		}},
		{name: "consumers poll every 300 ms", noted: []string{"idle_consumer_is_woken"}, spoil: func(b *broken) {
			b.deliver = func(_ string, d driver.Delivery, deliver func(driver.Delivery)) {
				<-time.After(300 * time.Millisecond)
				deliver(d)
			}
		}},
		{name: "the second consumer starves", noted: []string{"consumers_share"}, spoil: func(b *broken) {
			var n atomic.Int32
			b.subscribe = func(queue string, prefetch int, deliver func(driver.Delivery)) (driver.Consumer, error) {
				if n.Add(1) == 2 {
					queue = driver.DeadQueue(queue)
				}
				return b.Broker.Subscribe(ctx, queue, prefetch, deliver)
			}
		}},
		{name: "queues share their dead letters", noted: []string{"queues_are_apart"}, spoil: func(b *broken) {
			var dead atomic.Int32
			b.dead = func(s driver.Settler, r driver.Reason) error { dead.Add(1); return s.Dead(ctx, r) }
			b.depth = func(queue string) (driver.Depth, error) {
				d, err := b.Broker.Depth(ctx, queue)
				d.Dead = int(dead.Load())
				return d, err
			}
		}},
		{name: "stop doesn't stop", noted: []string{"stop", "port_drains"}, spoil: func(b *broken) {
			b.consumer = func(c driver.Consumer) driver.Consumer {
				return &brokenConsumer{Consumer: c, stop: func() {}, close: func() error { return nil }}
			}
		}},
		{name: "stop takes 5 s", noted: []string{"stop"}, spoil: func(b *broken) {
			b.consumer = func(c driver.Consumer) driver.Consumer {
				return &brokenConsumer{Consumer: c, stop: func() { <-time.After(5 * time.Second); c.Stop() }}
			}
		}},
		{name: "stop gives back what is in hand", noted: []string{"settle_after_stop", "port_drains"}, spoil: func(b *broken) {
			b.consumer = func(c driver.Consumer) driver.Consumer {
				return &brokenConsumer{Consumer: c, stop: func() { _ = c.Close() }}
			}
		}},
		{name: "close keeps what is in hand", noted: []string{"consumer_close_gives_back"}, spoil: func(b *broken) {
			b.consumer = func(c driver.Consumer) driver.Consumer {
				return &brokenConsumer{Consumer: c, close: func() error { c.Stop(); return nil }}
			}
		}},
		{name: "always ready", noted: []string{"consumer_ready", "closed_broker"}, spoil: func(b *broken) {
			b.consumer = func(c driver.Consumer) driver.Consumer {
				return &brokenConsumer{Consumer: c, ready: func() bool { return true }}
			}
		}},
		{name: "every delivery comes twice", noted: []string{"ack", "load", "settle_race"}, spoil: func(b *broken) {
			b.deliver = func(_ string, d driver.Delivery, deliver func(driver.Delivery)) { deliver(d); deliver(d) }
		}},
		{name: "closed but still open", noted: []string{"closed_broker"}, spoil: func(b *broken) {
			b.close = func() error { return nil }
		}},
		{name: "in flight counts as ready", noted: []string{"depth"}, spoil: func(b *broken) {
			b.depth = func(queue string) (driver.Depth, error) {
				d, err := b.Broker.Depth(ctx, queue)
				d.Ready, d.InFlight = d.Ready+d.InFlight, 0
				return d, err
			}
		}},
	}
}

func settleMistakes() []mistake {
	forgive := func(err, what error) error {
		if errors.Is(err, what) {
			return nil
		}
		return err
	}
	return []mistake{
		{name: "ack gives back", noted: []string{"ack", "port_releases_unsettled"}, spoil: func(b *broken) {
			b.ack = func(s driver.Settler) error { return s.Release(ctx) }
		}},
		{name: "settling twice is fine", noted: []string{"settle_once", "settle_race"}, spoil: func(b *broken) {
			b.ack = func(s driver.Settler) error { return forgive(s.Ack(ctx), driver.ErrSettled) }
		}},
		{name: "settling what was lost is fine", noted: []string{"consumer_close_gives_back"}, spoil: func(b *broken) {
			b.ack = func(s driver.Settler) error { return forgive(s.Ack(ctx), driver.ErrLost) }
		}},
		{name: "release goes to the back", noted: []string{"release"}, spoil: func(b *broken) {
			b.release = func(s driver.Settler) error { return s.Retry(ctx, 0, 1) }
		}},
		{name: "release spends an attempt", noted: []string{"release", "port_releases_unsettled"}, spoil: func(b *broken) {
			b.release = func(s driver.Settler) error { return s.Retry(ctx, 0, 2) }
		}},
		{name: "release loses the message", noted: []string{"release", "load", "port_releases_unsettled"}, spoil: func(b *broken) {
			b.release = func(s driver.Settler) error { return s.Ack(ctx) }
		}},
		{name: "retry comes too early", noted: []string{"retry_delay", "retry_overtakes"}, spoil: func(b *broken) {
			b.retry = func(s driver.Settler, after time.Duration, n int) error { return s.Retry(ctx, after/2, n) }
		}},
		{name: "retry comes too late", noted: []string{"retry_delay"}, spoil: func(b *broken) {
			b.retry = func(s driver.Settler, after time.Duration, n int) error {
				return s.Retry(ctx, after+1500*time.Millisecond, n)
			}
		}},
		{name: "retries wait behind longer ones", noted: []string{"retry_overtakes"}, spoil: func(b *broken) {
			var mu sync.Mutex
			var last time.Time
			b.retry = func(s driver.Settler, after time.Duration, n int) error {
				mu.Lock()
				defer mu.Unlock()
				after = max(after, time.Until(last))
				last = time.Now().Add(after)
				return s.Retry(ctx, after, n)
			}
		}},
		{name: "retry forgets the attempt", noted: []string{"retry_keeps_message"}, spoil: func(b *broken) {
			b.retry = func(s driver.Settler, after time.Duration, _ int) error { return s.Retry(ctx, after, 1) }
		}},
		{name: "dead letters lose their headers", noted: []string{"dead_letter"}, spoil: func(b *broken) {
			b.deliver = func(queue string, d driver.Delivery, deliver func(driver.Delivery)) {
				delete(d.Message.Headers, "note")
				deliver(d)
			}
		}},
		{name: "dead letters lose their reason", noted: []string{"dead_letter"}, spoil: func(b *broken) {
			b.dead = func(s driver.Settler, _ driver.Reason) error { return s.Dead(ctx, driver.Reason{}) }
		}},
		{name: "dead letters vanish when retried", noted: []string{"dead_letter_settles"}, spoil: func(b *broken) {
			b.retry = func(s driver.Settler, after time.Duration, n int) error {
				if err := s.Retry(ctx, after, n); errors.Is(err, driver.ErrDeadLetter) {
					return s.Ack(ctx)
				}
				return nil
			}
		}},
	}
}

func durableMistakes() []mistake {
	durable := func(c driver.Caps) driver.Caps { c.Durable = true; return c }
	return []mistake{
		{name: "a crash loses everything", noted: []string{
			"publish_is_durable", "crash_gives_back_in_order", "retry_is_durable", "dead_letter_is_durable", "close_gives_back",
		}, spoil: func(b *broken) { b.caps = durable }},
		{name: "a crash forgets what was settled", noted: []string{
			"ack_is_durable", "retry_is_durable", "dead_letter_is_durable", "close_gives_back", "crash_gives_back_in_order",
		}, replay: true, spoil: func(b *broken) { b.caps = durable }},
		{name: "a queue that answers without storing", noted: []string{
			"publish_is_durable", "fifo", "bodies", "stop", "prefetch", "depth", "retry_is_durable",
		}, spoil: func(b *broken) {
			b.caps = durable
			b.publish = func(context.Context, string, driver.Message) error { return nil }
		}},
	}
}
