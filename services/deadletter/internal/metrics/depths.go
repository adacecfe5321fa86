package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
)

// States of messages, as label values.
const (
	stateReady    = "ready"
	stateInFlight = "in_flight"
	stateDelayed  = "delayed"
	stateDead     = "dead"
)

type ofDepth struct{ messages, oldest, consumers, unobserved metric.Def }

func (o ofDepth) all() []metric.Def {
	return []metric.Def{o.messages, o.oldest, o.consumers, o.unobserved}
}

func depthDefs(queues []string) ofDepth {
	queue := metric.Of("queue", queues...)
	return ofDepth{
		messages: metric.Def{
			Name: "studycast_queue_messages", Type: metric.Gauge,
			Help:   "Messages of a queue by their state. in_flight is absent on RabbitMQ, which tells nobody what others have in hand.",
			Labels: []metric.Label{queue, metric.Of("state", stateReady, stateInFlight, stateDelayed, stateDead)},
		},
		oldest: metric.Def{
			Name: "studycast_queue_oldest_age_seconds", Type: metric.Gauge, Labels: []metric.Label{queue},
			Help: "Age of the oldest ready message of a queue, 0 without one. Absent on RabbitMQ, which doesn't know it: see studycast_jobs_oldest_age_seconds.",
		},
		consumers: metric.Def{
			Name: "studycast_queue_consumers", Type: metric.Gauge, Labels: []metric.Label{queue},
			Help: "Consumers of a queue in all programs. Absent where the broker doesn't know.",
		},
		unobserved: metric.Def{
			Name: "studycast_queue_unobserved", Type: metric.Gauge, Labels: []metric.Label{queue},
			Help: "1 while the broker doesn't tell how the queue does; the other metrics of the queue are absent then.",
		},
	}
}

// Depths asks the broker about its queues when it is scraped; it is a
// prometheus.Collector. So nobody else needs the broker's credentials for it.
type Depths struct {
	Depth  func(ctx context.Context, queue string) (broker.Depth, error)
	Queues []string
	// Own: the broker tells neither ages nor what other processes have in hand.
	Own    bool
	Clock  job.Clock
	Logger *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last map[string]*broker.Depth // nil = not told
}

// Describe implements prometheus.Collector.
func (d *Depths) Describe(ch chan<- *prometheus.Desc) {
	for _, def := range depthDefs(d.Queues).all() {
		ch <- def.Desc()
	}
}

// Collect implements prometheus.Collector.
func (d *Depths) Collect(ch chan<- prometheus.Metric) {
	defs := depthDefs(d.Queues)
	gauge := func(def metric.Def, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(def.Desc(), prometheus.GaugeValue, v, labels...)
	}
	depths := d.depths()
	for _, q := range d.Queues {
		depth := depths[q]
		if depth == nil {
			gauge(defs.unobserved, 1, q)
			continue
		}
		gauge(defs.unobserved, 0, q)
		gauge(defs.messages, float64(depth.Ready), q, stateReady)
		gauge(defs.messages, float64(depth.Delayed), q, stateDelayed)
		gauge(defs.messages, float64(depth.Dead), q, stateDead)
		if !d.Own {
			gauge(defs.messages, float64(depth.InFlight), q, stateInFlight)
			gauge(defs.oldest, depth.OldestAge.Seconds(), q)
		}
		if depth.Consumers >= 0 {
			gauge(defs.consumers, float64(depth.Consumers), q)
		}
	}
}

// depths asks the broker, which has collectTimeout for all queues, unless it was
// asked a moment ago.
func (d *Depths) depths() map[string]*broker.Depth {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.Clock.Now()
	if !d.at.IsZero() && now.Sub(d.at) < cacheFor {
		return d.last
	}
	ctx, end := context.WithTimeout(context.Background(), collectTimeout)
	defer end()
	all := map[string]*broker.Depth{}
	for _, q := range d.Queues {
		depth, err := d.Depth(ctx, q)
		if err != nil {
			d.Logger.Warn("the broker doesn't tell how a queue does", "queue", q, "error", err)
			continue
		}
		all[q] = &depth
	}
	d.last, d.at = all, now
	return all
}
