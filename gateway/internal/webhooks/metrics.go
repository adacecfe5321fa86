package webhooks

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
)

var (
	defTries = metric.Def{
		Name: "studycast_webhook_tries_total", Type: metric.Counter, Help: "Tries of webhook calls, by outcome.",
		Labels: []metric.Label{metric.Of("outcome", labelDelivered, labelAnswered, labelGone, labelUnreached, labelRefused)},
	}
	defTook = metric.Def{
		Name: "studycast_webhook_try_duration_seconds", Type: metric.Histogram, Help: "Time of one try of a webhook call.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
	}
	defUnreported = metric.Def{
		Name: "studycast_webhook_unreported_total", Type: metric.Counter, Help: "Tries whose outcome could not be put on record: they are made again.",
	}
	defClaimFailures = metric.Def{
		Name: "studycast_webhook_claim_failures_total", Type: metric.Counter, Help: "Claims of webhook calls that failed.",
	}
)

// Metrics defines what a Sender shows of itself.
func Metrics() []metric.Def {
	return []metric.Def{defTries, defTook, defUnreported, defClaimFailures}
}

type metrics struct {
	tries         *prometheus.CounterVec
	took          prometheus.Histogram
	unreported    prometheus.Counter
	claimFailures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		tries: defTries.NewCounterVec(), took: defTook.NewHistogram(),
		unreported: defUnreported.NewCounter(), claimFailures: defClaimFailures.NewCounter(),
	}
	metric.Zero(defTries, m.tries.WithLabelValues)
	if reg != nil {
		reg.MustRegister(m.tries, m.took, m.unreported, m.claimFailures)
	}
	return m
}
