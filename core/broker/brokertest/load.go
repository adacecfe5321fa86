package brokertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// ledger knows for each message of the load case who has it.
type ledger struct {
	log
	inHand  sync.Map // id -> struct{} while a handler has it
	rounds  sync.Map // id -> *atomic.Int32: deliveries so far
	acked   atomic.Int64
	target  int64
	allDone chan struct{}
}

// caseLoad: many producers and consumers at once. Every message is handed
// out several times: released, retried, then acked. None is lost, none is in
// two hands at the same time, none comes after its ack.
func caseLoad(k *kit) {
	const producers, consumers = 8, 6
	l := &ledger{target: int64(k.facts.Load / producers * producers), allDone: make(chan struct{})}
	for range consumers {
		_, err := k.b.Subscribe(k.ctx, k.queue, 5, func(d driver.Delivery) { go k.handle(l, d) })
		require.NoError(k, err)
	}
	var run sync.WaitGroup
	for p := range producers {
		run.Go(func() {
			for i := range k.facts.Load / producers {
				if err := k.b.Publish(k.ctx, k.queue, message(fmt.Sprintf("p%d-%d", p, i))); err != nil {
					l.add("publish: %v", err)
				}
			}
		})
	}
	run.Wait()
	select {
	case <-l.allDone:
	case <-time.After(3 * k.facts.Patience):
	}
	require.Equal(k, l.target, l.acked.Load(), "messages acked")
	k.depth(k.queue, driver.Depth{})
	require.Empty(k, l.String())
}

func (k *kit) handle(l *ledger, d driver.Delivery) {
	id := d.Message.ID
	if _, taken := l.inHand.LoadOrStore(id, struct{}{}); taken {
		l.add("message %s is in two hands", id)
		return
	}
	value, _ := l.rounds.LoadOrStore(id, new(atomic.Int32))
	round := value.(*atomic.Int32).Add(1) //nolint:forcetypeassert // only this line stores
	l.inHand.Delete(id)                   // before the settling: after it the next hand has it
	var err error
	switch {
	case round == 1 && len(id)%2 == 0:
		err = d.Settler.Release(k.ctx)
	case round == 2 && id[len(id)-1] == '7':
		err = d.Settler.Retry(k.ctx, k.facts.Short, 2)
	default:
		value.(*atomic.Int32).Store(1 << 20) //nolint:forcetypeassert // see above
		if round > 1<<20 {
			l.add("message %s came after its ack", id)
		}
		if err = d.Settler.Ack(k.ctx); err == nil && l.acked.Add(1) == l.target {
			close(l.allDone)
		}
	}
	if err != nil {
		l.add("settle %s: %v", id, err)
	}
}
