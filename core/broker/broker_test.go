package broker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
)

const queue = "video-generation"

// patience says when a test is stuck.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is membroker with some answers replaced.
type fake struct {
	driver.Broker
	publish   func() error
	subscribe func() error // nil error: subscribe really
	settle    func() error // nil error: settle really
}

func newFake() *fake {
	return &fake{Broker: membroker.New([]driver.Queue{{Name: queue}}, membroker.Options{
		MaxBody: 1 << 20, Levels: []time.Duration{10 * time.Millisecond, time.Minute},
	})}
}

func (f *fake) Publish(ctx context.Context, q string, m driver.Message) error {
	if f.publish != nil {
		if err := f.publish(); err != nil {
			return err
		}
	}
	return f.Broker.Publish(ctx, q, m)
}

func (f *fake) Subscribe(ctx context.Context, q string, n int, deliver func(driver.Delivery)) (driver.Consumer, error) {
	if f.subscribe != nil {
		if err := f.subscribe(); err != nil {
			return nil, err
		}
	}
	return f.Broker.Subscribe(ctx, q, n, func(d driver.Delivery) {
		d.Settler = &fakeSettler{Settler: d.Settler, fake: f}
		deliver(d)
	})
}

type fakeSettler struct {
	driver.Settler
	fake *fake
}

func (s *fakeSettler) Ack(ctx context.Context) error {
	if s.fake.settle != nil {
		if err := s.fake.settle(); err != nil {
			return err
		}
	}
	return s.Settler.Ack(ctx)
}

// open returns a port on f that is closed with the test.
func open(t *testing.T, f driver.Broker, o broker.Options) *broker.Broker {
	t.Helper()
	b := broker.New(f, o)
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	return b
}

