package rabbitbroker_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
)

// contestant does the same work as the others in its own way and returns how
// long n messages took.
type contestant struct {
	name string
	run  func(b *testing.B, n int) time.Duration
}

// compare lets the contestants take turns, so that they share the noise of the
// machine, and reports messages/s of each in its median turn and, beside the
// first's, the ratio.
func compare(b *testing.B, turn int, all ...contestant) {
	rates := make([][]float64, len(all))
	b.ResetTimer()
	for round, left := 0, b.N; left > 0; round, left = round+1, left-turn {
		n := min(left, turn)
		for i := range all {
			at := (i + round) % len(all)
			rates[at] = append(rates[at], float64(n)/all[at].run(b, n).Seconds())
		}
	}
	b.StopTimer()
	median := func(list []float64) float64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	for i, c := range all {
		b.ReportMetric(median(rates[i]), c.name+"/s")
		if i > 0 {
			b.ReportMetric(100*median(rates[i])/median(rates[0]), c.name+"_%")
		}
	}
	b.ReportMetric(0, "ns/op") // it is the sum of all contestants
}

// BenchmarkPublish compares the bare client library with the adapter and with
// the port, each with the same number of messages in flight.
func BenchmarkPublish(b *testing.B) {
	for _, inFlight := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("in_flight=%d", inFlight), func(b *testing.B) {
			r := newRace(b)
			p := broker.New(r.adapter, broker.Options{})
			compare(b, 50*inFlight,
				contestant{"bare", func(b *testing.B, n int) time.Duration { return r.barePublish(b, n, inFlight) }},
				contestant{"driver", func(b *testing.B, n int) time.Duration {
					return r.publish(b, n, inFlight, r.adapter.Publish)
				}},
				contestant{"port", func(b *testing.B, n int) time.Duration { return r.publish(b, n, inFlight, p.Publish) }},
			)
		})
	}
}

// BenchmarkDrain compares how fast a full queue is emptied by handlers that do
// nothing, from the first delivery to the last ack.
func BenchmarkDrain(b *testing.B) {
	for _, prefetch := range []int{1, 16} {
		b.Run(fmt.Sprintf("prefetch=%d", prefetch), func(b *testing.B) {
			r := newRace(b)
			p := broker.New(r.adapter, broker.Options{})
			compare(b, 100*prefetch,
				contestant{"bare", func(b *testing.B, n int) time.Duration { return r.bareDrain(b, n, prefetch) }},
				contestant{"driver", func(b *testing.B, n int) time.Duration { return r.driverDrain(b, n, prefetch) }},
				contestant{"port", func(b *testing.B, n int) time.Duration { return r.portDrain(b, p, n, prefetch) }},
			)
		})
	}
}

// BenchmarkBroker is the benchmark of all adapters.
func BenchmarkBroker(b *testing.B) {
	brokertest.Benchmark(b, func(b *testing.B, queues []driver.Queue) driver.Broker {
		return open(b, shared, queues, rabbitbroker.Options{})
	})
}

// race is one queue and everything that the contestants need.
type race struct {
	queue   string
	adapter *rabbitbroker.Broker
	bare    *amqp.Connection
	channel *amqp.Channel // with confirms
	returns chan amqp.Return
}

func newRace(b *testing.B) *race {
	b.Helper()
	r := &race{queue: "race-" + uuid.NewString()}
	r.adapter = open(b, shared, []driver.Queue{{Name: r.queue}}, rabbitbroker.Options{})
	var err error
	r.bare, err = amqp.Dial(shared.URL())
	require.NoError(b, err)
	r.channel, err = r.bare.Channel()
	require.NoError(b, err)
	require.NoError(b, r.channel.Confirm(false))
	r.returns = r.channel.NotifyReturn(make(chan amqp.Return, 1000))
	b.Cleanup(func() {
		require.NoError(b, r.bare.Close())
		require.NoError(b, r.adapter.Close(context.Background()))
	})
	return r
}

var benchMessage = driver.Message{
	ID: "0190b6a4-8f6e-7c11-9d43-6ad3c1f0e001", Kind: "video", Attempt: 1, Schema: 1, Owner: "owner", Body: make([]byte, 1<<10),
}

