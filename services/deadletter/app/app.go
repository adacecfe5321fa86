// Package app is the door to the dead-letter service: it takes what lands in
// the dead queues and keeps it until an operator decides. Two may run in one
// process; nothing in it is global. Its metrics are listed in package metrics.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/internal/outcomes"
	"github.com/studycast/studycast/services/deadletter/internal/replayer"
	"github.com/studycast/studycast/services/deadletter/internal/replays"
	"github.com/studycast/studycast/services/deadletter/internal/retention"
	"github.com/studycast/studycast/services/deadletter/internal/server"
	"github.com/studycast/studycast/services/deadletter/internal/taker"
	"github.com/studycast/studycast/services/deadletter/internal/timed"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Options are what the dead-letter service is built from.
type Options struct {
	// StoreURL says where the letters are kept: sqlite:///var/lib/studycast/dead-letters.db
	// or sqlite:dead-letters.db for one service, postgres://user:password@host/db
	// for any number of replicas.
	StoreURL string
	// Broker has the dead queues; the App does not close it.
	Broker *broker.Broker
	// Queues are the work queues whose dead letters are taken, besides what the
	// broker could not route.
	Queues []string
	// Status is told of every letter and asked for every replay.
	Status *statusclient.Client
	// Listener takes the gRPC calls; the App closes it.
	Listener net.Listener
	// TLS is what callers have to speak; nil = plaintext.
	TLS *tls.Config
	// Logger, Registerer, Tracer and Clock may be nil: no logs, no metrics, no
	// spans, system time.
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	Clock      job.Clock
	// CanaryTimeout is how long a replay waits for the outcome of its first
	// letters before it stops by itself; 0 means 30 min.
	CanaryTimeout time.Duration
	// Retention removes old letters; the zero value keeps all for ever.
	Retention Retention
	// Failpoint is called with the name of each place where a test may stop the
	// process; nil = nothing is called. The names: after-store-before-bury,
	// after-bury-before-ack, after-replaying-before-replay,
	// after-replay-before-replayed, after-freeze-before-run,
	// after-canary-before-rest, after-last-before-done.
	Failpoint func(name string)
	// DrainTimeout bounds the end of running calls; 0 means 5 s.
	DrainTimeout time.Duration
}

// App is a dead-letter service.
type App struct {
	opts     Options
	store    store.Store
	taker    *taker.Taker
	replayer *replayer.Replayer
	replays  *replays.Replays
	outcomes *outcomes.Watcher
	keeper   *retention.Keeper
	edge     *server.Server
	server   *rpc.Server
	forget   func() // the metrics
	hide     func() // the disk
}

// New checks the options and opens the store. After an error it may be called
// again with the same options: job.ErrUnavailable says that the database can't
// be reached. Run must be called once after it; it frees everything.
func New(ctx context.Context, o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("dead-letter service: %w", err)
	}
	st, err := openStore(ctx, o.StoreURL)
	if err != nil {
		return nil, err
	}
	a := &App{opts: o, store: timed.New(st, o.Registerer)}
	a.hide = a.showDisk()
	if err := a.build(); err != nil {
		return nil, errors.Join(err, a.free())
	}
	return a, nil
}

func (o *Options) complete() error {
	switch {
	case o.Listener == nil:
		return errors.New("no listener")
	case o.Broker == nil || o.Status == nil:
		return errors.New("it needs a broker and a client of the status service")
	case len(o.Queues) == 0 || slices.Contains(o.Queues, ""):
		return errors.New("it needs the names of the work queues")
	}
	if err := o.Retention.Check(); err != nil {
		return err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = job.SystemClock{}
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
	return nil
}

func (a *App) build() error {
	o := a.opts
	m := metrics.New(taken(o.Queues, o.Broker.Caps().Unroutable))
	a.taker = taker.New(taker.Options{
		Broker: o.Broker, Queues: o.Queues, Store: a.store, Status: o.Status,
		Clock: o.Clock, Logger: o.Logger, Metrics: m, Failpoint: o.Failpoint,
	})
	a.outcomes = outcomes.New(outcomes.Options{
		Store: a.store, Status: o.Status, Clock: o.Clock, Logger: o.Logger, Metrics: m,
		Settled: func() { a.replays.Changed() },
	})
	a.keeper = retention.New(retention.Options{
		Store: a.store, Policy: o.Retention, Clock: o.Clock, Logger: o.Logger, Metrics: m,
	})
	a.replayer = replayer.New(replayer.Options{
		Store: a.store, Status: o.Status, Broker: o.Broker, Queues: o.Queues, Clock: o.Clock, Logger: o.Logger, Metrics: m,
		Failpoint: o.Failpoint, Replayed: a.outcomes.Replayed,
	})
	a.replays = replays.New(replays.Options{
		Store: a.store, Replayer: a.replayer, Clock: o.Clock, Logger: o.Logger, Metrics: m, Failpoint: o.Failpoint,
		CanaryTimeout: o.CanaryTimeout,
	})
	gauges := &metrics.Gauges{Counts: a.store.Counts, Clock: o.Clock, Logger: o.Logger}
	depths := &metrics.Depths{
		Depth: o.Broker.Depth, Queues: o.Queues, Own: o.Broker.Caps().OwnDepth, Clock: o.Clock, Logger: o.Logger,
	}
	var err error
	if a.forget, err = metric.Own(a.opts.Registerer, m, gauges, depths); err != nil {
		return err
	}
	// Calls are answered from the store: they go on while the broker is away.
	a.server, err = rpc.NewServer(rpc.ServerOptions{
		Logger: o.Logger, Registerer: o.Registerer, Tracer: o.Tracer, TLS: o.TLS,
		DrainTimeout: o.DrainTimeout, Ready: a.answers,
	})
	if err != nil {
		return err
	}
	a.edge = server.New(a.store, a.replayer, a.replays, o.Clock)
	a.edge.Register(a.server)
	return nil
}

// Run takes letters and serves calls until ctx ends, then drains: letters under
// way are given back, running calls may finish for DrainTimeout. It returns nil
// after an orderly end.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.taker.Run(ctx) })
	for _, part := range []func(context.Context){a.replayer.Run, a.replays.Run, a.outcomes.Run, a.keeper.Run} {
		group.Go(func() error {
			part(ctx)
			return nil
		})
	}
	group.Go(func() error {
		a.server.SetServing(true)
		return a.server.Run(ctx, a.opts.Listener, a.edge.EndStreams)
	})
	err := group.Wait()
	return errors.Join(err, a.free())
}

func (a *App) free() error {
	if a.forget != nil {
		a.forget()
	}
	a.hide()
	if err := a.store.Close(); err != nil {
		return fmt.Errorf("close the dead-letter store: %w", err)
	}
	return nil
}

// readyTimeout bounds the read that Ready makes.
const readyTimeout = time.Second

// Ready returns nil when every dead queue is consumed, calls are taken and the
// store answers.
func (a *App) Ready() error {
	if queue := a.taker.Missing(); queue != "" {
		return fmt.Errorf("queue %s is not consumed now", queue)
	}
	return a.server.Ready()
}

// answers returns nil when the store does.
func (a *App) answers() error {
	ctx, end := context.WithTimeout(context.Background(), readyTimeout)
	defer end()
	if err := a.store.Ping(ctx); err != nil {
		return fmt.Errorf("the dead-letter store does not answer: %w", err)
	}
	return nil
}
