package relay

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/core/statusclient"
)

// Paths to the broker, how a message fared on its way, and why new work is
// refused, as labels and logs say it.
const (
	pathFast = "fast"
	pathLoop = "loop"

	outcomeConfirmed   = "confirmed"
	outcomeUnconfirmed = "unconfirmed"
	outcomeUnroutable  = "unroutable"
	outcomeFailed      = "failed"

	whyAway    = "away"
	whyBlocked = "blocked"
)

var (
	byPath = metric.Of("path", pathFast, pathLoop)

	defPublished = metric.Def{
		Name: "studycast_relay_published_total", Type: metric.Counter, Help: "Outbox entries handed to the broker, by path and outcome.",
		Labels: []metric.Label{byPath, metric.Of("outcome", outcomeConfirmed, outcomeUnconfirmed, outcomeUnroutable, outcomeFailed)},
	}
	defLag = metric.Def{
		Name: "studycast_relay_lag_seconds", Type: metric.Histogram,
		Help:   "Time from when a new job was due until the broker had its message, its wait for a turn included, by path.",
		Labels: []metric.Label{byPath}, Buckets: []float64{.005, .025, .1, .25, .5, 1, 2.5, 10, 30, 60, 300, 1800},
	}
	defHeld = metric.Def{
		Name: "studycast_relay_held", Type: metric.Gauge, Help: "Parts of the relay that wait for the broker to come back: the loop, and claimed entries.",
	}
	defClaimFailures = metric.Def{
		Name: "studycast_relay_claim_failures_total", Type: metric.Counter, Help: "Claims of the outbox that failed.",
	}
	defRefused = metric.Def{
		Name: "studycast_submits_refused_total", Type: metric.Counter, Help: "New work refused because the broker takes no messages, by why.",
		Labels: []metric.Label{metric.Of("why", whyBlocked, whyAway)},
	}
)

// Metrics defines what a Relay shows of itself.
func Metrics() []metric.Def {
	return []metric.Def{defPublished, defLag, defHeld, defClaimFailures, defRefused}
}

type metrics struct {
	published     *prometheus.CounterVec
	lag           *prometheus.HistogramVec
	held          prometheus.Gauge
	claimFailures prometheus.Counter
	refused       *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		published: defPublished.NewCounterVec(), lag: defLag.NewHistogramVec(), held: defHeld.NewGauge(),
		claimFailures: defClaimFailures.NewCounter(), refused: defRefused.NewCounterVec(),
	}
	metric.Zero(defPublished, m.published.WithLabelValues)
	metric.Zero(defLag, m.lag.WithLabelValues)
	metric.Zero(defRefused, m.refused.WithLabelValues)
	if reg != nil {
		reg.MustRegister(m.published, m.lag, m.held, m.claimFailures, m.refused)
	}
	return m
}

// failed counts a publish that ended with an error.
func (m *metrics) failed(path string, err error) {
	outcome := outcomeFailed
	if errors.Is(err, broker.ErrUnroutable) {
		outcome = outcomeUnroutable
	}
	m.published.WithLabelValues(path, outcome).Inc()
}

func (m *metrics) observeLag(path string, e statusclient.OutboxEntry) {
	if at, ok := due(e); ok {
		m.lag.WithLabelValues(path).Observe(max(0, time.Since(at).Seconds()))
	}
}
