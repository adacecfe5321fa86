// Package metrics counts what the status service does. Its metrics:
//
//	studycast_jobs{kind,state}                       gauge: jobs in the store
//	studycast_jobs_oldest_age_seconds{kind,state}    gauge: age of the job that is longest in a state which is not final
//	studycast_outbox_promises                        gauge: messages promised and not confirmed, but for those in line
//	studycast_jobs_in_line{kind}                     gauge: queued jobs that wait for their turn
//	studycast_outbox_overdue_seconds                 gauge: how long the oldest promise is due
//	studycast_worker_sessions{kind}                  gauge: open worker sessions
//	studycast_status_workers{kind,state}             gauge: the same by what they do: working, paused, draining, silent
//	studycast_status_queue_paused{queue}             gauge: 1 while no worker may begin a job of the queue
//	studycast_webhook_calls_pending                  gauge: calls of webhooks that are not delivered and not given up
//	studycast_webhook_calls_overdue_seconds          gauge: how long the oldest call of a webhook is due
//	studycast_jobs_parked{kind,dependency}           gauge: jobs that wait for a dependency that is down
//	studycast_job_watchers                           gauge: streams that watch jobs
//	studycast_job_moves_total{kind,to,fault}         changes of state; fault is set for retrying and failed
//	studycast_attempts_total{kind,answer}            answers to workers that want to start a job
//	studycast_attempts_rescued_total{kind}           attempts taken from lost workers
//	studycast_park_trials_total{dependency,outcome}  jobs that tried a dependency that is down
//	studycast_job_queue_wait_seconds{kind}           from due to start
//	studycast_job_duration_seconds{kind,outcome}     from accepted to final
//
// Every label is of a closed set.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
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
		moves: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_job_moves_total", Help: "Changes of state of jobs.",
		}, []string{"kind", "to", "fault"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_attempts_total", Help: "Answers to workers that want to start a job.",
		}, []string{"kind", "answer"}),
		rescued: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_attempts_rescued_total", Help: "Attempts taken from workers that were lost.",
		}, []string{"kind"}),
		trials: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_park_trials_total", Help: "Jobs that tried a dependency that is down.",
		}, []string{"dependency", "outcome"}),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "studycast_job_queue_wait_seconds", Help: "Time from when a job was due to its start.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 7200},
		}, []string{"kind"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "studycast_job_duration_seconds", Help: "Time from when a job was accepted to its end.",
			Buckets: []float64{1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 3600, 14400},
		}, []string{"kind", "outcome"}),
	}
	m.zero()
	return m
}

func (m *Metrics) zero() {
	for _, d := range fault.Dependencies() {
		for _, t := range []decide.Trial{decide.Answered, decide.StillDown, decide.Untold} {
			m.trials.WithLabelValues(d, string(t))
		}
	}
	for _, k := range job.Kinds() {
		kind := string(k)
		m.rescued.WithLabelValues(kind)
		m.waited.WithLabelValues(kind)
		for _, a := range []string{Granted, Wait, Drop, Bury} {
			m.attempts.WithLabelValues(kind, a)
		}
		for _, s := range job.States() {
			if s.Final() {
				m.took.WithLabelValues(kind, string(s))
			}
			if s != job.Failed && s != job.Retrying {
				m.moves.WithLabelValues(kind, string(s), "")
				continue
			}
			for _, f := range fault.Kinds() {
				m.moves.WithLabelValues(kind, string(s), string(f))
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
