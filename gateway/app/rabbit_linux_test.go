package app_test

import (
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/gateway/app"
)

// patience is for a RabbitMQ server on a machine whose cores are all busy.
const patience = 40 * time.Second

// A gateway on a real RabbitMQ: it starts before its broker does, answers 503
// under an alarm and takes jobs again at once after it, and keeps a promise
// whose queue somebody unbound.
func TestOnRabbitMQ(t *testing.T) {
	t.Parallel()
	n, err := rabbitmq.New()
	require.NoError(t, err)
	defer func() { require.NoError(t, n.Close()) }()
	g := start(t, onRabbitMQ(t, n))
	defer func() {
		if t.Failed() {
			t.Log(g.logs)
		}
	}()
	require.Equal(t, http.StatusServiceUnavailable, g.get("/readyz").StatusCode, "the broker is absent")
	require.Eventually(t, func() bool { return g.post("/v1/jobs", submission).StatusCode == http.StatusServiceUnavailable },
		patience, 100*time.Millisecond, "absent for longer than a moment: no promises")
	kept := g.status.Outbox()
	require.NotEmpty(t, kept, "what was accepted before waits")
	require.NoError(t, n.Start(t.Context()))
	require.Eventually(t, func() bool { return g.get("/readyz").StatusCode == http.StatusOK }, patience, 50*time.Millisecond)
	g.relayed()

	g.alarm(n)
	g.unbound(n)
}

// onRabbitMQ gives a gateway a broker on a node that need not run yet.
func onRabbitMQ(t *testing.T, n *rabbitmq.Node) func(*app.Options) {
	return func(o *app.Options) {
		d, err := backend.OpenBroker(t.Context(), n.URL(), job.DefaultPolicies(), backend.BrokerOptions{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		b := broker.New(d, broker.Options{})
		t.Cleanup(func() { require.NoError(t, b.Close(t.Context())) })
		o.Broker = b
	}
}

// alarm: the server finds that it has no memory left, and later that it has.
func (g *gateway) alarm(n *rabbitmq.Node) {
	t := g.t
	t.Helper()
	require.NoError(t, n.Ctl(t.Context(), "set_vm_memory_high_watermark", "absolute", "1MB"))
	// The server says so only once a message comes.
	require.Eventually(t, func() bool { return g.post("/v1/jobs", submission).StatusCode == http.StatusServiceUnavailable },
		patience, 10*time.Millisecond)
	var all sync.WaitGroup
	began := time.Now()
	for range 100 {
		all.Go(func() {
			a := g.post("/v1/jobs", submission)
			require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
			require.Equal(t, "5", a.Header.Get("Retry-After"))
		})
	}
	all.Wait()
	t.Logf("100 submits at once were refused in %v", time.Since(began))

	require.NoError(t, n.Ctl(t.Context(), "set_vm_memory_high_watermark", "0.8"))
	began = time.Now()
	require.Eventually(t, func() bool { return g.post("/v1/jobs", submission).StatusCode == http.StatusAccepted }, patience, 10*time.Millisecond)
	t.Logf("the first submit was taken %v after the end of the alarm", time.Since(began))
	g.relayed()
}

// unbound: an operator deletes the binding of a queue, and later puts it back.
func (g *gateway) unbound(n *rabbitmq.Node) {
	t := g.t
	t.Helper()
	conn, err := amqp.Dial(n.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	require.NoError(t, err)
	queue := job.Video.Queue()
	require.NoError(t, ch.QueueUnbind(queue, queue, "studycast.jobs", nil))
	require.Equal(t, http.StatusAccepted, g.post("/v1/jobs", submission).StatusCode, "the promise is kept all the same")
	// A broker that may declare its topology heals by itself; else the binding
	// comes back with an operator.
	if len(g.status.Outbox()) > 0 {
		require.Contains(t, string(g.get("/metrics").body), `studycast_relay_published_total{outcome="unroutable",path="fast"}`)
		require.NoError(t, ch.QueueBind(queue, queue, "studycast.jobs", false, nil))
	}
	g.relayed()
}

// relayed waits until the broker has everything that was accepted. Claims end
// early, so that nobody waits for that.
func (g *gateway) relayed() {
	g.t.Helper()
	require.Eventually(g.t, func() bool {
		g.status.Release()
		return len(g.status.Outbox()) == 0
	}, patience, 250*time.Millisecond)
}
