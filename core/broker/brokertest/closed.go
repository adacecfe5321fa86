package brokertest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

func caseClosedBroker(k *kit) {
	k.publish("m1", "m2")
	var after atomic.Bool
	var late atomic.Int32
	first := make(chan driver.Delivery, 1)
	c, err := k.b.Subscribe(k.ctx, k.queue, 1, func(d driver.Delivery) {
		if after.Load() {
			late.Add(1)
		}
		select {
		case first <- d:
		default:
		}
	})
	require.NoError(k, err)
	d := receive(k, first, "the first delivery")
	k.within(k.facts.Patience, "Close", func() { require.NoError(k, k.b.Close(k.ctx)) })
	after.Store(true)

	err = d.Settler.Ack(k.ctx)
	require.True(k, errors.Is(err, driver.ErrLost) || errors.Is(err, driver.ErrClosed), "settle after Close: %v", err)
	require.ErrorIs(k, k.b.Publish(k.ctx, k.queue, message("m3")), driver.ErrClosed)
	_, err = k.b.Depth(k.ctx, k.queue)
	require.ErrorIs(k, err, driver.ErrClosed)
	_, err = k.b.Subscribe(k.ctx, k.queue, 1, func(driver.Delivery) {})
	require.ErrorIs(k, err, driver.ErrClosed)
	require.False(k, c.Ready(), "a consumer of a closed broker is not ready")
	c.Stop()
	require.NoError(k, c.Close())
	require.NoError(k, k.b.Close(k.ctx), "a second Close")
	<-time.After(k.facts.Quiet)
	require.Zero(k, late.Load(), "deliveries after Close")
}

// A clean end gives back what was in flight, as a crash does.
func caseCloseGivesBack(k *kit) {
	k.publish("m1", "m2", "m3")
	got := k.subscribe(k.queue, 2).want("m1", "m2")
	require.NoError(k, got[0].Settler.Ack(k.ctx))
	require.NoError(k, k.b.Close(k.ctx))
	k.crash()
	again := k.subscribe(k.queue, 5)
	again.want("m2", "m3")
	again.quiet()
}
