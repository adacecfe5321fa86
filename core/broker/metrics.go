package broker

import (
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/obs/metric"
)

// otherQueue is the label of names outside the topology: callers must not be
// able to make series.
const otherQueue = "other"

// How deliveries are settled, and why one was not, as labels and errors say it.
const (
	actionAck     = "ack"
	actionRetry   = "retry"
	actionDead    = "dead"
	actionRelease = "release"

	causeReturned = "returned"
	causePanicked = "panicked"
)

var (
	actions = []string{actionAck, actionRetry, actionDead, actionRelease}
	causes  = []string{causeReturned, causePanicked}
)

// Metrics defines what a Broker shows of itself. Queues are those that the
// program publishes to or consumes.
func Metrics(queues ...string) []metric.Def { return definitions(queues).all() }

type defs struct {
	publishes, publishSeconds, deliveries, redelivered, settles, settleFailures, released metric.Def
	consumers, connected, reconnects                                                      metric.Def
}

func (d defs) all() []metric.Def {
	return []metric.Def{
		d.publishes, d.publishSeconds, d.deliveries, d.redelivered, d.settles, d.settleFailures, d.released,
		d.consumers, d.connected, d.reconnects,
	}
}

func definitions(queues []string) defs {
	queue := metric.Of("queue", queues...)
	action := metric.Of("action", actions...)
	return defs{
		publishes: metric.Def{
			Name: "studycast_broker_publishes_total", Type: metric.Counter, Help: "Publishes by outcome.",
			Labels: []metric.Label{
				metric.Of("queue", append(slices.Clone(queues), otherQueue)...),
				metric.Of("outcome", "stored", "invalid", "unknown_queue", "unavailable", "outcome_unknown", "error"),
			},
		},
		publishSeconds: metric.Def{
			Name: "studycast_broker_publish_seconds", Type: metric.Histogram, Help: "Time of a publish until the broker had the message durably.",
			Labels: []metric.Label{queue}, Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		},
		deliveries: metric.Def{
			Name: "studycast_broker_deliveries_total", Type: metric.Counter, Help: "Deliveries handed to a handler.",
			Labels: []metric.Label{queue},
		},
		redelivered: metric.Def{
			Name: "studycast_broker_redelivered_total", Type: metric.Counter, Help: "Deliveries of a message that was handed out before.",
			Labels: []metric.Label{queue},
		},
		settles: metric.Def{
			Name: "studycast_broker_settled_total", Type: metric.Counter, Help: "Deliveries settled, by action.",
			Labels: []metric.Label{queue, action},
		},
		settleFailures: metric.Def{
			Name: "studycast_broker_settle_failures_total", Type: metric.Counter, Help: "Calls to settle that ended with an error.",
			Labels: []metric.Label{queue, action},
		},
		released: metric.Def{
			Name: "studycast_broker_unsettled_released_total", Type: metric.Counter, Help: "Deliveries released because the handler left them unsettled.",
			Labels: []metric.Label{queue, metric.Of("cause", causes...)},
		},
		consumers: metric.Def{
			Name: "studycast_broker_consumers", Type: metric.Gauge, Help: "Consumers of this process, by whether they are really consuming now.",
			Labels: []metric.Label{queue, metric.Of("ready", "true", "false")},
		},
		connected: metric.Def{
			Name: "studycast_broker_connected", Type: metric.Gauge,
			Help: "1 while messages can be published, 0 without a connection and while the broker takes no messages.",
		},
		reconnects: metric.Def{
			Name: "studycast_broker_reconnects_total", Type: metric.Counter, Help: "Connections to the broker that were made anew after one was lost.",
		},
	}
}

type metrics struct {
	publishes      *prometheus.CounterVec
	publishSeconds *prometheus.HistogramVec
	deliveries     *prometheus.CounterVec
	redelivered    *prometheus.CounterVec
	settles        *prometheus.CounterVec
	settleFailures *prometheus.CounterVec
	released       *prometheus.CounterVec
	live           *live
}

func newMetrics(r prometheus.Registerer, b *Broker) *metrics {
	d := definitions(nil)
	m := &metrics{
		publishes:      metric.SharedOrUnseen(r, d.publishes.NewCounterVec()),
		publishSeconds: metric.SharedOrUnseen(r, d.publishSeconds.NewHistogramVec()),
		deliveries:     metric.SharedOrUnseen(r, d.deliveries.NewCounterVec()),
		redelivered:    metric.SharedOrUnseen(r, d.redelivered.NewCounterVec()),
		settles:        metric.SharedOrUnseen(r, d.settles.NewCounterVec()),
		settleFailures: metric.SharedOrUnseen(r, d.settleFailures.NewCounterVec()),
		released:       metric.SharedOrUnseen(r, d.released.NewCounterVec()),
		live:           metric.SharedOrUnseen(r, newLive(d)),
	}
	m.live.add(b)
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

// consumes shows what may happen to deliveries of a queue before it does: a rate
// misses the first of a series that begins with it.
func (m *metrics) consumes(queue string) {
	m.deliveries.WithLabelValues(queue)
	m.redelivered.WithLabelValues(queue)
	for _, action := range actions {
		m.settles.WithLabelValues(queue, action)
		m.settleFailures.WithLabelValues(queue, action)
	}
	for _, cause := range causes {
		m.released.WithLabelValues(queue, cause)
	}
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

func (m *metrics) forget(b *Broker) { m.live.remove(b) }
