package rabbitbroker_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
)

// A message that is released over and over spends nothing of the server's
// limit of hand-outs, while the one whose consumer crashes does.
func TestReleaseSpendsNothing(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue()
	b := open(t, shared, queues, rabbitbroker.Options{})
	defer closeBroker(t, b)
	sent := driver.Message{
		ID: "m", Kind: "video", Attempt: 2, Schema: 1, Owner: "owner", Headers: map[string]string{"note": "kept"}, Body: []byte("body"),
	}
	require.NoError(t, b.Publish(t.Context(), name, sent))
	arrived := make(chan driver.Delivery, 1)
	c, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	d := next(t, arrived)
	entered := d.EnqueuedAt
	for range 30 {
		require.NoError(t, d.Settler.Release(t.Context()))
		require.ErrorIs(t, d.Settler.Ack(t.Context()), driver.ErrSettled)
		d = next(t, arrived)
		require.Equal(t, sent, d.Message)
		require.True(t, entered.Equal(d.EnqueuedAt))
	}
	require.NoError(t, d.Settler.Release(t.Context()))
	require.NoError(t, c.Close())
	crash(t, b, name, 4)
	depth, err := b.Depth(t.Context(), name)
	require.NoError(t, err)
	require.Zero(t, depth.Dead, "after some crashes it is still there")
	c, err = b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, next(t, arrived).Settler.Ack(t.Context()))
	require.NoError(t, c.Close())
}

func TestCrashesEndInDeadQueue(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(100 * time.Millisecond)
	b := open(t, shared, queues, rabbitbroker.Options{})
	defer closeBroker(t, b)
	// It was retried before: what the server noted then must not be taken for
	// the reason of its death.
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m", Attempt: 2, NotBefore: time.Now().Add(50 * time.Millisecond)}))
	crash(t, b, name, 9)
	letters := make(chan driver.Delivery, 1)
	_, err := b.Subscribe(t.Context(), driver.DeadQueue(name), 1, func(d driver.Delivery) { letters <- d })
	require.NoError(t, err)
	d := next(t, letters)
	require.Equal(t, "m", d.Message.ID)
	require.Equal(t, name, d.Message.Headers[driver.HeaderDeadQueue])
	require.Equal(t, "studycast.jobs", d.Message.Headers[driver.HeaderDeadExchange])
	require.Equal(t, name, d.Message.Headers[driver.HeaderDeadKey])
	require.Equal(t, "poison", d.Message.Headers[driver.HeaderDeadFault])
	require.Equal(t, "handed out more than 8 times without an answer", d.Message.Headers[driver.HeaderDeadReason])
	require.NoError(t, d.Settler.Ack(t.Context()))
}

func TestFailpoints(t *testing.T) {
	t.Parallel()
	name, queues := oneQueue(100 * time.Millisecond)
	var mu sync.Mutex
	var passed []string
	b := open(t, shared, queues, rabbitbroker.Options{Failpoint: func(name string) {
		mu.Lock()
		defer mu.Unlock()
		passed = append(passed, name)
	}})
	defer closeBroker(t, b)
	arrived := make(chan driver.Delivery, 1)
	_, err := b.Subscribe(t.Context(), name, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), name, driver.Message{ID: "m"}))
	for range 5 {
		require.NoError(t, next(t, arrived).Settler.Release(t.Context()))
	}
	require.NoError(t, next(t, arrived).Settler.Retry(t.Context(), time.Millisecond, 2))
	require.NoError(t, next(t, arrived).Settler.Dead(t.Context(), driver.Reason{}))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{
		"after-release-publish-before-ack", "after-retry-publish-before-ack", "after-dead-publish-before-ack",
	}, passed)
}
