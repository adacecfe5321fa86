package brokertest

import (
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// caseDepth walks messages through every state and counts at each step.
func caseDepth(k *kit) {
	k.depth(k.queue, driver.Depth{})
	k.publish(ids(5)...)
	k.depth(k.queue, driver.Depth{Ready: 5})

	in := k.subscribe(k.queue, 4)
	got := in.want(ids(4)...)
	k.depth(k.queue, driver.Depth{Ready: 1, InFlight: 4})
	in.consumer.Stop()

	require.NoError(k, got[0].Settler.Ack(k.ctx))
	k.depth(k.queue, driver.Depth{Ready: 1, InFlight: 3})
	require.NoError(k, got[1].Settler.Retry(k.ctx, k.facts.Long, 2))
	k.depth(k.queue, driver.Depth{Ready: 1, InFlight: 2, Delayed: 1})
	require.NoError(k, got[2].Settler.Dead(k.ctx, driver.Reason{Fault: "internal"}))
	k.depth(k.queue, driver.Depth{Ready: 1, InFlight: 1, Delayed: 1, Dead: 1})
	require.NoError(k, got[3].Settler.Release(k.ctx))
	k.depth(k.queue, driver.Depth{Ready: 2, Delayed: 1, Dead: 1})

	// What is due counts as ready, also when nobody consumes.
	k.depth(k.queue, driver.Depth{Ready: 3, Dead: 1})
	d, err := k.b.Depth(k.ctx, k.queue)
	require.NoError(k, err)
	require.LessOrEqual(k, d.Consumers, 0, "no consumer, or -1 when not known")
	if d.OldestAge > 0 {
		require.Greater(k, d.OldestAge, k.facts.Long/2, "the oldest was published before the long delay began")
	}

	// A dead letter in somebody's hands is still there.
	dead := k.subscribe(driver.DeadQueue(k.queue), 1)
	letter := dead.want("m3")[0]
	k.depth(k.queue, driver.Depth{Ready: 3, Dead: 1})
	require.NoError(k, letter.Settler.Ack(k.ctx))
	k.depth(k.queue, driver.Depth{Ready: 3})
	k.depth(k.other, driver.Depth{})
}