// consume runs Consume until the test ends and hands over its deliveries; the
// handlers wait until then.
func consume(t *testing.T, b *broker.Broker, prefetch int) <-chan *broker.Delivery {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, done := make(chan *broker.Delivery, prefetch), make(chan error, 1)
	go func() {
		done <- b.Consume(ctx, queue, prefetch, func(_ context.Context, d *broker.Delivery) {
			select { // what the test does not look at comes back with its end
			case out <- d:
			case <-ctx.Done():
			}
			<-ctx.Done()
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return out
}

func message(change func(m *broker.Message)) broker.Message {
	m := broker.Message{ID: "id", Kind: "video", Attempt: 1, Body: []byte("x")}
	if change != nil {
		change(&m)
	}
	return m
}

func TestPublishRefusesWhatNoBrokerCanKeep(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *broker.Message){
		"no id":              func(m *broker.Message) { m.ID = "" },
		"long id":            func(m *broker.Message) { m.ID = strings.Repeat("x", broker.MaxID+1) },
		"id not UTF-8":       func(m *broker.Message) { m.ID = "\xff" },
		"long kind":          func(m *broker.Message) { m.Kind = strings.Repeat("x", broker.MaxID+1) },
		"long owner":         func(m *broker.Message) { m.Owner = strings.Repeat("x", broker.MaxOwner+1) },
		"negative attempt":   func(m *broker.Message) { m.Attempt = -1 },
		"negative schema":    func(m *broker.Message) { m.Schema = -1 },
		"large body":         func(m *broker.Message) { m.Body = make([]byte, 1<<20+1) },
		"header no name":     func(m *broker.Message) { m.Headers = map[string]string{"": "x"} },
		"header long name":   func(m *broker.Message) { m.Headers = map[string]string{strings.Repeat("x", 129): "x"} },
		"header not UTF-8":   func(m *broker.Message) { m.Headers = map[string]string{"x": "\xc3"} },
		"headers too large":  func(m *broker.Message) { m.Headers = large(3, 30<<10) },
		"later than a level": func(m *broker.Message) { m.NotBefore = time.Now().Add(2 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, newFake(), broker.Options{})
			err := b.Publish(t.Context(), queue, message(change))
			require.ErrorIs(t, err, broker.ErrInvalid)
			require.False(t, broker.Temporary(err))
			d, err := b.Depth(t.Context(), queue)
			require.NoError(t, err)
			require.Zero(t, d.Ready+d.Delayed)
		})
	}
}

func large(n, size int) map[string]string {
	h := make(map[string]string)
	for i := range n {
		h[string(rune('a'+i))] = strings.Repeat("x", size)
	}
	return h
}

func TestPublishTakesWhatIsAtTheLimits(t *testing.T) {
	t.Parallel()
	b := open(t, newFake(), broker.Options{})
	require.NoError(t, b.Publish(t.Context(), queue, message(func(m *broker.Message) {
		m.ID = strings.Repeat("x", broker.MaxID)
		m.Owner = strings.Repeat("ü", broker.MaxOwner/2)
		m.Headers = large(2, broker.MaxHeaders/2-1)
		m.Body = make([]byte, 1<<20)
		m.NotBefore = time.Now().Add(time.Minute)
	})))
}

func TestTemporary(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		broker.ErrUnavailable: true, broker.ErrOutcomeUnknown: true, context.DeadlineExceeded: true, context.Canceled: true,
		broker.ErrInvalid: false, broker.ErrUnknownQueue: false, broker.ErrClosed: false, broker.ErrSettled: false,
		broker.ErrLost: false, broker.ErrDeadLetter: false, errors.New("else"): false,
	} {
		f := newFake()
		f.publish = func() error { return err }
		got := open(t, f, broker.Options{}).Publish(t.Context(), queue, message(nil))
		require.ErrorIs(t, got, err)
		require.Equal(t, want, broker.Temporary(got), "%v", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	f := newFake()
	b := open(t, f, broker.Options{Registerer: registry})
	second := open(t, newFake(), broker.Options{Registerer: registry}) // shares the metrics
	require.NoError(t, b.Publish(t.Context(), queue, message(nil)))
	require.NoError(t, second.Publish(t.Context(), queue, message(nil)))
	require.Error(t, b.Publish(t.Context(), "made-up-by-a-caller", message(nil)))
	require.Error(t, b.Publish(t.Context(), queue, broker.Message{}))
	for _, err := range []error{broker.ErrUnavailable, broker.ErrOutcomeUnknown, errors.New("else")} {
		f.publish = func() error { return err }
		require.Error(t, b.Publish(t.Context(), queue, message(nil)))
	}
	for outcome, want := range map[string]float64{
		"stored": 2, "unknown_queue": 1, "invalid": 1, "unavailable": 1, "outcome_unknown": 1, "error": 1,
	} {
		require.Equal(t, want, value(t, registry, "studycast_broker_publishes_total", "outcome", outcome), outcome)
	}
	require.Zero(t, value(t, registry, "studycast_broker_publishes_total", "queue", "made-up-by-a-caller"))
	require.Equal(t, 2.0, value(t, registry, "studycast_broker_publish_seconds", "queue", queue))

	deliveries := consume(t, b, 1)
	d := <-deliveries
	require.Eventually(t, func() bool { return b.Consuming(queue) }, patience, time.Millisecond)
	require.False(t, b.Consuming("another"))
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_consumers", "ready", "true"))
	require.NoError(t, d.Ack(t.Context()))
	require.ErrorIs(t, d.Ack(t.Context()), broker.ErrSettled)
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_settled_total", "action", "ack"))
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_settle_failures_total", "action", "ack"))
	require.Equal(t, 1.0, value(t, registry, "studycast_broker_deliveries_total", "queue", queue))
}

// value adds up the series of a metric that carry the label; a histogram
// counts its observations.
func value(t *testing.T, registry *prometheus.Registry, metric, label, want string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, family := range families {
		if family.GetName() != metric {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label && l.GetValue() == want {
					sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
				}
			}
		}
	}
	return sum
}
