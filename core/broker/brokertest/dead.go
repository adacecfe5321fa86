package brokertest

import (
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

var reason = driver.Reason{Fault: "source", Text: "503 from „example.org“\nthree times", Stage: "fetch", Attempt: 4}

// letter makes a dead letter of a message with headers and a binary body.
func (k *kit) letter(id string) driver.Message {
	k.Helper()
	m := message(id)
	m.Headers = map[string]string{"note": "kept ✓", "empty": ""}
	m.Body = []byte{0, 255, 10, 13}
	require.NoError(k, k.b.Publish(k.ctx, k.queue, m))
	in := k.subscribe(k.queue, 1)
	require.NoError(k, in.want(id)[0].Settler.Dead(k.ctx, reason))
	require.NoError(k, in.consumer.Close())
	return m
}

// sameLetter compares a dead letter with the message that it was.
func (k *kit) sameLetter(want, got driver.Message) {
	k.Helper()
	h := got.Headers
	require.Equal(k, reason.Fault, h[driver.HeaderDeadFault])
	require.Equal(k, reason.Text, h[driver.HeaderDeadReason])
	require.Equal(k, reason.Stage, h[driver.HeaderDeadStage])
	require.Equal(k, strconv.Itoa(reason.Attempt), h[driver.HeaderDeadAttempt])
	require.Equal(k, k.queue, h[driver.HeaderDeadQueue])
	require.Equal(k, k.queue, h[driver.HeaderDeadKey])
	require.Equal(k, k.facts.Exchange, h[driver.HeaderDeadExchange])
	at, err := time.Parse(time.RFC3339Nano, h[driver.HeaderDeadAt])
	require.NoError(k, err)
	require.WithinDuration(k, time.Now(), at, time.Minute)
	for _, name := range []string{
		driver.HeaderDeadFault, driver.HeaderDeadReason, driver.HeaderDeadStage,
		driver.HeaderDeadAttempt, driver.HeaderDeadQueue, driver.HeaderDeadAt,
		driver.HeaderDeadExchange, driver.HeaderDeadKey,
	} {
		delete(h, name)
	}
	k.same(want, got)
}

func caseDeadLetter(k *kit) {
	m := k.letter("m")
	k.depth(k.queue, driver.Depth{Dead: 1})
	k.subscribe(k.queue, 1).quiet()
	k.sameLetter(m, k.subscribe(driver.DeadQueue(k.queue), 1).want("m")[0].Message)
}

// A dead letter may be looked at any number of times; only an ack takes it
// away.
func caseDeadLetterSettles(k *kit) {
	m := k.letter("m1")
	k.letter("m2")
	in := k.subscribe(driver.DeadQueue(k.queue), 2)
	got := in.want("m1", "m2")
	require.ErrorIs(k, got[0].Settler.Retry(k.ctx, k.facts.Short, 1), driver.ErrDeadLetter)
	require.ErrorIs(k, got[0].Settler.Dead(k.ctx, reason), driver.ErrDeadLetter)
	k.depth(k.queue, driver.Depth{Dead: 2})
	for range 25 { // more often than any delivery limit that a broker sets by itself
		require.NoError(k, got[0].Settler.Release(k.ctx))
		got[0] = in.want("m1")[0]
	}
	k.sameLetter(m, got[0].Message)
	require.NoError(k, got[1].Settler.Ack(k.ctx))
	k.depth(k.queue, driver.Depth{Dead: 1})
	require.NoError(k, in.consumer.Close())
	again := k.subscribe(driver.DeadQueue(k.queue), 2).want("m1")[0]
	require.NoError(k, again.Settler.Ack(k.ctx))
	k.depth(k.queue, driver.Depth{})
}

func caseDeadLetterIsDurable(k *kit) {
	m := k.letter("m")
	k.crash()
	k.depth(k.queue, driver.Depth{Dead: 1})
	k.subscribe(k.queue, 1).quiet()
	k.sameLetter(m, k.subscribe(driver.DeadQueue(k.queue), 1).want("m")[0].Message)
}