// barePublish is the loop that a careful user of the library would write: one
// goroutine writes, another waits for the confirms.
func (r *race) barePublish(b *testing.B, n, inFlight int) time.Duration {
	m := rabbitbroker.Encode(benchMessage)
	waiting, done := make(chan *amqp.DeferredConfirmation, inFlight-1), make(chan struct{})
	start := time.Now()
	go func() {
		defer close(done)
		for confirm := range waiting {
			if !confirm.Wait() {
				b.Error("not confirmed")
			}
		}
	}()
	for range n {
		confirm, err := r.channel.PublishWithDeferredConfirm("studycast.jobs", r.queue, true, false, m)
		require.NoError(b, err)
		if inFlight == 1 {
			require.True(b, confirm.Wait())
			continue
		}
		waiting <- confirm
	}
	close(waiting)
	<-done
	took := time.Since(start)
	require.Empty(b, r.returns)
	r.purge(b)
	return took
}

func (r *race) publish(
	b *testing.B, n, inFlight int, publish func(context.Context, string, driver.Message) error,
) time.Duration {
	var next atomic.Int64
	var run sync.WaitGroup
	start := time.Now()
	for range inFlight {
		run.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := publish(b.Context(), r.queue, benchMessage); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	run.Wait()
	took := time.Since(start)
	r.purge(b)
	return took
}

func (r *race) purge(b *testing.B) {
	_, err := r.channel.QueuePurge(r.queue, false)
	require.NoError(b, err)
}

// fill puts n messages on the queue.
func (r *race) fill(b *testing.B, n int) {
	m := rabbitbroker.Encode(benchMessage)
	var last *amqp.DeferredConfirmation
	for range n {
		var err error
		last, err = r.channel.PublishWithDeferredConfirm("studycast.jobs", r.queue, true, false, m)
		require.NoError(b, err)
	}
	require.True(b, last.Wait())
}

func (r *race) bareDrain(b *testing.B, n, prefetch int) time.Duration {
	r.fill(b, n)
	ch, err := r.bare.Channel()
	require.NoError(b, err)
	require.NoError(b, ch.Qos(prefetch, 0, false))
	deliveries, err := ch.Consume(r.queue, "bare", false, false, false, false, nil)
	require.NoError(b, err)
	w := newWatch(n)
	for d := range deliveries {
		w.start()
		require.NoError(b, d.Ack(false))
		if w.lap() {
			break
		}
	}
	require.NoError(b, ch.Close())
	return w.took
}

func (r *race) driverDrain(b *testing.B, n, prefetch int) time.Duration {
	r.fill(b, n)
	w, done := newWatch(n), make(chan struct{})
	c, err := r.adapter.Subscribe(b.Context(), r.queue, prefetch, func(d driver.Delivery) {
		w.start()
		if err := d.Settler.Ack(b.Context()); err != nil {
			b.Error(err)
		}
		if w.lap() {
			close(done)
		}
	})
	require.NoError(b, err)
	<-done
	require.NoError(b, c.Close())
	return w.took
}

func (r *race) portDrain(b *testing.B, p *broker.Broker, n, prefetch int) time.Duration {
	r.fill(b, n)
	w := newWatch(n)
	ctx, cancel := context.WithCancel(b.Context())
	require.NoError(b, p.Consume(ctx, r.queue, prefetch, func(ctx context.Context, d *broker.Delivery) {
		w.start()
		if err := d.Ack(ctx); err != nil {
			b.Error(err)
		}
		if w.lap() {
			cancel()
		}
	}))
	return w.took
}

// watch measures from the first start to the n-th lap.
type watch struct {
	left  atomic.Int64
	once  sync.Once
	began time.Time
	took  time.Duration
}

func newWatch(n int) *watch {
	w := &watch{}
	w.left.Store(int64(n))
	return w
}

func (w *watch) start() { w.once.Do(func() { w.began = time.Now() }) }

func (w *watch) lap() (last bool) {
	if w.left.Add(-1) > 0 {
		return false
	}
	w.took = time.Since(w.began)
	return true
}
