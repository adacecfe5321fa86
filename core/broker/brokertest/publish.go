package brokertest

import (
	"bytes"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
)

func caseCaps(k *kit) {
	c := k.b.Caps()
	require.NotEmpty(k, c.Name)
	require.GreaterOrEqual(k, c.MaxBody, 1<<20, "a body of 1 MiB must fit")
	for i := 1; i < len(c.Delays); i++ {
		require.Greater(k, c.Delays[i], c.Delays[i-1], "levels must rise")
	}
	require.GreaterOrEqual(k, k.facts.Long, 5*k.facts.Short, "facts of the harness")
}

func casePublishIsDurable(k *kit) {
	want := ids(20)
	k.publish(want...)
	k.crash()
	in := k.subscribe(k.queue, 50)
	for _, d := range in.want(want...) {
		k.same(message(d.Message.ID), d.Message)
	}
	in.quiet()
}

func caseFIFO(k *kit) {
	want := ids(50)
	k.publish(want[:30]...)
	in := k.subscribe(k.queue, 1)
	k.publish(want[30:]...)
	for _, id := range want {
		d := in.next()
		require.Equal(k, id, d.Message.ID)
		require.NoError(k, d.Settler.Ack(k.ctx))
	}
}

func caseMessageRoundTrip(k *kit) {
	full := driver.Message{
		ID: "018f2b3c-7a10-7cc2-9e57-0242ac120002", Kind: "audio", Attempt: 3, Schema: 7, Owner: "Zoë/組織 ☃",
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		NotBefore:   time.Now().Add(-time.Hour).UTC(),
		Headers: map[string]string{
			"plain": "value", "empty": "", "Case-Kept": "x", "naïve ключ": "値 \U0001F600", "quoted": "\"a\\b\"\n\t;,=",
			"long": strings.Repeat("é", 4000),
		},
		Body: []byte(`{"k":"v"}`),
	}
	bare := driver.Message{ID: "bare"}
	in := k.subscribe(k.queue, 2)
	for _, m := range []driver.Message{full, bare} {
		before := time.Now()
		require.NoError(k, k.b.Publish(k.ctx, k.queue, m))
		d := in.next()
		k.same(m, d.Message)
		require.LessOrEqual(k, d.Count, 1, "the first delivery counts 1, or 0 when the broker can't tell")
		if !d.EnqueuedAt.IsZero() {
			require.WithinRange(k, d.EnqueuedAt, before.Add(-2*time.Second), time.Now().Add(2*time.Second))
		}
	}
}

func caseBodies(k *kit) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	in := k.subscribe(k.queue, 1)
	large := bytes.Repeat(every, 1<<20/len(every))
	for _, body := range [][]byte{nil, {}, {0}, every, []byte("\xff\xfe not text \x00"), large} {
		m := message("m")
		m.Body = bytes.Clone(body)
		require.NoError(k, k.b.Publish(k.ctx, k.queue, m))
		clear(m.Body) // the buffer is the caller's again
		d := in.next()
		require.True(k, bytes.Equal(body, d.Message.Body),
			"body of %d bytes came back with %d, or changed", len(body), len(d.Message.Body))
		require.NoError(k, d.Settler.Ack(k.ctx))
	}
}

// The port refuses what is over the limit of Caps, so that no adapter has to;
// what is exactly at the limit must pass.
func caseBodyOverLimit(k *kit) {
	p := broker.New(k.b, broker.Options{})
	limit := p.Caps().MaxBody
	m := message("m")
	m.Body = make([]byte, limit+1)
	err := p.Publish(k.ctx, k.queue, m)
	require.ErrorIs(k, err, broker.ErrInvalid)
	require.False(k, broker.Temporary(err))
	m.Body = m.Body[:limit]
	require.NoError(k, p.Publish(k.ctx, k.queue, m))
	require.Len(k, k.subscribe(k.queue, 1).next().Message.Body, limit)
}

func caseNotBefore(k *kit) {
	in := k.subscribe(k.queue, 10)
	later, past := message("later"), message("past")
	later.NotBefore = time.Now().Add(k.facts.Short)
	past.NotBefore = time.Now().Add(-time.Minute)
	require.NoError(k, k.b.Publish(k.ctx, k.queue, later))
	require.NoError(k, k.b.Publish(k.ctx, k.queue, past))
	k.publish("now")
	got := in.want("past", "now", "later")
	require.False(k, got[2].at.Before(later.NotBefore), "delivered %v too early", later.NotBefore.Sub(got[2].at))
	require.Less(k, got[2].at.Sub(later.NotBefore), k.facts.Lag, "delivered too late")
}

func caseUnknownQueue(k *kit) {
	for _, name := range []string{"no-such-queue", "", driver.DeadQueue(k.queue), driver.DeadQueue("no-such-queue")} {
		require.ErrorIs(k, k.b.Publish(k.ctx, name, message("m")), driver.ErrUnknownQueue, "publish to %q", name)
		_, err := k.b.Depth(k.ctx, name)
		require.ErrorIs(k, err, driver.ErrUnknownQueue, "depth of %q", name)
	}
	_, err := k.b.Subscribe(k.ctx, "no-such-queue", 1, func(driver.Delivery) {})
	require.ErrorIs(k, err, driver.ErrUnknownQueue)
	k.publish("still-works")
	k.subscribe(k.queue, 1).want("still-works")
}

// A broker doesn't recognise doubles: after an unknown outcome the publisher
// sends again, and the fence behind the broker sorts it out.
func caseSameIDTwice(k *kit) {
	k.publish("twin", "twin")
	in := k.subscribe(k.queue, 2)
	for _, d := range in.want("twin", "twin") {
		require.NoError(k, d.Settler.Ack(k.ctx))
	}
}
