package webhooks

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	tries         *prometheus.CounterVec
	took          prometheus.Histogram
	unreported    prometheus.Counter
	claimFailures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "studycast_webhook_tries_total", Help: "Tries of webhook calls, by outcome.",
		}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "studycast_webhook_try_duration_seconds", Help: "Time of one try of a webhook call.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}),
		unreported: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_webhook_unreported_total", Help: "Tries whose outcome could not be put on record: they are made again.",
		}),
		claimFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_webhook_claim_failures_total", Help: "Claims of webhook calls that failed.",
		}),
	}
	for _, l := range []string{labelDelivered, labelAnswered, labelGone, labelUnreached, labelRefused} {
		m.tries.WithLabelValues(l)
	}
	if reg != nil {
		reg.MustRegister(m.tries, m.took, m.unreported, m.claimFailures)
	}
	return m
}
