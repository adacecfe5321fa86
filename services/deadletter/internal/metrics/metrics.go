// Package metrics counts what the dead-letter service does, and observes the
// queues. What it shows is defined in All; every label is of a closed set.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Outcomes of a replay, as label values.
const (
	Replayed    = "replayed"
	Refused     = "refused"
	Unavailable = "unavailable"
)

// Events of a replay, as label values.
const (
	Created = "created"
	Paused  = "paused"
	Resumed = "resumed"
	Stopped = "stopped" // by an operator
	Halted  = "halted"  // by itself
	Done    = "done"
)

// Calls that are tried again, as label values.
const (
	Store = "store"
	Bury  = "bury"
	Ack   = "ack"
)

// other stands for kinds that are not ours.
const other = "other"

// settled are the outcomes that are waited for.
var settled = []string{
	deadletterclient.OutcomeRecovered, deadletterclient.OutcomeFailedAgain, deadletterclient.OutcomeCancelled, deadletterclient.OutcomeGone,
}

var (
	byKind  = metric.Of("kind", append(job.Kinds(), other)...)
	byFault = metric.Of("fault", fault.Kinds()...)

	defStored = metric.Def{
		Name: "studycast_dead_letters_stored_total", Type: metric.Counter, Help: "New dead letters.", Labels: []metric.Label{byKind, byFault},
	}
	defCopies = metric.Def{
		Name: "studycast_dead_letters_copies_total", Type: metric.Counter, Help: "Further copies of dead letters that were there.", Labels: []metric.Label{byKind},
	}
	defReplayed = metric.Def{
		Name: "studycast_dead_letters_replayed_total", Type: metric.Counter, Help: "Replays by outcome.",
		Labels: []metric.Label{metric.Of("outcome", Replayed, Refused, Unavailable)},
	}
	defOutcomes = metric.Def{
		Name: "studycast_dead_letters_outcomes_total", Type: metric.Counter, Help: "Ends of replayed dead letters by outcome.",
		Labels: []metric.Label{metric.Of("outcome", settled...)},
	}
	defReplays = metric.Def{
		Name: "studycast_dead_letter_replays_total", Type: metric.Counter, Help: "What happened to replays.",
		Labels: []metric.Label{metric.Of("event", Created, Paused, Resumed, Stopped, Halted, Done)},
	}
	defExpiring = metric.Def{
		Name: "studycast_dead_letters_expiring", Type: metric.Gauge, Help: "Dead letters that retention takes soon.",
	}
	defExpired = metric.Def{
		Name: "studycast_dead_letters_expired_total", Type: metric.Counter, Help: "Dead letters that retention exported and deleted.",
	}
)

// The metrics of taking letters, by the queues that they died in.
func defRetries(queues []string) metric.Def {
	return metric.Def{
		Name: "studycast_dead_letters_retries_total", Type: metric.Counter, Help: "Calls that are tried again.",
		Labels: []metric.Label{metric.Of("queue", queues...), metric.Of("call", Store, Bury, Ack)},
	}
}

func defHeld(queues []string) metric.Def {
	return metric.Def{
		Name: "studycast_dead_letters_held", Type: metric.Gauge, Help: "Dead letters taken from a dead queue and not yet settled.",
		Labels: []metric.Label{metric.Of("queue", queues...)},
	}
}

func defLag(queues []string) metric.Def {
	return metric.Def{
		Name: "studycast_dead_letters_lag_seconds", Type: metric.Histogram, Help: "Time from the death of a message to the end of taking it.",
		Labels: []metric.Label{metric.Of("queue", queues...)}, Buckets: []float64{.01, .05, .25, 1, 5, 15, 60, 300, 3600, 86400},
	}
}

