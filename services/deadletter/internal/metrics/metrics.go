// Package metrics counts what the dead-letter service does. Its metrics:
//
//	studycast_dead_letters{state,fault}                  gauge: letters in the store
//	studycast_dead_letters_stored_total{kind,fault}      new letters
//	studycast_dead_letters_copies_total{kind}            further copies of letters that were there
//	studycast_dead_letters_replayed_total{outcome}       outcome: replayed, refused, unavailable
//	studycast_dead_letters_outcomes_total{outcome}       ends of replayed letters; outcome: recovered, failed_again, cancelled, gone
//	studycast_dead_letter_replays_total{event}           event: created, paused, resumed, stopped, halted, done
//	studycast_dead_letters_expiring                      gauge: letters that retention takes soon
//	studycast_dead_letters_expired_total                 letters that retention exported and deleted
//	studycast_dead_letters_held{queue}                   gauge: taken from a dead queue and not yet settled
//	studycast_dead_letters_retries_total{queue,call}     calls that are tried again; call: store, bury, ack
//	studycast_dead_letters_lag_seconds{queue}            from death to the end of taking it
//
// Every label is of a closed set.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
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
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		stored:   counter("studycast_dead_letters_stored_total", "New dead letters.", "kind", "fault"),
		copies:   counter("studycast_dead_letters_copies_total", "Further copies of dead letters that were there.", "kind"),
		replayed: counter("studycast_dead_letters_replayed_total", "Replays by outcome.", "outcome"),
		retries:  counter("studycast_dead_letters_retries_total", "Calls that are tried again.", "queue", "call"),
		outcomes: counter("studycast_dead_letters_outcomes_total", "Ends of replayed dead letters by outcome.", "outcome"),
		replays:  counter("studycast_dead_letter_replays_total", "What happened to replays.", "event"),
		expiring: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "studycast_dead_letters_expiring", Help: "Dead letters that retention takes soon.",
		}),
		expired: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_dead_letters_expired_total", Help: "Dead letters that retention exported and deleted.",
		}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "studycast_dead_letters_held", Help: "Dead letters taken from a dead queue and not yet settled.",
		}, []string{"queue"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "studycast_dead_letters_lag_seconds", Help: "Time from the death of a message to the end of taking it.",
			Buckets: []float64{.01, .05, .25, 1, 5, 15, 60, 300, 3600, 86400},
		}, []string{"queue"}),
	}
	m.zero(queues)
	return m
}

func (m *Metrics) zero(queues []string) {
	for _, kind := range append(job.Kinds(), other) {
		m.copies.WithLabelValues(string(kind))
		for _, f := range fault.Kinds() {
			m.stored.WithLabelValues(string(kind), string(f))
		}
	}
	for _, outcome := range []string{Replayed, Refused, Unavailable} {
		m.replayed.WithLabelValues(outcome)
	}
	for _, outcome := range settled {
		m.outcomes.WithLabelValues(outcome)
	}
	for _, event := range []string{Created, Paused, Resumed, Stopped, Halted, Done} {
		m.replays.WithLabelValues(event)
	}
	for _, q := range queues {
		m.held.WithLabelValues(q)
		m.lag.WithLabelValues(q)
		for _, call := range []string{Store, Bury, Ack} {
			m.retries.WithLabelValues(q, call)
		}
	}
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

// settled are the outcomes that are waited for.
var settled = []string{
	deadletterclient.OutcomeRecovered, deadletterclient.OutcomeFailedAgain, deadletterclient.OutcomeCancelled, deadletterclient.OutcomeGone,
}

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
