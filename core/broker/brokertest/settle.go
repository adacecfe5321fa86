package brokertest

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

func caseAck(k *kit) {
	k.publish("m1", "m2")
	in := k.subscribe(k.queue, 2)
	for _, d := range in.want("m1", "m2") {
		require.NoError(k, d.Settler.Ack(k.ctx))
	}
	k.depth(k.queue, driver.Depth{})
	require.NoError(k, in.consumer.Close())
	k.subscribe(k.queue, 2).quiet()
}

func caseAckIsDurable(k *kit) {
	k.publish(ids(6)...)
	in := k.subscribe(k.queue, 6)
	for i, d := range in.want(ids(6)...) {
		if i%2 == 0 {
			require.NoError(k, d.Settler.Ack(k.ctx))
		}
	}
	k.crash()
	again := k.subscribe(k.queue, 6)
	again.want("m2", "m4", "m6")
	again.quiet()
}

// Release costs nothing: the message is the same and stands where it stood.
func caseRelease(k *kit) {
	k.publish(ids(4)...)
	in := k.subscribe(k.queue, 1)
	d := in.want("m1")[0]
	require.NoError(k, d.Settler.Release(k.ctx))
	d = in.want("m1")[0]
	k.same(message("m1"), d.Message)
	require.NotEqual(k, 1, d.Count, "handed out twice; 0 when the broker can't tell")
	require.NoError(k, d.Settler.Ack(k.ctx))
	for _, id := range []string{"m2", "m3", "m4"} {
		require.NoError(k, in.want(id)[0].Settler.Ack(k.ctx))
	}
	k.depth(k.queue, driver.Depth{})
}

// settlings are all ways to settle a delivery.
func (k *kit) settlings() map[string]func(driver.Settler) error {
	return map[string]func(driver.Settler) error{
		"ack":     func(s driver.Settler) error { return s.Ack(k.ctx) },
		"retry":   func(s driver.Settler) error { return s.Retry(k.ctx, k.facts.Short, 2) },
		"dead":    func(s driver.Settler) error { return s.Dead(k.ctx, driver.Reason{Fault: "internal"}) },
		"release": func(s driver.Settler) error { return s.Release(k.ctx) },
	}
}

func caseSettleOnce(k *kit) {
	for first, settle := range k.settlings() {
		in := k.subscribe(k.queue, 1)
		k.publish(first)
		d := in.want(first)[0]
		in.consumer.Stop() // a released message must not come to this one again
		require.NoError(k, settle(d.Settler))
		for second, again := range k.settlings() {
			require.ErrorIs(k, again(d.Settler), driver.ErrSettled, "%s after %s", second, first)
		}
		require.NoError(k, in.consumer.Close())
		if first == "release" || first == "retry" {
			rest := k.subscribe(k.queue, 1)
			require.NoError(k, rest.want(first)[0].Settler.Ack(k.ctx))
			require.NoError(k, rest.consumer.Close())
		}
	}
	k.depth(k.queue, driver.Depth{Dead: 1})
}

func caseSettleRace(k *kit) {
	in := k.subscribe(k.queue, 1)
	for _, id := range ids(20) {
		k.publish(id)
		d := in.want(id)[0]
		var won atomic.Int32
		var others log
		var run sync.WaitGroup
		for range 4 {
			run.Go(func() {
				err := d.Settler.Ack(k.ctx)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, driver.ErrSettled):
					others.add("%v", err)
				}
			})
		}
		run.Wait()
		require.EqualValues(k, 1, won.Load(), "so many of four calls settled the delivery")
		require.Empty(k, others.String())
	}
	k.depth(k.queue, driver.Depth{})
}

func caseCrashGivesBackInOrder(k *kit) {
	k.publish(ids(6)...)
	in := k.subscribe(k.queue, 3)
	got := in.want("m1", "m2", "m3")
	require.NoError(k, got[1].Settler.Ack(k.ctx))
	in.want("m4")
	k.crash()
	k.depth(k.queue, driver.Depth{Ready: 5})
	again := k.subscribe(k.queue, 10)
	again.want("m1", "m3", "m4", "m5", "m6")
	again.quiet()
}
