package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
)

// A handler may settle early and go on working: it still has its slot.
func TestConsumeKeepsPrefetchBesideTheAdapter(t *testing.T) {
	t.Parallel()
	b := open(t, newFake(), broker.Options{})
	for range 3 {
		require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	acked, hold, done := make(chan error, 3), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- b.Consume(ctx, queue, 2, func(ctx context.Context, d *broker.Delivery) {
			acked <- d.Ack(ctx)
			<-hold
		})
	}()
	require.NoError(t, <-acked)
	require.NoError(t, <-acked)
	// The adapter has handed out the third; its handler must wait for a slot.
	require.Eventually(t, func() bool {
		d, err := b.Depth(t.Context(), queue)
		return err == nil && d.Ready == 0 && d.InFlight == 1
	}, patience, time.Millisecond)
	require.Empty(t, acked)
	close(hold)
	require.NoError(t, <-acked)
	cancel()
	require.NoError(t, <-done)
}

// A handler goes on after its delivery was lost with the connection, for
// minutes perhaps: what the new connection brings does not wait for it.
func TestConsumeServesBesideHandlersThatLostTheirDelivery(t *testing.T) {
	t.Parallel()
	f := &losing{Broker: newFake(), given: make(chan driver.Settler, 10)}
	b := open(t, f, broker.Options{})
	for _, id := range []string{"a", "b"} {
		require.NoError(t, b.Publish(t.Context(), queue, message(func(m *broker.Message) { m.ID = id })))
	}
	deliveries := consume(t, b, 1)
	first := <-deliveries
	require.NoError(t, (<-f.given).Release(t.Context())) // behind the port's back: the connection is lost
	again := <-deliveries
	require.Equal(t, "a", again.Message.ID)
	require.NoError(t, again.Ack(t.Context()))
	require.Equal(t, "b", (<-deliveries).Message.ID, "while the first handler does not know of its loss")
	require.ErrorIs(t, first.Ack(t.Context()), broker.ErrSettled)
}

// losing hands out the settlers behind the port's back.
type losing struct {
	driver.Broker
	given chan driver.Settler
}

func (l *losing) Subscribe(ctx context.Context, q string, n int, deliver func(driver.Delivery)) (driver.Consumer, error) {
	return l.Broker.Subscribe(ctx, q, n, func(d driver.Delivery) {
		l.given <- d.Settler
		deliver(d)
	})
}

func TestConsumeWaitsForABrokerThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFake()
	var tries atomic.Int32
	f.subscribe = func() error {
		if tries.Add(1) < 3 {
			return fmt.Errorf("dial: %w", driver.ErrUnavailable)
		}
		return nil
	}
	b := open(t, f, broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	deliveries := consume(t, b, 1)
	require.NoError(t, (<-deliveries).Ack(t.Context()))
	require.EqualValues(t, 3, tries.Load())
}

func TestConsumeEndsWhileTheBrokerIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	f.subscribe = func() error { cancel(); return driver.ErrUnavailable }
	b := open(t, f, broker.Options{})
	require.NoError(t, b.Consume(ctx, queue, 1, func(context.Context, *broker.Delivery) {}))
	require.False(t, b.Consuming(queue))
}

func TestConsumeErrors(t *testing.T) {
	t.Parallel()
	nop := func(context.Context, *broker.Delivery) {}
	b := open(t, newFake(), broker.Options{})
	require.ErrorIs(t, b.Consume(t.Context(), queue, 0, nop), broker.ErrInvalid)
	require.ErrorIs(t, b.Consume(t.Context(), queue, 1, nil), broker.ErrInvalid)
	require.ErrorIs(t, b.Consume(t.Context(), "no-such-queue", 1, nop), broker.ErrUnknownQueue)
	_, err := b.Depth(t.Context(), "no-such-queue")
	require.ErrorIs(t, err, broker.ErrUnknownQueue)
	require.NoError(t, b.Close(t.Context()))
	require.ErrorIs(t, b.Consume(t.Context(), queue, 1, nop), broker.ErrClosed)
	require.ErrorIs(t, b.Publish(t.Context(), queue, message(nil)), broker.ErrClosed)
	require.NoError(t, b.Close(t.Context()))
}

