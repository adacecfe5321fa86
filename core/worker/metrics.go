package worker

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
)

type metrics struct {
	attempts       *prometheus.CounterVec
	attemptSeconds *prometheus.HistogramVec
	stageSeconds   *prometheus.HistogramVec
	slots          *prometheus.GaugeVec
	toStart        *prometheus.HistogramVec
	retries        *prometheus.CounterVec
	abandons       *prometheus.CounterVec
	kind           string
}

func newMetrics(r prometheus.Registerer, k job.Kind) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "studycast", Subsystem: "worker", Name: name, Help: help}
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return metric.SharedOrUnseen(r, prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labels))
	}
	histogram := func(name, help string, from float64, labels ...string) *prometheus.HistogramVec {
		return metric.SharedOrUnseen(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "studycast", Subsystem: "worker", Name: name, Help: help,
			Buckets: prometheus.ExponentialBuckets(from, 2, 14),
		}, labels))
	}
	return &metrics{
		attempts:       counter("attempts_total", "Attempts that ended.", "kind", "outcome", "fault"),
		attemptSeconds: histogram("attempt_seconds", "Time of an attempt from its grant to the end of its work.", .05, "kind", "outcome"),
		stageSeconds:   histogram("stage_seconds", "Time of a stage of an attempt.", .01, "kind", "stage"),
		slots:          metric.SharedOrUnseen(r, prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("slots", "Slots for attempts.")), []string{"kind", "state"})),
		toStart:        histogram("enqueue_to_start_seconds", "Time from ready in the queue to the start of the attempt.", .005, "kind"),
		retries:        counter("call_retries_total", "Calls to the status service or the broker that were made again.", "kind", "call"),
		abandons:       counter("handlers_abandoned_total", "Handlers that ignored the end of their context.", "kind"),
		kind:           string(k),
	}
}

// addSlots counts the slots of a worker that begins; call the result at its
// end. Several workers of a process add up.
func (m *metrics) addSlots(n int) func() {
	free := m.slots.WithLabelValues(m.kind, "free")
	m.slots.WithLabelValues(m.kind, "busy").Add(0)
	free.Add(float64(n))
	return func() { free.Sub(float64(n)) }
}

func (m *metrics) busy() func() {
	busy, free := m.slots.WithLabelValues(m.kind, "busy"), m.slots.WithLabelValues(m.kind, "free")
	busy.Inc()
	free.Dec()
	return func() {
		busy.Dec()
		free.Inc()
	}
}

// granted observes how long a message was ready before its attempt began.
func (m *metrics) granted(d *broker.Delivery, j job.Job) {
	ready := d.EnqueuedAt
	if ready.IsZero() {
		return
	}
	if j.NotBefore.After(ready) {
		ready = j.NotBefore
	}
	m.toStart.WithLabelValues(m.kind).Observe(max(0, time.Since(ready).Seconds()))
}

func (m *metrics) ended(e ending, took time.Duration) {
	m.attempts.WithLabelValues(m.kind, e.label, e.fault).Inc()
	m.attemptSeconds.WithLabelValues(m.kind, e.label).Observe(took.Seconds())
}

func (m *metrics) retried(call string) { m.retries.WithLabelValues(m.kind, call).Inc() }
func (m *metrics) abandoned()          { m.abandons.WithLabelValues(m.kind).Inc() }

// stages follows an attempt through its stages.
type stages struct {
	metrics *metrics

	mu      sync.Mutex
	name    string
	since   time.Time
	reached float64
	over    bool
}

func newStages(m *metrics) *stages { return &stages{metrics: m} }

// enter notes where the attempt is and reports whether it is still going.
func (s *stages) enter(name string, percent float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if name != s.name {
		s.observe()
		s.name, s.since = name, time.Now()
	}
	s.reached = max(s.reached, percent)
	return true
}

func (s *stages) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	s.over = true
}

func (s *stages) observe() {
	if s.name != "" {
		s.metrics.stageSeconds.WithLabelValues(s.metrics.kind, s.name).Observe(time.Since(s.since).Seconds())
	}
}

// at tells the stage and how far the attempt is.
func (s *stages) at() (stage string, percent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name, s.reached
}

func (s *stages) current() string {
	stage, _ := s.at()
	return stage
}

func (s *stages) percent() float64 {
	_, percent := s.at()
	return percent
}
