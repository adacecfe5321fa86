package broker

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
)

// otherQueue is the label of names outside the topology: callers must not be
// able to make series.
const otherQueue = "other"

type metrics struct {
	publishes      *prometheus.CounterVec
	publishSeconds *prometheus.HistogramVec
	deliveries     *prometheus.CounterVec
	redelivered    *prometheus.CounterVec
	settles        *prometheus.CounterVec
	settleFailures *prometheus.CounterVec
	released       *prometheus.CounterVec
	readiness      *readiness
}

func newMetrics(r prometheus.Registerer, b *Broker) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return metric.SharedOrUnseen(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "studycast", Subsystem: "broker", Name: name, Help: help,
		}, labels))
	}
	m := &metrics{
		publishes:      counter("publishes_total", "Publishes by outcome.", "queue", "outcome"),
		deliveries:     counter("deliveries_total", "Deliveries handed to a handler.", "queue"),
		redelivered:    counter("redelivered_total", "Deliveries of a message that was handed out before.", "queue"),
		settles:        counter("settled_total", "Deliveries settled, by action.", "queue", "action"),
		settleFailures: counter("settle_failures_total", "Calls to settle that ended with an error.", "queue", "action"),
		released: counter("unsettled_released_total",
			"Deliveries released because the handler left them unsettled.", "queue", "cause"),
		publishSeconds: metric.SharedOrUnseen(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "studycast", Subsystem: "broker", Name: "publish_seconds",
			Help:    "Time of a publish until the broker had the message durably.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}, []string{"queue"})),
		readiness: metric.SharedOrUnseen(r, newReadiness()),
	}
	m.readiness.add(b)
	return m
}

func (m *metrics) published(queue string, err error, took time.Duration) {
	outcome := "error"
	switch {
	case err == nil:
		outcome = "stored"
		m.publishSeconds.WithLabelValues(queue).Observe(took.Seconds())
	case errors.Is(err, ErrInvalid):
		outcome, queue = "invalid", otherQueue // the name was not looked at yet
	case errors.Is(err, ErrUnknownQueue):
		outcome, queue = "unknown_queue", otherQueue
	case errors.Is(err, ErrUnavailable):
		outcome = "unavailable"
	case errors.Is(err, ErrOutcomeUnknown):
		outcome = "outcome_unknown"
	default:
		queue = otherQueue
	}
	m.publishes.WithLabelValues(queue, outcome).Inc()
}

func (m *metrics) delivered(queue string, count int) {
	m.deliveries.WithLabelValues(queue).Inc()
	if count > 1 {
		m.redelivered.WithLabelValues(queue).Inc()
	}
}

func (m *metrics) settled(queue, action string, err error) {
	if err != nil {
		m.settleFailures.WithLabelValues(queue, action).Inc()
		return
	}
	m.settles.WithLabelValues(queue, action).Inc()
}

func (m *metrics) unsettled(queue, cause string) { m.released.WithLabelValues(queue, cause).Inc() }

func (m *metrics) forget(b *Broker) { m.readiness.remove(b) }

// readiness asks the consumers of its brokers when it is scraped: an adapter
// may lose and regain its connection without telling anybody.
type readiness struct {
	desc    *prometheus.Desc
	mu      sync.Mutex
	brokers map[*Broker]struct{}
}

func newReadiness() *readiness {
	return &readiness{
		desc: prometheus.NewDesc("studycast_broker_consumers",
			"Consumers, by whether they are really consuming now.", []string{"queue", "ready"}, nil),
		brokers: make(map[*Broker]struct{}),
	}
}

func (r *readiness) add(b *Broker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.brokers[b] = struct{}{}
}

func (r *readiness) remove(b *Broker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.brokers, b)
}

// Describe implements prometheus.Collector.
func (r *readiness) Describe(ch chan<- *prometheus.Desc) { ch <- r.desc }

// Collect implements prometheus.Collector.
func (r *readiness) Collect(ch chan<- prometheus.Metric) {
	type key struct {
		queue string
		ready bool
	}
	counts := make(map[key]int)
	r.mu.Lock()
	defer r.mu.Unlock()
	for b := range r.brokers {
		b.mu.Lock()
		for c := range b.consumers {
			ready := c.ready()
			counts[key{c.queue, ready}]++
			counts[key{c.queue, !ready}] += 0 // a sum that falls to zero must be seen
		}
		b.mu.Unlock()
	}
	for k, n := range counts {
		ch <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, float64(n), k.queue, strconv.FormatBool(k.ready))
	}
}
