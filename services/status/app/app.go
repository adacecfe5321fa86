// Package app is the door to the status service: the truth about every job.
// Two may run in one process; nothing in it is global.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/internal/keeper"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/internal/metrics"
	"github.com/studycast/studycast/services/status/internal/server"
	"github.com/studycast/studycast/services/status/internal/timed"
	"github.com/studycast/studycast/services/status/store"
)

// Options are what the status service is built from.
type Options struct {
	// StoreURL says where the jobs are kept: sqlite:///var/lib/studycast/status.db
	// or sqlite:status.db for one service, postgres://user:password@host/db for
	// any number of replicas. It is not read when Store is set.
	StoreURL string
	// Store is used instead of StoreURL and closed by the App.
	Store store.Store
	// Policies of every kind; nil means job.DefaultPolicies.
	Policies job.Policies
	// OwnerWeights are the shares of owners while jobs wait for a worker, 1 for
	// who is not named; "*" stands for all of these.
	OwnerWeights map[string]int
	// ShareLessons makes a lesson once for all owners who ask for the same while
	// it is made, and who ask at most ShareFinishedFor later.
	ShareLessons     bool
	ShareFinishedFor time.Duration
	// ParkRate is how many jobs of a kind that were parked go on in a second once
	// what they waited for answers again; 0 = 5.
	ParkRate int
	// Listener takes the gRPC calls; the App closes it.
	Listener net.Listener
	// TLS is what callers have to speak; nil = plaintext.
	TLS *tls.Config
	// RemoveArtifacts removes every file of a job that was deleted. It may be
	// called twice for a job, and again after an error. nil keeps them.
	RemoveArtifacts func(ctx context.Context, id job.ID) error
	// Logger, Registerer, Tracer and Clock may be nil: no logs, no metrics, no
	// spans, system time.
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	Clock      job.Clock
	// DrainTimeout bounds the end of running calls; 0 means 5 s.
	DrainTimeout time.Duration
}

// App is a status service.
type App struct {
	opts   Options
	store  store.Store
	ledger *ledger.Ledger
	hub    *hub.Hub
	server *server.Server
	rpc    *rpc.Server
	forget func() // the metrics
	hide   func() // the disk
}

// New checks the options and opens the store. Run must be called once after
// it; it frees everything.
func New(ctx context.Context, o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	st := o.Store
	if st == nil {
		var err error
		if st, err = openStore(ctx, o.StoreURL); err != nil {
			return nil, err
		}
	}
	a := &App{opts: o, store: timed.New(st, o.Registerer), hub: hub.New(o.Clock)}
	a.hide = a.showDisk()
	st.Subscribe(a.hub.Hear)
	if err := a.build(); err != nil {
		return nil, errors.Join(err, a.free())
	}
	if err := a.ledger.Restart(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("take over the sessions of the last run: %w", err), a.free())
	}
	return a, nil
}

func (o *Options) complete() error {
	if o.Listener == nil {
		return errors.New("status service: no listener")
	}
	if o.Policies == nil {
		o.Policies = job.DefaultPolicies()
	}
	if err := o.Policies.Check(); err != nil {
		return fmt.Errorf("status service: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = job.SystemClock{}
	}
	if o.RemoveArtifacts == nil {
		o.RemoveArtifacts = func(context.Context, job.ID) error { return nil }
	}
	return nil
}

func (a *App) build() error {
	m := metrics.New()
	a.ledger = ledger.New(ledger.Options{
		Store: a.store, Policies: a.opts.Policies, Clock: a.opts.Clock, Observe: a.observe(m), Weights: a.opts.OwnerWeights,
		ParkRate: a.opts.ParkRate,
		Sharing:  ledger.Sharing{Underway: a.opts.ShareLessons, Finished: a.opts.ShareFinishedFor},
	})
	a.server = server.New(server.Options{
		Ledger: a.ledger, Hub: a.hub, Logger: a.opts.Logger,
		Started: func(s ledger.Started) { m.Answered(s.Kind, s.Answer) },
	})
	gauges := &metrics.Gauges{
		Counts: a.ledger.Counts, Census: a.ledger.Census, Watchers: a.hub.Watchers, Clock: a.opts.Clock, Logger: a.opts.Logger,
	}
	var err error
	if a.forget, err = metric.Own(a.opts.Registerer, m, gauges); err != nil {
		return err
	}
	a.rpc, err = rpc.NewServer(rpc.ServerOptions{
		Logger: a.opts.Logger, Registerer: a.opts.Registerer, Tracer: a.opts.Tracer, TLS: a.opts.TLS,
		Ready: a.answers, DrainTimeout: a.opts.DrainTimeout,
	})
	if err != nil {
		return err
	}
	a.server.Register(a.rpc)
	return nil
}

// Run serves until ctx ends, then drains: streams are ended so that their
// callers come back elsewhere, running calls may finish for DrainTimeout. It
// returns nil after an orderly end.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	k := keeper.New(keeper.Options{
		Ledger: a.ledger, Hub: a.hub, Logger: a.opts.Logger, RemoveArtifacts: a.opts.RemoveArtifacts,
	})
	group.Go(func() error {
		k.Run(ctx)
		return nil
	})
	a.rpc.SetServing(true)
	group.Go(func() error { return a.rpc.Run(ctx, a.opts.Listener, a.server.Drain) })
	err := group.Wait()
	return errors.Join(err, a.free())
}

func (a *App) free() error {
	if a.forget != nil {
		a.forget()
	}
	a.hide()
	if err := a.store.Close(); err != nil {
		return fmt.Errorf("close the status store: %w", err)
	}
	return nil
}

// readyTimeout bounds the read that Ready makes.
const readyTimeout = time.Second

// Ready returns nil when calls are taken and the store answers.
func (a *App) Ready() error { return a.rpc.Ready() }

// answers asks the store.
func (a *App) answers() error {
	ctx, end := context.WithTimeout(context.Background(), readyTimeout)
	defer end()
	err := a.store.View(ctx, func(r store.Reader) error {
		_, err := r.LastSeq()
		return err
	})
	if err != nil {
		return fmt.Errorf("the status store does not answer: %w", err)
	}
	return nil
}
