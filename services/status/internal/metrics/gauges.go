package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
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
	defJobs = metric.Def{
		Name: "studycast_jobs", Type: metric.Gauge, Help: "Jobs in the store.",
		Labels: []metric.Label{byKind, metric.Of("state", job.States()...)},
	}
	defAge = metric.Def{
		Name: "studycast_jobs_oldest_age_seconds", Type: metric.Gauge, Help: "Age of the job that is longest in a state which is not final.",
		Labels: []metric.Label{byKind, metric.Of("state", job.Scheduled, job.Queued, job.Running, job.Retrying, job.Parked)},
	}
	defDemand = metric.Def{
		Name: "studycast_worker_demand_jobs", Type: metric.Gauge, Labels: []metric.Label{byKind},
		Help: "Jobs that want a slot of a worker now: running, queued, or due to run again. Those that share a lesson count once; while the queue is paused only the running ones count. Scale workers by it.",
	}
	defPromises = metric.Def{
		Name: "studycast_outbox_promises", Type: metric.Gauge, Help: "Messages promised and not confirmed, without those that wait for their turn.",
	}
	defInLine = metric.Def{
		Name: "studycast_jobs_in_line", Type: metric.Gauge, Help: "Queued jobs that wait for their turn before their message is published.",
		Labels: []metric.Label{byKind},
	}
	defOverdue = metric.Def{
		Name: "studycast_outbox_overdue_seconds", Type: metric.Gauge, Help: "How long the oldest promise is due.",
	}
	defSessions = metric.Def{
		Name: "studycast_worker_sessions", Type: metric.Gauge, Help: "Open worker sessions.", Labels: []metric.Label{byKind},
	}
	defPending = metric.Def{
		Name: "studycast_webhook_calls_pending", Type: metric.Gauge, Help: "Calls of webhooks that are not delivered and not given up.",
	}
	defLate = metric.Def{
		Name: "studycast_webhook_calls_overdue_seconds", Type: metric.Gauge, Help: "How long the oldest call of a webhook is due.",
	}
	defParked = metric.Def{
		Name: "studycast_jobs_parked", Type: metric.Gauge, Help: "Jobs that wait for a dependency that is down.",
		Labels: []metric.Label{byKind, byDependency},
	}
	defWorkers = metric.Def{
		Name: "studycast_status_workers", Type: metric.Gauge, Help: "Open worker sessions by what they do.",
		Labels: []metric.Label{byKind, metric.Of("state", ledger.WorkerStates()...)},
	}
	defPaused = metric.Def{
		Name: "studycast_status_queue_paused", Type: metric.Gauge, Help: "1 while no worker may begin a job of the queue.",
		Labels: []metric.Label{metric.Of("queue", job.Queues()...)},
	}
	defWatchers = metric.Def{Name: "studycast_job_watchers", Type: metric.Gauge, Help: "Streams that watch jobs."}
)

// gauges are those of Gauges.
func gauges() []metric.Def {
	return []metric.Def{
		defJobs, defAge, defDemand, defInLine, defParked, defPromises, defOverdue, defSessions, defWorkers, defPaused,
		defPending, defLate, defWatchers,
	}
}

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range gauges() {
		ch <- d.Desc()
	}
}

// collectTimeout bounds the query of a scrape.
const collectTimeout = 5 * time.Second

// Collect implements prometheus.Collector. When the store can't be read the
// gauges are missing, never stale.
func (g *Gauges) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d metric.Def, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d.Desc(), prometheus.GaugeValue, v, labels...)
	}
	gauge(defWatchers, float64(g.Watchers()))
	c, now, err := g.counts()
	if err != nil {
		g.Logger.Error("counting jobs for the metrics failed", "error", err)
		return
	}
	gauge(defPromises, float64(c.Promises))
	gauge(defOverdue, age(now, c.Due))
	gauge(defPending, float64(c.Calls))
	gauge(defLate, age(now, c.CallDue))
	for _, k := range job.Kinds() {
		gauge(defInLine, float64(c.Waiting[k]), string(k))
		gauge(defSessions, float64(c.Sessions[k]), string(k))
		gauge(defPaused, one(c.Paused[k]), k.Queue())
		gauge(defDemand, float64(demand(c, k)), string(k))
		for _, s := range ledger.WorkerStates() {
			gauge(defWorkers, float64(c.Workers[k][s]), string(k), string(s))
		}
		for _, d := range fault.Dependencies() {
			gauge(defParked, float64(parked(c.Parked, k, d)), string(k), d)
		}
		for _, s := range job.States() {
			n := find(c.Jobs, k, s)
			gauge(defJobs, float64(n.Jobs), string(k), string(s))
			if !s.Final() {
				gauge(defAge, age(now, n.Oldest), string(k), string(s))
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

// demand counts the jobs of a kind that a worker could run now, or does.
func demand(c seen, k job.Kind) int {
	if c.Paused[k] {
		return c.Demand[k].Running
	}
	return c.Demand[k].Running + c.Demand[k].Waiting
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
