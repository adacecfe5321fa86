package membroker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type harness struct {
	facts  brokertest.Facts
	levels []time.Duration
}

func (h harness) Open(_ testing.TB, queues []driver.Queue) driver.Broker {
	return membroker.New(queues, membroker.Options{Levels: h.levels})
}

func (harness) Crash(tb testing.TB, _ driver.Broker) driver.Broker {
	tb.Fatal("a broker in memory survives nothing")
	return nil
}

func (h harness) Facts() brokertest.Facts { return h.facts }

func TestConformance(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, func(testing.TB) brokertest.Harness { return harness{} })
}

// As a broker that knows only fixed delays, the suite must pass as well.
func TestConformanceWithLevels(t *testing.T) {
	t.Parallel()
	short, long := 150*time.Millisecond, time.Second
	brokertest.Run(t, func(testing.TB) brokertest.Harness {
		return harness{
			facts:  brokertest.Facts{Short: short, Long: long},
			levels: []time.Duration{short, long, time.Minute},
		}
	})
}

func Benchmark(b *testing.B) {
	brokertest.Benchmark(b, func(_ *testing.B, queues []driver.Queue) driver.Broker {
		return membroker.New(queues, membroker.Options{})
	})
}

func TestLevels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := membroker.New([]driver.Queue{{Name: "q"}}, membroker.Options{Levels: []time.Duration{5 * time.Second, 10 * time.Second}})
		defer func() { _ = b.Close(t.Context()) }()
		arrived := make(chan driver.Delivery, 1)
		_, err := b.Subscribe(t.Context(), "q", 1, func(d driver.Delivery) { arrived <- d })
		require.NoError(t, err)
		require.NoError(t, b.Publish(t.Context(), "q", driver.Message{ID: "m"}))
		for asked, want := range map[time.Duration]time.Duration{
			0: 0, time.Second: 5 * time.Second, 5 * time.Second: 5 * time.Second, 6 * time.Second: 10 * time.Second,
		} {
			began := time.Now()
			require.NoError(t, (<-arrived).Settler.Retry(t.Context(), asked, 1))
			d := <-arrived
			require.Equal(t, want, time.Since(began), "asked for %v", asked)
			require.NoError(t, d.Settler.Release(t.Context()))
		}
		d := <-arrived
		require.Error(t, d.Settler.Retry(t.Context(), 11*time.Second, 1))
		require.NoError(t, d.Settler.Ack(t.Context()), "a refused retry leaves the delivery open")
		require.Error(t, b.Publish(t.Context(), "q", driver.Message{ID: "m", NotBefore: time.Now().Add(11 * time.Second)}))
	})
}

func TestPublishWithEndedContext(t *testing.T) {
	t.Parallel()
	b := membroker.New([]driver.Queue{{Name: "q"}}, membroker.Options{})
	defer func() { _ = b.Close(t.Context()) }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Publish(ctx, "q", driver.Message{ID: "m"}), context.Canceled)
	d, err := b.Depth(t.Context(), "q")
	require.NoError(t, err)
	require.Zero(t, d)
}