func TestCloseEndsConsume(t *testing.T) {
	t.Parallel()
	b := open(t, newFake(), broker.Options{})
	result := make(chan error, 1)
	go func() { result <- b.Consume(t.Context(), queue, 1, func(context.Context, *broker.Delivery) {}) }()
	require.Eventually(t, func() bool { return b.Consuming(queue) }, patience, time.Millisecond)
	require.NoError(t, b.Close(t.Context()))
	require.ErrorIs(t, <-result, broker.ErrClosed)
	require.False(t, b.Consuming(queue))
}

func TestUnsettledIsCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	b := open(t, newFake(), broker.Options{Registerer: registry})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	ctx, cancel := context.WithCancel(t.Context())
	round := 0
	require.NoError(t, b.Consume(ctx, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		round++
		switch round {
		case 1:
		case 2:
			panic("a handler's mistake")
		default:
			require.NoError(t, d.Ack(ctx))
			cancel()
		}
	}))
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_unsettled_released_total", "cause", "returned"))
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_unsettled_released_total", "cause", "panicked"))
	require.Equal(t, 2.0, value(t, registry, "studycast_broker_redelivered_total", "queue", queue))
	require.Equal(t, 3.0, value(t, registry, "studycast_broker_deliveries_total", "queue", queue))
}

// After an error that says nothing of settled or lost, the delivery is open.
func TestSettleMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFake()
	hiccup := errors.New("hiccup")
	var tries atomic.Int32
	f.settle = func() error {
		if tries.Add(1) == 1 {
			return hiccup
		}
		return nil
	}
	b := open(t, f, broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	deliveries := consume(t, b, 1)
	d := <-deliveries
	require.ErrorIs(t, d.Ack(t.Context()), hiccup)
	require.NoError(t, d.Ack(t.Context()))
	require.ErrorIs(t, d.Release(t.Context()), broker.ErrSettled)
	require.EqualValues(t, 2, tries.Load(), "the adapter is not asked once the end is known")
}

func TestSettleAfterLost(t *testing.T) {
	t.Parallel()
	f := newFake()
	var tries atomic.Int32
	f.settle = func() error { tries.Add(1); return driver.ErrLost }
	b := open(t, f, broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	deliveries := consume(t, b, 1)
	d := <-deliveries
	require.ErrorIs(t, d.Ack(t.Context()), broker.ErrLost)
	require.ErrorIs(t, d.Ack(t.Context()), broker.ErrLost)
	require.EqualValues(t, 1, tries.Load())
}

func TestRetryLongerThanTheLastLevel(t *testing.T) {
	t.Parallel()
	b := open(t, newFake(), broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	deliveries := consume(t, b, 1)
	d := <-deliveries
	require.ErrorIs(t, d.Retry(t.Context(), time.Hour, 2), broker.ErrInvalid)
	require.NoError(t, d.Retry(t.Context(), -time.Second, 2), "a delay that is over already")
}

// A dead letter is not refused for the text of its reason.
func TestDeadMendsTheReason(t *testing.T) {
	t.Parallel()
	m := membroker.New([]driver.Queue{{Name: queue}}, membroker.Options{})
	b := open(t, m, broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	deliveries := consume(t, b, 1)
	text := "\xff" + strings.Repeat("ü", 10_000)
	require.NoError(t, (<-deliveries).Dead(t.Context(), broker.Reason{Fault: "internal", Text: text}))
	letters := make(chan driver.Delivery, 1)
	c, err := m.Subscribe(t.Context(), broker.DeadQueue(queue), 1, func(d driver.Delivery) { letters <- d })
	require.NoError(t, err)
	defer c.Stop()
	got := (<-letters).Message.Headers[driver.HeaderDeadReason]
	require.True(t, strings.HasPrefix(got, "\uFFFDüü"))
	require.True(t, strings.HasSuffix(got, "ü […cut]"))
	require.LessOrEqual(t, len(got), 8<<10)
}
