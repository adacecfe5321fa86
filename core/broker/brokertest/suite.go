// Package brokertest is the conformance suite of the broker adapters. What all
// adapters promise is tested here and only here; an adapter's own tests cover
// what is its alone.
//
//	func TestConformance(t *testing.T) {
//		brokertest.Run(t, func(tb testing.TB) brokertest.Harness { return newHarness(tb) })
//	}
//
// The suite runs in real time, because brokers outside the process know no
// other; the delays it uses are the harness's choice. It speaks only of what
// package driver promises: adapters with fixed delays, several processes or a
// network between can pass it as they are.
package brokertest

import (
	"flag"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// Harness gives one case its broker. Every case has a Harness of its own, and
// all cases run in parallel.
type Harness interface {
	// Open returns an empty broker with these queues. Their names are new in
	// every case. The suite closes the broker.
	Open(tb testing.TB, queues []driver.Queue) driver.Broker
	// Crash ends b as the death of its process would, without a goodbye, and
	// opens what is left of the same queues. It is called only when Caps say
	// Durable. The suite closes the new broker; the harness frees the old one.
	Crash(tb testing.TB, b driver.Broker) driver.Broker
	// Facts says what the suite has to know beside Caps.
	Facts() Facts
}

// Facts of an adapter and of the place where it is tested. Zero fields mean
// the defaults.
type Facts struct {
	// Short and Long are two delays that the adapter keeps exactly; Long is at
	// least five times Short. Default: 200 ms and 1.5 s.
	Short, Long time.Duration
	// Lag is how late a delayed message may be when a consumer is free.
	// Default, and what is promised to users: 1 s.
	Lag time.Duration
	// Wake is how late a message may reach an idle consumer. Default: 100 ms.
	Wake time.Duration
	// Patience is how long the suite waits for what must happen before it
	// calls it missing. Default: 10 s.
	Patience time.Duration
	// Quiet is how long it looks for what must not happen. Default: 150 ms.
	Quiet time.Duration
	// Load is the number of messages in the load case. Default: 1,000.
	Load int
	// Exchange is what a dead letter tells of where its message was published to;
	// "" for a broker without exchanges.
	Exchange string
}

func (f Facts) withDefaults() Facts {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&f.Short, 500*time.Millisecond)
	set(&f.Long, 4*time.Second)
	set(&f.Lag, 5*time.Second)
	set(&f.Wake, 100*time.Millisecond)
	set(&f.Patience, 10*time.Second)
	set(&f.Quiet, 150*time.Millisecond)
	if f.Load == 0 {
		f.Load = 1000
	}
	return f
}

// Exclusion names a case that an adapter can't pass, and why. Cases about
// durability need none: they follow Caps.
type Exclusion struct {
	Case   string
	Reason string
}

// Case is one promise of the driver.
type Case struct {
	Name    string
	Durable bool // only for adapters whose Caps say Durable
	run     func(k *kit)
}

// Cases lists the suite.
func Cases() []Case {
	return []Case{
		{Name: "caps", run: caseCaps},
		{Name: "publish_is_durable", Durable: true, run: casePublishIsDurable},
		{Name: "fifo", run: caseFIFO},
		{Name: "message_round_trip", run: caseMessageRoundTrip},
		{Name: "bodies", run: caseBodies},
		{Name: "body_over_limit", run: caseBodyOverLimit},
		{Name: "not_before", run: caseNotBefore},
		{Name: "unknown_queue", run: caseUnknownQueue},
		{Name: "same_id_twice", run: caseSameIDTwice},

		{Name: "prefetch", run: casePrefetch},
		{Name: "idle_consumer_is_woken", run: caseIdleConsumerIsWoken},
		{Name: "consumers_share", run: caseConsumersShare},
		{Name: "queues_are_apart", run: caseQueuesAreApart},
		{Name: "stop", run: caseStop},
		{Name: "settle_after_stop", run: caseSettleAfterStop},
		{Name: "consumer_close_gives_back", run: caseConsumerCloseGivesBack},
		{Name: "consumer_ready", run: caseConsumerReady},

		{Name: "ack", run: caseAck},
		{Name: "ack_is_durable", Durable: true, run: caseAckIsDurable},
		{Name: "release", run: caseRelease},
		{Name: "settle_once", run: caseSettleOnce},
		{Name: "settle_race", run: caseSettleRace},
		{Name: "crash_gives_back_in_order", Durable: true, run: caseCrashGivesBackInOrder},

		{Name: "retry_delay", run: caseRetryDelay},
		{Name: "retry_overtakes", run: caseRetryOvertakes},
		{Name: "retry_keeps_message", run: caseRetryKeepsMessage},
		{Name: "retry_is_durable", Durable: true, run: caseRetryIsDurable},

		{Name: "dead_letter", run: caseDeadLetter},
		{Name: "dead_letter_settles", run: caseDeadLetterSettles},
		{Name: "dead_letter_is_durable", Durable: true, run: caseDeadLetterIsDurable},

		{Name: "depth", run: caseDepth},
		{Name: "load", run: caseLoad},
		{Name: "closed_broker", run: caseClosedBroker},
		{Name: "close_gives_back", Durable: true, run: caseCloseGivesBack},
		{Name: "port_releases_unsettled", run: casePortReleasesUnsettled},
		{Name: "port_drains", run: casePortDrains},
	}
}

// Run runs the suite on the adapter of newHarness.
func Run(t *testing.T, newHarness func(tb testing.TB) Harness, exclude ...Exclusion) {
	t.Helper()
	cases := without(t, exclude)
	durable := isDurable(t, newHarness(t))
	var mu sync.Mutex
	var want, ran []string
	t.Run("case", func(t *testing.T) {
		for _, c := range cases {
			if c.Durable && !durable {
				continue
			}
			want = append(want, c.Name)
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				runCase(t, newHarness(t), c)
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, c.Name)
			})
		}
	})
	if t.Failed() || filtered() {
		return
	}
	require.ElementsMatch(t, want, ran, "every case must run to its end")
}

// filtered reports whether the user asked for some of the cases only.
func filtered() bool {
	for _, name := range []string{"test.run", "test.skip"} {
		if f := flag.Lookup(name); f != nil && strings.Contains(f.Value.String(), "/") {
			return true
		}
	}
	return false
}

func without(t *testing.T, exclude []Exclusion) []Case {
	t.Helper()
	reasons := make(map[string]string)
	for _, e := range exclude {
		require.NotEmpty(t, e.Reason, "the exclusion of %q needs a reason", e.Case)
		reasons[e.Case] = e.Reason
	}
	var cases []Case
	for _, c := range Cases() {
		if reason, ok := reasons[c.Name]; ok {
			t.Logf("case %s is excluded: %s", c.Name, reason)
			delete(reasons, c.Name)
			continue
		}
		cases = append(cases, c)
	}
	require.Empty(t, reasons, "these exclusions name no case")
	return cases
}

func isDurable(tb testing.TB, h Harness) bool {
	k := newKit(tb, h)
	defer k.cleanUp()
	return k.b.Caps().Durable
}

func runCase(tb testing.TB, h Harness, c Case) {
	k := newKit(tb, h)
	defer k.cleanUp()
	c.run(k)
}
