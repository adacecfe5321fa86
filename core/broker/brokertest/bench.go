package brokertest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
)

// benchBody is the size of a message body in benchmarks, in bytes.
const benchBody = 1 << 10

// Benchmark measures no-op messages of 1 KiB through the port, with 1 and with
// 64 in flight: publish, drain of a full queue, and the round trip of publish,
// delivery and ack. Beside the time of one message it reports messages/s.
func Benchmark(b *testing.B, open func(b *testing.B, queues []driver.Queue) driver.Broker) {
	for _, flow := range []struct {
		name string
		run  func(b *testing.B, p *broker.Broker, queue string, inFlight int)
	}{{"publish", benchPublish}, {"drain", benchDrain}, {"round_trip", benchRoundTrip}} {
		for _, inFlight := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/in_flight=%d", flow.name, inFlight), func(b *testing.B) {
				queue := "bench-" + uuid.NewString()
				p := broker.New(open(b, []driver.Queue{{Name: queue}}), broker.Options{})
				flow.run(b, p, queue, inFlight)
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
				require.NoError(b, p.Close(context.Background()))
			})
		}
	}
}

func benchMessage() broker.Message {
	return broker.Message{
		ID: "0190b6a4-8f6e-7c11-9d43-6ad3c1f0e001", Kind: "video", Attempt: 1, Schema: 1, Owner: "owner",
		Body: make([]byte, benchBody),
	}
}

func benchPublish(b *testing.B, p *broker.Broker, queue string, inFlight int) {
	var next atomic.Int64
	var run sync.WaitGroup
	m := benchMessage()
	b.ResetTimer()
	for range inFlight {
		run.Go(func() {
			for next.Add(1) <= int64(b.N) {
				if err := p.Publish(b.Context(), queue, m); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	run.Wait()
}

func benchDrain(b *testing.B, p *broker.Broker, queue string, inFlight int) {
	benchPublish(b, p, queue, 64)
	ctx, cancel := context.WithCancel(b.Context())
	var acked atomic.Int64
	b.ResetTimer()
	err := p.Consume(ctx, queue, inFlight, func(ctx context.Context, d *broker.Delivery) {
		if err := d.Ack(ctx); err != nil {
			b.Error(err)
		}
		if acked.Add(1) == int64(b.N) {
			b.StopTimer()
			cancel()
		}
	})
	require.NoError(b, err)
}

func benchRoundTrip(b *testing.B, p *broker.Broker, queue string, inFlight int) {
	ctx, cancel := context.WithCancel(b.Context())
	slots, ended := make(chan struct{}, inFlight), make(chan error, 1)
	var acked sync.WaitGroup
	acked.Add(b.N)
	go func() {
		ended <- p.Consume(ctx, queue, inFlight, func(ctx context.Context, d *broker.Delivery) {
			if err := d.Ack(ctx); err != nil {
				b.Error(err)
			}
			<-slots
			acked.Done()
		})
	}()
	require.Eventually(b, func() bool { return p.Consuming(queue) }, 10*time.Second, time.Millisecond)
	m := benchMessage()
	b.ResetTimer()
	for range b.N {
		slots <- struct{}{}
		go func() {
			if err := p.Publish(ctx, queue, m); err != nil {
				b.Error(err)
			}
		}()
	}
	acked.Wait()
	b.StopTimer()
	cancel()
	require.NoError(b, <-ended)
}
