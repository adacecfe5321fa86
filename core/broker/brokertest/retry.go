package brokertest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// punctual checks that d came no earlier than delay after the call to Retry
// began and no later than the lag after delay since it returned.
func (k *kit) punctual(d arrival, delay time.Duration, began, returned time.Time) {
	k.Helper()
	require.GreaterOrEqual(k, d.at.Sub(began), delay, "message %q came too early", d.Message.ID)
	require.Less(k, d.at.Sub(returned), delay+k.facts.Lag, "message %q came too late", d.Message.ID)
}

func caseRetryDelay(k *kit) {
	k.publish("m1", "m2")
	in := k.subscribe(k.queue, 1)
	for _, id := range []string{"m1", "m2"} {
		d := in.want(id)[0]
		began := time.Now()
		require.NoError(k, d.Settler.Retry(k.ctx, k.facts.Short, 2))
		returned := time.Now()
		if id == "m1" { // nobody waits behind a delayed message
			next := in.want("m2")[0]
			require.Less(k, next.at.Sub(began), k.facts.Short+k.facts.Lag)
			require.NoError(k, next.Settler.Release(k.ctx))
			require.NoError(k, in.want("m2")[0].Settler.Ack(k.ctx))
			again := in.want("m1")[0]
			k.punctual(again, k.facts.Short, began, returned)
			require.NoError(k, again.Settler.Ack(k.ctx))
			k.publish("m2")
			continue
		}
		k.punctual(in.want("m2")[0], k.facts.Short, began, returned)
	}
}

// A short delay overtakes a long one that began before it, and a message
// without one overtakes both.
func caseRetryOvertakes(k *kit) {
	k.publish("long", "short")
	in := k.subscribe(k.queue, 10)
	got := in.want("long", "short")
	longBegan := time.Now()
	require.NoError(k, got[0].Settler.Retry(k.ctx, k.facts.Long, 2))
	longReturned := time.Now()
	shortBegan := time.Now()
	require.NoError(k, got[1].Settler.Retry(k.ctx, k.facts.Short, 2))
	shortReturned := time.Now()
	k.publish("now")
	again := in.want("now", "short", "long")
	k.punctual(again[1], k.facts.Short, shortBegan, shortReturned)
	k.punctual(again[2], k.facts.Long, longBegan, longReturned)
}

func caseRetryKeepsMessage(k *kit) {
	m := message("m")
	m.Headers = map[string]string{"note": "kept", "empty": ""}
	m.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	m.Body = []byte{0, 1, 2, 255}
	require.NoError(k, k.b.Publish(k.ctx, k.queue, m))
	in := k.subscribe(k.queue, 1)
	for attempt := 2; attempt <= 4; attempt++ {
		require.NoError(k, in.want("m")[0].Settler.Retry(k.ctx, k.facts.Short, attempt))
		m.Attempt = attempt
	}
	d := in.want("m")[0]
	k.same(m, d.Message)
	require.NoError(k, d.Settler.Retry(k.ctx, 0, 5))
	require.Equal(k, 5, in.want("m")[0].Message.Attempt, "a retry without delay comes at once")
}

func caseRetryIsDurable(k *kit) {
	k.publish("m1", "m2")
	in := k.subscribe(k.queue, 2)
	got := in.want("m1", "m2")
	began := time.Now()
	require.NoError(k, got[0].Settler.Retry(k.ctx, k.facts.Long, 2))
	returned := time.Now()
	k.crash()
	k.depth(k.queue, driver.Depth{Ready: 1, Delayed: 1})
	again := k.subscribe(k.queue, 2)
	list := again.want("m2", "m1")
	k.punctual(list[1], k.facts.Long, began, returned)
	require.Equal(k, 2, list[1].Message.Attempt)
	again.quiet()
}
