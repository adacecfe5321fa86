package relay

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/statusclient"
)

type metrics struct {
	published     *prometheus.CounterVec
	lag           *prometheus.HistogramVec
	held          prometheus.Gauge
	claimFailures prometheus.Counter
	refused       *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_relay_published_total",
			Help: "Outbox entries handed to the broker, by path and outcome.",
		}, []string{"path", "outcome"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "studycast_relay_lag_seconds",
			Help:    "Time from when a new job was due until the broker had its message, its wait for a turn included, by path.",
			Buckets: []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
		}, []string{"path"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "studycast_relay_held",
			Help: "Parts of the relay that wait for the broker to come back.",
		}),
		claimFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_relay_claim_failures_total",
			Help: "Claims of the outbox that failed.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_submits_refused_total",
			Help: "New work refused because the broker takes no messages, by why.",
		}, []string{"why"}),
	}
	if reg != nil {
		reg.MustRegister(m.published, m.lag, m.held, m.claimFailures, m.refused)
	}
	return m
}

// failed counts a publish that ended with an error.
func (m *metrics) failed(path string, err error) {
	outcome := "failed"
	if errors.Is(err, broker.ErrUnroutable) {
		outcome = "unroutable"
	}
	m.published.WithLabelValues(path, outcome).Inc()
}

func (m *metrics) observeLag(path string, e statusclient.OutboxEntry) {
	if at, ok := due(e); ok {
		m.lag.WithLabelValues(path).Observe(max(0, time.Since(at).Seconds()))
	}
}
