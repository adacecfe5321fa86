package rabbitbroker_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

// The first server says nothing any more although its connections stand; the
// heartbeats tell, and everything goes on at the second address.
func TestFailOver(t *testing.T) {
	t.Parallel()
	first := node(t, rabbitmq.Options{})
	name, queues := oneQueue()
	b, err := rabbitbroker.Open(t.Context(), []string{"amqp://guest:guest@127.0.0.1:1/", first.URL(), shared.URL()}, queues,
		rabbitbroker.Options{Heartbeat: time.Second, Timeout: 3 * time.Second, MaxBackoff: time.Second})
	require.NoError(t, err)
	defer closeBroker(t, b)
	require.NoError(t, b.Ready(), "the first address answers nothing, the second does, without a pause")
	arrived := make(chan driver.Delivery, 10)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m1"}))
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))

	require.Zero(t, b.Reconnects())
	require.NoError(t, first.Freeze())
	began := time.Now()
	const links = 3 // of control, of the publisher and of the consumer
	require.Eventually(t, func() bool { return b.Reconnects() >= links && c.Ready() && b.Ready() == nil }, patience, 5*time.Millisecond,
		"nobody notices, or nobody goes elsewhere")
	t.Logf("elsewhere after %s", time.Since(began))
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m2"}))
	require.Equal(t, "m2", next(t, arrived).Message.ID)
	require.NoError(t, first.Thaw())
}

// A wrong password is said clearly, tried again slowly, and the program comes
// up by itself when the password is right.
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	_, err := shared.AddUser(t.Context(), name, "right-secret", "/", rabbitmq.Rights{Configure: ".*", Write: ".*", Read: ".*"})
	require.NoError(t, err)
	said := &records{}
	wrong := shared.UserURL(name, "wrong-secret", "/")
	b := openAt(t, wrong, queues, rabbitbroker.Options{Logger: slog.New(said)})
	defer closeBroker(t, b)
	err = b.Ready()
	require.ErrorContains(t, err, "failing: access refused")
	require.ErrorIs(t, err, driver.ErrUnavailable)
	for _, v := range append(said.values("error"), slog.AnyValue(err)) {
		require.NotContains(t, v.String(), "secret")
	}
	require.Eventually(t, func() bool { return len(said.values("wait")) > 0 }, patience, 5*time.Millisecond)
	for _, v := range said.values("wait") {
		require.GreaterOrEqual(t, v.Duration(), 5*time.Second)
	}
	require.NoError(t, shared.Ctl(t.Context(), "change_password", name, "wrong-secret"))
	require.Eventually(t, func() bool { return b.Ready() == nil }, patience, 10*time.Millisecond)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m"}))

	host := openAt(t, strings.TrimSuffix(wrong, "/")+"/no-such-vhost", queues, rabbitbroker.Options{})
	defer closeBroker(t, host)
	require.ErrorContains(t, host.Ready(), "failing: access refused")
	require.ErrorContains(t, host.Ready(), "no-such-vhost")
}
