package rabbitbroker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

const patience = 30 * time.Second

func oneQueue(delays ...time.Duration) (string, []driver.Queue) {
	name := "fault-" + uuid.NewString()
	return name, []driver.Queue{{Name: name, Delays: delays}}
}

func closeBroker(t *testing.T, b *rabbitbroker.Broker) {
	t.Helper()
	require.NoError(t, b.Close(context.WithoutCancel(t.Context())))
}

func next(t *testing.T, from <-chan driver.Delivery) driver.Delivery {
	t.Helper()
	select {
	case d := <-from:
		return d
	case <-time.After(patience):
		require.FailNow(t, "no delivery came")
	}
	return driver.Delivery{}
}

// The server is killed while messages are published and while one waits for
// its delay. Nobody opens anything again; nothing that was confirmed is lost.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	n := node(t, rabbitmq.Options{})
	name, queues := oneQueue(time.Second)
	b := open(t, n, queues, rabbitbroker.Options{MaxBackoff: 500 * time.Millisecond})
	defer closeBroker(t, b)
	<-time.After(time.Second) // a quorum queue must be older than a moment to survive this: a fault of the server
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "late", NotBefore: time.Now().Add(900 * time.Millisecond)}))

	var run sync.WaitGroup
	var mu sync.Mutex
	confirmed, sent := map[string]bool{"late": true}, map[string]bool{"late": true}
	many := make(chan struct{})
	enough := sync.OnceFunc(func() { close(many) })
	for p := range 4 {
		run.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d", p, i)
				mu.Lock()
				sent[id] = true
				mu.Unlock()
				if err := b.Publish(t.Context(), name, driver.Message{ID: id}); err != nil {
					if !errors.Is(err, driver.ErrUnavailable) && !errors.Is(err, driver.ErrOutcomeUnknown) {
						t.Errorf("publish: %v", err)
					}
					return
				}
				mu.Lock()
				confirmed[id] = true
				if len(confirmed) > 200 {
					enough()
				}
				mu.Unlock()
			}
		})
	}
	<-many
	n.Kill()
	run.Wait()
	require.Error(t, b.Ready())
	require.NoError(t, n.Start(t.Context()))
	require.Eventually(t, func() bool { return b.Ready() == nil }, patience, 20*time.Millisecond, "it never reconnects")
	require.Eventually(t, func() bool {
		return b.Publish(t.Context(), name, driver.Message{ID: "last"}) == nil
	}, patience, 100*time.Millisecond)

	arrived := make(chan driver.Delivery, 100_000)
	c, err := b.Subscribe(t.Context(), name, 1000, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	confirmed["last"], sent["last"] = true, true
	for missing := len(confirmed); missing > 0; {
		d := next(t, arrived)
		require.True(t, sent[d.Message.ID], "nobody published %s", d.Message.ID)
		if confirmed[d.Message.ID] {
			delete(confirmed, d.Message.ID)
			missing--
		}
		require.NoError(t, d.Settler.Ack(t.Context()))
	}
	t.Logf("%d published", len(sent))
	require.NoError(t, c.Close())
}

// A handler that began before its connection was lost settles after the
// consumer is back. Tags start again on the new connection, so its answer
// would hit another message there.
func TestStaleSettlementTouchesNothing(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	b := open(t, shared, queues, rabbitbroker.Options{})
	defer closeBroker(t, b)
	arrived := make(chan driver.Delivery, 10)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m"}))
	stale := next(t, arrived)
	b.Lose(name)
	again := next(t, arrived)
	require.Equal(t, "m", again.Message.ID)
	require.Greater(t, again.Count, 1)
	require.True(t, c.Ready())
	for _, settle := range []func() error{
		func() error { return stale.Settler.Ack(t.Context()) },
		func() error { return stale.Settler.Release(t.Context()) },
		func() error { return stale.Settler.Retry(t.Context(), 0, 2) },
		func() error { return stale.Settler.Dead(t.Context(), driver.Reason{}) },
	} {
		require.ErrorIs(t, settle(), driver.ErrLost)
	}
	require.NoError(t, c.Close())
	d, err := b.Depth(t.Context(), name)
	require.NoError(t, err)
	require.Zero(t, d.Dead+d.Delayed)
	_, err = b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()), "the message is still there")
}

// A memory alarm blocks the connection. What comes after the server said so is
// refused at once.
func TestBlockedServerRefusesAtOnce(t *testing.T) {
	t.Parallel()
	n := node(t, rabbitmq.Options{})
	name, queues := oneQueue()
	b := open(t, n, queues, rabbitbroker.Options{Timeout: 5 * time.Second})
	defer closeBroker(t, b)
	require.NoError(t, n.Ctl(t.Context(), "set_vm_memory_high_watermark", "absolute", "1MB"))
	first := make(chan error, 1)
	go func() { first <- b.Publish(t.Context(), name, driver.Message{ID: "first"}) }()
	require.Eventually(t, func() bool { return b.Ready() != nil }, patience, 5*time.Millisecond, "the server never says it is blocked")
	began := time.Now()
	require.ErrorIs(t, b.Publish(t.Context(), name, driver.Message{ID: "second"}), driver.ErrUnavailable)
	require.Less(t, time.Since(began), 5*time.Second, "it does not wait for the answer that does not come")
	if err := <-first; err != nil { // the server may still take the one by which it finds out
		require.ErrorIs(t, err, driver.ErrOutcomeUnknown)
	}
	require.NoError(t, n.Ctl(t.Context(), "set_vm_memory_high_watermark", "0.8"))
	require.Eventually(t, func() bool { return b.Ready() == nil }, patience, 20*time.Millisecond)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "third"}))
}

func TestAbsentServerAndSecrets(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	b, err := rabbitbroker.Open(t.Context(), []string{"amqp://user:geheim@127.0.0.1:1/"}, queues, rabbitbroker.Options{})
	require.NoError(t, err, "a server that is not there yet")
	defer closeBroker(t, b)
	err = b.Publish(t.Context(), name, driver.Message{ID: "m"})
	require.ErrorIs(t, err, driver.ErrUnavailable)
	require.NotContains(t, err.Error(), "geheim")
	for _, address := range []string{"amqp://user:geheim@host:port/", "http://user:geheim@host", "amqp://user:ge heim@%zz/"} {
		_, err := rabbitbroker.Open(t.Context(), []string{address}, queues, rabbitbroker.Options{})
		require.Error(t, err)
		require.False(t, strings.Contains(err.Error(), "heim"), err.Error())
	}
}
