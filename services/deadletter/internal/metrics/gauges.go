package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/services/deadletter/store"
)

const (
	// cacheFor is how long a count of the store is shown: scrapes, however many,
	// cost the store one query each time.
	cacheFor = 15 * time.Second
	// collectTimeout bounds the query of a scrape.
	collectTimeout = 5 * time.Second
)

var defLetters = metric.Def{
	Name: "studycast_dead_letters", Type: metric.Gauge, Help: "Dead letters in the store.",
	Labels: []metric.Label{metric.Of("state", deadletterclient.States()...), byFault},
}

// Gauges reads the store when it is scraped; it is a prometheus.Collector.
type Gauges struct {
	Counts func(context.Context) ([]store.Count, error)
	Clock  job.Clock
	Logger *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last []store.Count
}

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(ch chan<- *prometheus.Desc) { ch <- defLetters.Desc() }

// Collect implements prometheus.Collector. When the store can't be read the
// gauges are missing, never stale.
func (g *Gauges) Collect(ch chan<- prometheus.Metric) {
	counts, err := g.counts()
	if err != nil {
		g.Logger.Error("counting dead letters for the metrics failed", "error", err)
		return
	}
	desc := defLetters.Desc()
	type key struct{ state, fault string }
	sums := map[key]int{}
	for _, c := range counts {
		sums[key{c.State, c.Fault}] += c.Letters
	}
	for _, state := range deadletterclient.States() {
		for _, f := range fault.Kinds() {
			n := float64(sums[key{state, string(f)}])
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, state, string(f))
		}
	}
}

func (g *Gauges) counts() ([]store.Count, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.Clock.Now()
	if !g.at.IsZero() && now.Sub(g.at) < cacheFor {
		return g.last, nil
	}
	ctx, end := context.WithTimeout(context.Background(), collectTimeout)
	defer end()
	c, err := g.Counts(ctx)
	if err != nil {
		return nil, err
	}
	g.last, g.at = c, now
	return c, nil
}
