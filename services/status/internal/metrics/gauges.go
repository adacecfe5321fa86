package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// cacheFor is how long a count of the store is shown: scrapes, however many,
// cost the store one query each time.
const cacheFor = 15 * time.Second

// Gauges reads the store when it is scraped; it is a prometheus.Collector.
type Gauges struct {
	Counts   func(context.Context) (store.Counts, error)
	Census   func(context.Context) (ledger.Census, error)
	Watchers func() int
	Clock    job.Clock
	Logger   *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last seen
}

// seen is what the store held at one moment.
type seen struct {
	store.Counts
	ledger.Census
}

var (
	jobsDesc     = prometheus.NewDesc("studycast_jobs", "Jobs in the store.", []string{"kind", "state"}, nil)
	ageDesc      = prometheus.NewDesc("studycast_jobs_oldest_age_seconds", "Age of the job that is longest in a state which is not final.", []string{"kind", "state"}, nil)
	promisesDesc = prometheus.NewDesc("studycast_outbox_promises", "Messages promised and not confirmed, without those that wait for their turn.", nil, nil)
	inLineDesc   = prometheus.NewDesc("studycast_jobs_in_line", "Queued jobs that wait for their turn before their message is published.", []string{"kind"}, nil)
	overdueDesc  = prometheus.NewDesc("studycast_outbox_overdue_seconds", "How long the oldest promise is due.", nil, nil)
	sessionsDesc = prometheus.NewDesc("studycast_worker_sessions", "Open worker sessions.", []string{"kind"}, nil)
	callsDesc    = prometheus.NewDesc("studycast_webhook_calls_pending", "Calls of webhooks that are not delivered and not given up.", nil, nil)
	lateDesc     = prometheus.NewDesc("studycast_webhook_calls_overdue_seconds", "How long the oldest call of a webhook is due.", nil, nil)
	parkedDesc   = prometheus.NewDesc("studycast_jobs_parked", "Jobs that wait for a dependency that is down.", []string{"kind", "dependency"}, nil)
	workersDesc  = prometheus.NewDesc("studycast_status_workers", "Open worker sessions by what they do.", []string{"kind", "state"}, nil)
	pausedDesc   = prometheus.NewDesc("studycast_status_queue_paused", "1 while no worker may begin a job of the queue.", []string{"queue"}, nil)
	watchersDesc = prometheus.NewDesc("studycast_job_watchers", "Streams that watch jobs.", nil, nil)
)

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsDesc, ageDesc, promisesDesc, inLineDesc, overdueDesc, sessionsDesc, workersDesc, pausedDesc, callsDesc, lateDesc, parkedDesc, watchersDesc} {
		ch <- d
	}
}

// collectTimeout bounds the query of a scrape.
const collectTimeout = 5 * time.Second

// Collect implements prometheus.Collector. When the store can't be read the
// gauges are missing, never stale.
func (g *Gauges) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(watchersDesc, float64(g.Watchers()))
	c, now, err := g.counts()
	if err != nil {
		g.Logger.Error("counting jobs for the metrics failed", "error", err)
		return
	}
	gauge(promisesDesc, float64(c.Promises))
	gauge(overdueDesc, age(now, c.Due))
	gauge(callsDesc, float64(c.Calls))
	gauge(lateDesc, age(now, c.CallDue))
	for _, k := range job.Kinds() {
		gauge(inLineDesc, float64(c.Waiting[k]), string(k))
		gauge(sessionsDesc, float64(c.Sessions[k]), string(k))
		gauge(pausedDesc, one(c.Paused[k]), k.Queue())
		for _, s := range ledger.WorkerStates() {
			gauge(workersDesc, float64(c.Workers[k][s]), string(k), string(s))
		}
		for _, d := range fault.Dependencies() {
			gauge(parkedDesc, float64(parked(c.Parked, k, d)), string(k), d)
		}
		for _, s := range job.States() {
			n := find(c.Jobs, k, s)
			gauge(jobsDesc, float64(n.Jobs), string(k), string(s))
			if !s.Final() {
				gauge(ageDesc, age(now, n.Oldest), string(k), string(s))
			}
		}
	}
}

func (g *Gauges) counts() (seen, time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.Clock.Now()
	if !g.at.IsZero() && now.Sub(g.at) < cacheFor {
		return g.last, now, nil
	}
	ctx, end := context.WithTimeout(context.Background(), collectTimeout)
	defer end()
	var c seen
	var err error
	if c.Counts, err = g.Counts(ctx); err != nil {
		return c, now, err
	}
	if c.Census, err = g.Census(ctx); err != nil {
		return c, now, err
	}
	g.last, g.at = c, now
	return c, now, nil
}

func find(cs []store.Count, k job.Kind, s job.State) store.Count {
	for _, c := range cs {
		if c.Kind == k && c.State == s {
			return c
		}
	}
	return store.Count{}
}

func parked(ps []store.Parked, k job.Kind, dependency string) int {
	for _, p := range ps {
		if p.Kind == k && p.Dependency == dependency {
			return p.Jobs
		}
	}
	return 0
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}
