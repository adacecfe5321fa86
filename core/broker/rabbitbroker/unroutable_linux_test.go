package rabbitbroker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
)

// A publisher learns that its message has no queue, whatever the alternate
// exchange would take, and a program that declares puts the binding back.
func TestUnroutablePublish(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) { publishUnbound(t, "studycast.jobs", "", "", time.Time{}) })
	t.Run("delayed", func(t *testing.T) {
		publishUnbound(t, "studycast.retry", ".retry.60000", ".60000", time.Now().Add(59*time.Second))
	})
}

// publishUnbound takes the binding of a queue from an exchange and gives it back.
// Each time in a virtual host of its own: who declares mends all bindings, and may
// still be at it when its message has arrived.
func publishUnbound(t *testing.T, exchange, queue, key string, notBefore time.Time) {
	name, queues := oneQueue(time.Minute)
	queue, key = name+queue, name+key
	_, url := vhost(t)
	declaring := openAt(t, url, queues, rabbitbroker.Options{})
	defer closeBroker(t, declaring)
	verifying := openAt(t, url, queues, verify)
	defer closeBroker(t, verifying)
	ch := admin(t, url)
	send := func(b *rabbitbroker.Broker) error {
		return b.Publish(t.Context(), name, driver.Message{ID: "m", NotBefore: notBefore})
	}
	require.NoError(t, ch.QueueUnbind(queue, key, exchange, nil))
	for range 3 {
		err := send(verifying)
		require.ErrorIs(t, err, driver.ErrUnavailable)
		require.ErrorContains(t, err, "no queue is bound to exchange "+exchange+" with key "+key)
	}
	require.NoError(t, ch.QueueBind(queue, key, exchange, false, nil))
	require.NoError(t, send(verifying), "the binding is back")
	require.NoError(t, ch.QueueUnbind(queue, key, exchange, nil))
	require.ErrorIs(t, send(declaring), driver.ErrUnavailable)
	require.Eventually(t, func() bool { return send(declaring) == nil }, patience, 5*time.Millisecond)
	unroutable, err := ch.QueueDeclarePassive(rabbitbroker.Unroutable, true, false, false, false, nil)
	require.NoError(t, err)
	require.Zero(t, unroutable.Messages, "what a publisher still has is not kept a second time")
}

// What the server itself can't move to its next queue comes to the queue of
// the unroutable, with the reason.
func TestUnroutableDeadLetters(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(200 * time.Millisecond)
	_, url := vhost(t)
	b := openAt(t, url, queues, verifyAfterDeclare(t, url, queues))
	defer closeBroker(t, b)
	ch := admin(t, url)
	letters := make(chan driver.Delivery, 10)
	require.Equal(t, rabbitbroker.Unroutable, b.Caps().Unroutable)
	_, err := b.Subscribe(t.Context(), b.Caps().Unroutable, 10, func(d driver.Delivery) { letters <- d })
	require.NoError(t, err)

	require.NoError(t, ch.QueueUnbind(name, name, "studycast.jobs", nil))
	m := driver.Message{ID: "late", Kind: "video", Body: []byte("body"), Headers: map[string]string{"note": "kept"}, NotBefore: time.Now().Add(150 * time.Millisecond)}
	require.NoError(t, b.Publish(t.Context(), name, m))
	d := next(t, letters)
	require.Equal(t, "late", d.Message.ID)
	require.Equal(t, "body", string(d.Message.Body))
	require.Equal(t, "kept", d.Message.Headers["note"])
	require.Equal(t, name, d.Message.Headers[driver.HeaderDeadQueue])
	require.Equal(t, "studycast.retry", d.Message.Headers[driver.HeaderDeadExchange])
	require.Equal(t, name+".200", d.Message.Headers[driver.HeaderDeadKey])
	require.Equal(t, "dependency", d.Message.Headers[driver.HeaderDeadFault])
	require.Equal(t, fmt.Sprintf("the server took it out of queue %s.retry.200 (expired) and found no queue bound to exchange "+
		"studycast.jobs with key %s", name, name), d.Message.Headers[driver.HeaderDeadReason])
	at, err := time.Parse(time.RFC3339Nano, d.Message.Headers[driver.HeaderDeadAt])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	require.ErrorIs(t, d.Settler.Retry(t.Context(), 0, 1), driver.ErrDeadLetter)
	require.ErrorIs(t, d.Settler.Dead(t.Context(), driver.Reason{}), driver.ErrDeadLetter)
	require.NoError(t, d.Settler.Release(t.Context()))
	require.NoError(t, next(t, letters).Settler.Ack(t.Context()))
	require.NoError(t, ch.QueueBind(name, name, "studycast.jobs", false, nil))

	require.NoError(t, ch.QueueUnbind(driver.DeadQueue(name), name, "studycast.dead", nil))
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "poison"}))
	crash(t, b, name, 9)
	d = next(t, letters)
	require.Equal(t, "poison", d.Message.ID)
	require.Contains(t, d.Message.Headers[driver.HeaderDeadReason], "(delivery_limit) and found no queue bound to exchange studycast.dead")
	require.NoError(t, d.Settler.Ack(t.Context()))
}

// verifyAfterDeclare makes the topology and returns options under which nobody
// mends it.
func verifyAfterDeclare(t *testing.T, url string, queues []driver.Queue) rabbitbroker.Options {
	t.Helper()
	closeBroker(t, openAt(t, url, queues, rabbitbroker.Options{}))
	return verify
}

// crash takes the next message of a queue and loses the connection, n times.
func crash(t *testing.T, b *rabbitbroker.Broker, queue string, n int) {
	t.Helper()
	arrived := make(chan driver.Delivery, n)
	c, err := b.Subscribe(t.Context(), queue, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	for range n {
		next(t, arrived)
		b.Lose(queue)
	}
	require.NoError(t, c.Close())
}
