package brokertest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

func casePrefetch(k *kit) {
	want := ids(6)
	k.publish(want...)
	in := k.subscribe(k.queue, 3)
	got := in.want(want[:3]...)
	in.quiet()
	require.NoError(k, got[1].Settler.Ack(k.ctx))
	in.want(want[3])
	in.quiet()
	require.NoError(k, got[0].Settler.Retry(k.ctx, k.facts.Long, 2))
	in.want(want[4])
	require.NoError(k, got[2].Settler.Dead(k.ctx, driver.Reason{Fault: "internal"}))
	in.want(want[5])
	in.quiet()
}

func caseIdleConsumerIsWoken(k *kit) {
	in := k.subscribe(k.queue, 10)
	k.publish("first")
	in.want("first")
	var took time.Duration
	for _, id := range ids(3) { // the best of three: another process may hold the processor
		in.quiet()
		k.publish(id)
		published := time.Now()
		took = in.want(id)[0].at.Sub(published)
		if took <= k.facts.Wake {
			return
		}
	}
	require.LessOrEqual(k, took, k.facts.Wake, "an idle consumer was woken too late")
}

func caseConsumersShare(k *kit) {
	const n = 100
	a, b := k.subscribe(k.queue, 10), k.subscribe(k.queue, 10)
	k.publish(ids(n)...)
	gotA, gotB := 0, 0
	for gotA+gotB < n {
		var d arrival
		select {
		case d = <-a.arrived:
			gotA++
		case d = <-b.arrived:
			gotB++
		case <-time.After(k.facts.Patience):
			require.FailNow(k, "missing", "%d of %d messages came", gotA+gotB, n)
		}
		require.NoError(k, d.Settler.Ack(k.ctx))
	}
	require.GreaterOrEqual(k, gotA, n/10, "the first consumer starved")
	require.GreaterOrEqual(k, gotB, n/10, "the second consumer starved")
}

func caseQueuesAreApart(k *kit) {
	a, b := k.subscribe(k.queue, 1), k.subscribe(k.other, 1)
	k.publish("a1", "a2")
	require.NoError(k, k.b.Publish(k.ctx, k.other, message("b1")))
	held := a.want("a1")[0]
	first := b.want("b1")[0]
	b.quiet()
	require.NoError(k, first.Settler.Dead(k.ctx, driver.Reason{Fault: "internal"}))
	k.depth(k.queue, driver.Depth{Ready: 1, InFlight: 1})
	k.depth(k.other, driver.Depth{Dead: 1})
	require.NoError(k, held.Settler.Ack(k.ctx))
	a.want("a2")
}

func caseStop(k *kit) {
	in := k.subscribe(k.queue, 1)
	k.publish(ids(5)...)
	held := in.want("m1")[0]
	k.within(3*time.Second, "Stop", in.consumer.Stop)
	k.within(3*time.Second, "a second Stop", in.consumer.Stop)
	require.NoError(k, held.Settler.Ack(k.ctx))
	k.publish("m6")
	in.quiet()
	k.depth(k.queue, driver.Depth{Ready: 5})
	k.subscribe(k.queue, 10).want("m2", "m3", "m4", "m5", "m6")
}

func caseSettleAfterStop(k *kit) {
	in := k.subscribe(k.queue, 4)
	k.publish(ids(4)...)
	got := in.want(ids(4)...)
	in.consumer.Stop()
	k.depth(k.queue, driver.Depth{InFlight: 4})
	require.NoError(k, got[0].Settler.Ack(k.ctx))
	require.NoError(k, got[1].Settler.Retry(k.ctx, k.facts.Long, 2))
	require.NoError(k, got[2].Settler.Dead(k.ctx, driver.Reason{Fault: "internal"}))
	require.NoError(k, got[3].Settler.Release(k.ctx))
	k.depth(k.queue, driver.Depth{Ready: 1, Delayed: 1, Dead: 1})
	require.NoError(k, in.consumer.Close())
	k.subscribe(k.queue, 1).want("m4")
}

func caseConsumerCloseGivesBack(k *kit) {
	k.publish(ids(4)...)
	dies := k.subscribe(k.queue, 3)
	got := dies.want("m1", "m2", "m3")
	require.NoError(k, got[1].Settler.Ack(k.ctx))
	dies.want("m4")
	lives := k.subscribe(k.queue, 10)
	lives.quiet()
	require.NoError(k, dies.consumer.Close())
	for _, d := range lives.wantAny("m1", "m3", "m4") {
		require.NotEqual(k, 1, d.Count, "handed out twice; 0 when the broker can't tell")
		k.same(message(d.Message.ID), d.Message)
	}
	require.ErrorIs(k, got[0].Settler.Ack(k.ctx), driver.ErrLost)
	require.ErrorIs(k, got[2].Settler.Retry(k.ctx, k.facts.Short, 2), driver.ErrLost)
	require.ErrorIs(k, got[2].Settler.Dead(k.ctx, driver.Reason{}), driver.ErrLost)
	require.ErrorIs(k, got[2].Settler.Release(k.ctx), driver.ErrLost)
	k.depth(k.queue, driver.Depth{InFlight: 3})
}

func caseConsumerReady(k *kit) {
	in := k.subscribe(k.queue, 1)
	require.Eventually(k, in.consumer.Ready, k.facts.Patience, 5*time.Millisecond, "the consumer is never ready")
	in.consumer.Stop()
	require.False(k, in.consumer.Ready(), "a stopped consumer is not ready")
	require.NoError(k, in.consumer.Close())
	require.NoError(k, in.consumer.Close(), "a second Close")
	require.False(k, in.consumer.Ready(), "a closed consumer is not ready")
}