// All defines what the service shows of itself: taken are the queues whose dead
// letters it takes, observed those that it looks at.
func All(taken, observed []string) []metric.Def {
	all := []metric.Def{
		defLetters, defStored, defCopies, defReplayed, defOutcomes, defReplays, defExpiring, defExpired,
		defRetries(taken), defHeld(taken), defLag(taken),
	}
	return append(all, depthDefs(observed).all()...)
}

// Metrics is a prometheus.Collector.
type Metrics struct {
	stored   *prometheus.CounterVec
	copies   *prometheus.CounterVec
	replayed *prometheus.CounterVec
	retries  *prometheus.CounterVec
	outcomes *prometheus.CounterVec
	replays  *prometheus.CounterVec
	expiring prometheus.Gauge
	expired  prometheus.Counter
	held     *prometheus.GaugeVec
	lag      *prometheus.HistogramVec
}

// New returns the metrics of a service that takes the dead letters of queues,
// with every series at zero.
func New(queues []string) *Metrics {
	retries, held, lag := defRetries(queues), defHeld(queues), defLag(queues)
	m := &Metrics{
		stored: defStored.NewCounterVec(), copies: defCopies.NewCounterVec(), replayed: defReplayed.NewCounterVec(),
		retries: retries.NewCounterVec(), outcomes: defOutcomes.NewCounterVec(), replays: defReplays.NewCounterVec(),
		expiring: defExpiring.NewGauge(), expired: defExpired.NewCounter(), held: held.NewGaugeVec(), lag: lag.NewHistogramVec(),
	}
	metric.Zero(defStored, m.stored.WithLabelValues)
	metric.Zero(defCopies, m.copies.WithLabelValues)
	metric.Zero(defReplayed, m.replayed.WithLabelValues)
	metric.Zero(defOutcomes, m.outcomes.WithLabelValues)
	metric.Zero(defReplays, m.replays.WithLabelValues)
	metric.Zero(retries, m.retries.WithLabelValues)
	metric.Zero(held, m.held.WithLabelValues)
	metric.Zero(lag, m.lag.WithLabelValues)
	return m
}

// Stored counts a letter that was stored.
func (m *Metrics) Stored(l store.Letter) {
	m.outcomes.WithLabelValues(deadletterclient.OutcomeFailedAgain).Add(float64(l.Ended))
	kind := string(l.Kind)
	if !l.Kind.Valid() {
		kind = other
	}
	if l.Copies > 1 {
		m.copies.WithLabelValues(kind).Inc()
		return
	}
	m.stored.WithLabelValues(kind, l.Fault.Kind).Inc()
}

// Replay counts a replay.
func (m *Metrics) Replay(outcome string) { m.replayed.WithLabelValues(outcome).Inc() }

// Outcome counts the end of a replayed letter.
func (m *Metrics) Outcome(outcome string) { m.outcomes.WithLabelValues(outcome).Inc() }

// ReplayEvent counts what happened to a replay.
func (m *Metrics) ReplayEvent(event string) { m.replays.WithLabelValues(event).Inc() }

// Expiring shows how many letters retention takes soon.
func (m *Metrics) Expiring(letters int) { m.expiring.Set(float64(letters)) }

// Expired counts letters that retention deleted.
func (m *Metrics) Expired(letters int) { m.expired.Add(float64(letters)) }

// Again counts a call that is tried again.
func (m *Metrics) Again(queue, call string) { m.retries.WithLabelValues(queue, call).Inc() }

// Held counts a delivery until its end.
func (m *Metrics) Held(queue string) (end func()) {
	g := m.held.WithLabelValues(queue)
	g.Inc()
	return g.Dec
}

// Taken observes how long it took from a death to the end of taking it.
func (m *Metrics) Taken(queue string, lag time.Duration) {
	m.lag.WithLabelValues(queue).Observe(max(0, lag.Seconds()))
}

func (m *Metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.stored, m.copies, m.replayed, m.retries, m.outcomes, m.replays, m.expiring, m.expired, m.held, m.lag}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all() {
		c.Collect(ch)
	}
}
