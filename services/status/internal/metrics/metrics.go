// Package metrics counts what the status service does. What it shows is defined
// in All; every label is of a closed set.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Answers to a start, as label values.
const (
	Granted = "granted"
	Wait    = "wait"
	Drop    = "drop"
	Bury    = "bury"
)

var (
	byKind       = metric.Of("kind", job.Kinds()...)
	byDependency = metric.Of("dependency", fault.Dependencies()...)

	defMoves = metric.Def{
		Name: "studycast_job_moves_total", Type: metric.Counter, Help: "Changes of state of jobs. The fault is empty unless the state is retrying or failed.",
		Labels: []metric.Label{byKind, metric.Of("to", job.States()...), metric.Of("fault", append(fault.Kinds(), "")...)},
	}
	defAttempts = metric.Def{
		Name: "studycast_attempts_total", Type: metric.Counter, Help: "Answers to workers that want to start a job.",
		Labels: []metric.Label{byKind, metric.Of("answer", Granted, Wait, Drop, Bury)},
	}
	defRescued = metric.Def{
		Name: "studycast_attempts_rescued_total", Type: metric.Counter, Help: "Attempts taken from workers that were lost.",
		Labels: []metric.Label{byKind},
	}
	defTrials = metric.Def{
		Name: "studycast_park_trials_total", Type: metric.Counter, Help: "Jobs that tried a dependency that is down.",
		Labels: []metric.Label{byDependency, metric.Of("outcome", decide.Answered, decide.StillDown, decide.Untold)},
	}
	defWaited = metric.Def{
		Name: "studycast_job_queue_wait_seconds", Type: metric.Histogram, Help: "Time from when a job was due to its start.",
		Labels: []metric.Label{byKind}, Buckets: []float64{.05, .25, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200},
	}
	defTook = metric.Def{
		Name: "studycast_job_duration_seconds", Type: metric.Histogram, Help: "Time from when a job was accepted to its end.",
		Labels:  []metric.Label{byKind, metric.Of("outcome", job.Succeeded, job.Failed, job.Cancelled)},
		Buckets: []float64{1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 3600, 14400},
	}
)

// All defines what the service shows of itself.
func All() []metric.Def {
	return append([]metric.Def{defMoves, defAttempts, defRescued, defTrials, defWaited, defTook}, gauges()...)
}

// Metrics is a prometheus.Collector.
type Metrics struct {
	moves    *prometheus.CounterVec
	attempts *prometheus.CounterVec
	rescued  *prometheus.CounterVec
	trials   *prometheus.CounterVec
	waited   *prometheus.HistogramVec
	took     *prometheus.HistogramVec
}

// New returns the metrics with every series at zero.
func New() *Metrics {
	m := &Metrics{
		moves: defMoves.NewCounterVec(), attempts: defAttempts.NewCounterVec(), rescued: defRescued.NewCounterVec(),
		trials: defTrials.NewCounterVec(), waited: defWaited.NewHistogramVec(), took: defTook.NewHistogramVec(),
	}
	m.zero()
	return m
}

func (m *Metrics) zero() {
	metric.Zero(defAttempts, m.attempts.WithLabelValues)
	metric.Zero(defRescued, m.rescued.WithLabelValues)
	metric.Zero(defTrials, m.trials.WithLabelValues)
	metric.Zero(defWaited, m.waited.WithLabelValues)
	metric.Zero(defTook, m.took.WithLabelValues)
	for _, k := range job.Kinds() {
		for _, s := range job.States() {
			if s != job.Failed && s != job.Retrying {
				m.moves.WithLabelValues(string(k), string(s), "")
				continue
			}
			for _, f := range fault.Kinds() {
				m.moves.WithLabelValues(string(k), string(s), string(f))
			}
		}
	}
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

func (m *Metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.moves, m.attempts, m.rescued, m.trials, m.waited, m.took}
}

// Stepped counts a change of a job.
func (m *Metrics) Stepped(s decide.Step) {
	if s.Tried != "" {
		m.trials.WithLabelValues(s.Tried, string(s.Trial)).Inc()
	}
	kind := string(s.Row.Request.Kind)
	for _, mv := range s.Moves {
		m.moves.WithLabelValues(kind, string(mv.To), faultOf(s.Row, mv.To)).Inc()
		switch {
		case mv.To.Final():
			m.took.WithLabelValues(kind, string(mv.To)).Observe(mv.At.Sub(s.Row.CreatedAt).Seconds())
		case mv.From == job.Running && mv.To == job.Queued && s.Row.Lost:
			m.rescued.WithLabelValues(kind).Inc()
		case mv.To == job.Running && s.Waited > 0:
			m.waited.WithLabelValues(kind).Observe(s.Waited.Seconds())
		}
	}
}

func faultOf(r store.Row, to job.State) string {
	if to != job.Failed && to != job.Retrying || r.Fault == nil {
		return ""
	}
	if k := fault.Kind(r.Fault.Kind); k.Valid() {
		return string(k)
	}
	return string(fault.Internal)
}

// Answered counts an answer to a start.
func (m *Metrics) Answered(k job.Kind, a decide.Answer) {
	if !k.Valid() {
		return
	}
	answer := Drop
	switch {
	case a.Granted:
		answer = Granted
	case a.Wait != nil:
		answer = Wait
	case a.Bury != nil:
		answer = Bury
	}
	m.attempts.WithLabelValues(string(k), answer).Inc()
}
