package worker

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
)

// stageOther is the label of stages that no kind has: what a handler calls a
// stage must not be able to make series.
const stageOther = "other"

// calls are those that are made again until they are answered.
var calls = []string{callStart, callFinish, string(job.Ack), string(job.Retry), string(job.Dead), string(job.Release)}

var (
	byKind   = metric.Of("kind", job.Kinds()...)
	byEnding = metric.Of("outcome", labelSucceeded, labelFailed, labelReleased, labelCancelled, labelSuperseded)

	defAttempts = metric.Def{
		Name: "studycast_worker_attempts_total", Type: metric.Counter, Help: "Attempts that ended.",
		Labels: []metric.Label{byKind, byEnding, metric.Of("fault", append(fault.Kinds(), noFault)...)},
	}
	defAttemptSeconds = metric.Def{
		Name: "studycast_worker_attempt_seconds", Type: metric.Histogram, Help: "Time of an attempt from its grant to the end of its work, publishing included.",
		Labels: []metric.Label{byKind, byEnding}, Buckets: []float64{.1, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320},
	}
	defStageSeconds = metric.Def{
		Name: "studycast_worker_stage_seconds", Type: metric.Histogram, Help: "Time of a stage of an attempt: between two reports of another stage.",
		Labels:  []metric.Label{byKind, metric.Of("stage", append(stageNames(), stageOther)...)},
		Buckets: []float64{.01, .05, .25, 1, 2.5, 5, 10, 20, 40, 80, 160, 320},
	}
	defSlots = metric.Def{
		Name: "studycast_worker_slots", Type: metric.Gauge, Help: "Slots for attempts.",
		Labels: []metric.Label{byKind, metric.Of("state", "busy", "free")},
	}
	defToStart = metric.Def{
		Name: "studycast_worker_enqueue_to_start_seconds", Type: metric.Histogram, Help: "Time from ready in the queue to the grant of the attempt.",
		Labels: []metric.Label{byKind}, Buckets: []float64{.005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
	}
	defRetries = metric.Def{
		Name: "studycast_worker_call_retries_total", Type: metric.Counter, Help: "Calls to the status service or the broker that were made again.",
		Labels: []metric.Label{byKind, metric.Of("call", calls...)},
	}
	defAbandons = metric.Def{
		Name: "studycast_worker_handlers_abandoned_total", Type: metric.Counter, Help: "Handlers that ignored the end of their context.",
		Labels: []metric.Label{byKind},
	}
	defDependencies = metric.Def{
		Name: "studycast_dependency_up", Type: metric.Gauge,
		Help:   "1 while calls to a dependency go through, 0 once it was found down. Only of those that are configured.",
		Labels: []metric.Label{byKind, metric.Of("dependency", fault.Dependencies()...)},
	}
)

// Metrics defines what a worker shows of itself.
func Metrics() []metric.Def {
	return []metric.Def{
		defAttempts, defAttemptSeconds, defStageSeconds, defSlots, defToStart, defRetries, defAbandons, defDependencies,
	}
}

// stageNames are those of any kind.
func stageNames() []string {
	var all []string
	for _, k := range job.Kinds() {
		for _, s := range job.Stages(k) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// metrics of a worker, which all workers of a process share.
type metrics struct {
	attempts       *prometheus.CounterVec
	attemptSeconds *prometheus.HistogramVec
	stageSeconds   *prometheus.HistogramVec
	slots          *prometheus.GaugeVec
	toStart        *prometheus.HistogramVec
	retries        *prometheus.CounterVec
	abandons       *prometheus.CounterVec
	dependencies   *dependencies
	kind           string
	stages         []string
}

func newMetrics(r prometheus.Registerer, k job.Kind) *metrics {
	m := &metrics{
		attempts:       metric.SharedOrUnseen(r, defAttempts.NewCounterVec()),
		attemptSeconds: metric.SharedOrUnseen(r, defAttemptSeconds.NewHistogramVec()),
		stageSeconds:   metric.SharedOrUnseen(r, defStageSeconds.NewHistogramVec()),
		slots:          metric.SharedOrUnseen(r, defSlots.NewGaugeVec()),
		toStart:        metric.SharedOrUnseen(r, defToStart.NewHistogramVec()),
		retries:        metric.SharedOrUnseen(r, defRetries.NewCounterVec()),
		abandons:       metric.SharedOrUnseen(r, defAbandons.NewCounterVec()),
		dependencies:   metric.SharedOrUnseen(r, newDependencies()),
		kind:           string(k),
		stages:         job.Stages(k),
	}
	// A rate misses the first of a series that begins with it.
	m.abandons.WithLabelValues(m.kind)
	for _, call := range calls {
		m.retries.WithLabelValues(m.kind, call)
	}
	return m
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

func (m *metrics) staged(name string, took time.Duration) {
	if !slices.Contains(m.stages, name) {
		name = stageOther
	}
	m.stageSeconds.WithLabelValues(m.kind, name).Observe(took.Seconds())
}

func (m *metrics) retried(call string) { m.retries.WithLabelValues(m.kind, call).Inc() }
func (m *metrics) abandoned()          { m.abandons.WithLabelValues(m.kind).Inc() }
