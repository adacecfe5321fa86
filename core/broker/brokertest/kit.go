package brokertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// kit is what a case works with.
type kit struct {
	testing.TB
	ctx   context.Context
	h     Harness
	facts Facts
	b     driver.Broker
	queue string // the queue of the case
	other string // a second one
}

func newKit(tb testing.TB, h Harness) *kit {
	tb.Helper()
	tag := uuid.NewString()[24:]
	k := &kit{
		TB: tb, ctx: context.Background(), h: h, facts: h.Facts().withDefaults(),
		queue: "test-" + tag + "-a", other: "test-" + tag + "-b",
	}
	delays := []time.Duration{k.facts.Short, k.facts.Long}
	k.b = h.Open(tb, []driver.Queue{{Name: k.queue, Delays: delays}, {Name: k.other, Delays: delays}})
	return k
}

// cleanUp closes the broker. It runs when the case is over, also when it failed.
func (k *kit) cleanUp() {
	k.Helper()
	if err := k.b.Close(k.ctx); err != nil {
		k.Errorf("close the broker: %v", err)
	}
}

func (k *kit) crash() {
	k.Helper()
	k.b = k.h.Crash(k.TB, k.b)
}

func message(id string) driver.Message {
	return driver.Message{ID: id, Kind: "video", Attempt: 1, Schema: 1, Owner: "owner", Body: []byte("body of " + id)}
}

// ids returns m1 … mN.
func ids(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("m%d", i+1))
	}
	return list
}

// publish puts messages with these ids on the queue, one after another.
func (k *kit) publish(ids ...string) {
	k.Helper()
	for _, id := range ids {
		require.NoError(k, k.b.Publish(k.ctx, k.queue, message(id)))
	}
}

// within fails the case unless f ends within its patience.
func (k *kit) within(limit time.Duration, what string, f func()) {
	k.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		require.FailNow(k, "too slow", "%s took longer than %v", what, limit)
	}
}

// receive takes a value from another goroutine, or fails the case.
func receive[T any](k *kit, from <-chan T, what string) T {
	k.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(k.facts.Patience):
		require.FailNow(k, "missing", "%s didn't come within %v", what, k.facts.Patience)
	}
	var none T // FailNow has ended the goroutine
	return none
}

// depth waits until the queue has this depth; age and consumers aside.
func (k *kit) depth(queue string, want driver.Depth) {
	k.Helper()
	var got driver.Depth
	end := time.Now().Add(k.facts.Patience)
	for {
		var err error
		got, err = k.b.Depth(k.ctx, queue)
		require.NoError(k, err)
		got.OldestAge, got.Consumers = 0, 0
		if got == want || time.Now().After(end) {
			break
		}
		<-time.After(5 * time.Millisecond) // there is nothing to wait on: a broker doesn't tell
	}
	require.Equal(k, want, got, "depth of the queue")
}

// inbox is a consumer whose deliveries wait to be looked at.
type inbox struct {
	k        *kit
	consumer driver.Consumer
	arrived  chan arrival
}

type arrival struct {
	driver.Delivery
	at time.Time
}

// subscribe starts a consumer of the queue.
func (k *kit) subscribe(queue string, prefetch int) *inbox {
	k.Helper()
	in := &inbox{k: k, arrived: make(chan arrival, 10_000)}
	c, err := k.b.Subscribe(k.ctx, queue, prefetch, func(d driver.Delivery) { in.arrived <- arrival{d, time.Now()} })
	require.NoError(k, err)
	in.consumer = c
	return in
}

// next returns the next delivery.
func (in *inbox) next() arrival {
	in.k.Helper()
	return receive(in.k, in.arrived, "a delivery")
}

// want takes as many deliveries as there are ids and compares their order.
func (in *inbox) want(ids ...string) []arrival {
	in.k.Helper()
	var got []string
	var list []arrival
	for range ids {
		d := in.next()
		got, list = append(got, d.Message.ID), append(list, d)
	}
	require.Equal(in.k, ids, got, "ids in the order of their deliveries")
	return list
}

// wantAny is want in any order.
func (in *inbox) wantAny(ids ...string) []arrival {
	in.k.Helper()
	var got []string
	var list []arrival
	for range ids {
		d := in.next()
		got, list = append(got, d.Message.ID), append(list, d)
	}
	require.ElementsMatch(in.k, ids, got, "ids delivered")
	return list
}

// quiet fails the case if something arrives.
func (in *inbox) quiet() {
	in.k.Helper()
	select {
	case d := <-in.arrived:
		require.FailNow(in.k, "unexpected", "message %q was delivered", d.Message.ID)
	case <-time.After(in.k.facts.Quiet):
	}
}

// same compares two messages as far as they must survive the way: times to the
// millisecond, no headers and empty headers alike.
func (k *kit) same(want, got driver.Message) {
	k.Helper()
	require.Less(k, want.NotBefore.Sub(got.NotBefore).Abs(), time.Millisecond, "not before: %v, %v", want.NotBefore, got.NotBefore)
	require.Len(k, got.Headers, len(want.Headers))
	for name, value := range want.Headers {
		have, ok := got.Headers[name]
		require.True(k, ok, "header %q is missing", name)
		require.Equal(k, value, have, "header %q", name)
	}
	require.True(k, slices.Equal(want.Body, got.Body),
		"the body has %d bytes, %d were sent, or they differ", len(got.Body), len(want.Body))
	for _, m := range []*driver.Message{&want, &got} {
		m.NotBefore, m.Headers, m.Body = time.Time{}, nil, nil
	}
	require.Equal(k, want, got)
}

// log collects errors of other goroutines, which must not end the case.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
