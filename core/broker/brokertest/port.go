package brokertest

import (
	"context"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
)

// consume runs the port's Consume and returns how to end it: end waits for its
// result.
func (k *kit) consume(
	p *broker.Broker, prefetch int, handle func(context.Context, *broker.Delivery),
) (cancel func(), end func() error) {
	ctx, cancel := context.WithCancel(k.ctx)
	result := make(chan error, 1)
	go func() { result <- p.Consume(ctx, k.queue, prefetch, handle) }()
	return cancel, func() error {
		cancel()
		select {
		case err := <-result:
			return err
		case <-time.After(k.facts.Patience):
			return context.DeadlineExceeded
		}
	}
}

// A handler that returns or panics without settling costs nothing but a
// delivery.
func casePortReleasesUnsettled(k *kit) {
	k.publish("m")
	rounds := make(chan *broker.Delivery, 10)
	round := 0 // prefetch 1: one handler at a time
	cancel, end := k.consume(broker.New(k.b, broker.Options{}), 1, func(ctx context.Context, d *broker.Delivery) {
		round++
		rounds <- d
		switch round {
		case 1: // returns
		case 2:
			panic("a handler's mistake")
		default:
			_ = d.Ack(ctx) // seen in the depth
		}
	})
	defer cancel()
	for range 3 {
		d := receive(k, rounds, "the unsettled message")
		k.same(message("m"), d.Message)
	}
	require.NoError(k, end())
	k.depth(k.queue, driver.Depth{})
}

// When its context ends, Consume takes nothing new, lets the handler finish
// and settle, and leaves the rest where it is.
func casePortDrains(k *kit) {
	k.publish("m1", "m2", "m3")
	began, finish := make(chan string, 10), make(chan struct{})
	free := sync.OnceFunc(func() { close(finish) })
	defer free()
	settled := make(chan error, 10)
	cancel, end := k.consume(broker.New(k.b, broker.Options{}), 1, func(ctx context.Context, d *broker.Delivery) {
		began <- d.Message.ID
		<-finish
		if err := ctx.Err(); err != nil {
			settled <- err
			return
		}
		settled <- d.Ack(ctx)
	})
	defer cancel()
	require.Equal(k, "m1", receive(k, began, "the first delivery"))
	cancel()
	<-time.After(k.facts.Quiet)
	free()
	require.NoError(k, receive(k, settled, "the settling"), "the handler of the drain settles, in a context that is still good")
	require.NoError(k, end())
	k.depth(k.queue, driver.Depth{Ready: 2})
	require.Empty(k, began, "nothing new began")
	k.subscribe(k.queue, 2).want("m2", "m3")
}
