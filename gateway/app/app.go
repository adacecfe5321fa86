package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/grpcapi"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/link"
	"github.com/studycast/studycast/gateway/internal/relay"
	"github.com/studycast/studycast/gateway/internal/rest"
	"github.com/studycast/studycast/gateway/internal/sse"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

// Bounds of a connection. Event streams and files set write deadlines of their
// own; the longest other answer is a long poll of rest.MaxWait.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 90 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

// App is a gateway.
type App struct {
	o       Options
	relay   *relay.Relay
	hooks   *webhooks.Service
	sender  *webhooks.Sender
	jobs    *jobs.Service
	rate    *limit.Rate // nil = no limit
	streams *sse.Streams
	signIn  edge.SignIn
	open    *limit.Streams // nil = no limit
	public  *http.Server
	admin   *http.Server // nil without an AdminListener
	grpc    *rpc.Server  // nil without a GRPCListener
}

// New returns a gateway that has not started. The error names the option that
// is wrong.
func New(o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	trusted, err := config.ParseNetworks(o.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("gateway: Options.TrustedProxies %w", err)
	}
	a := &App{
		o: o,
		relay: relay.New(relay.Options{
			Outbox: o.Status, Broker: o.Broker, Logger: o.Logger, Registerer: o.Registerer, Failpoint: o.Failpoint,
		}),
		rate:    limit.NewRate(o.limits(), o.Clock.Now),
		streams: sse.NewStreams(o.Registerer, o.Heartbeat),
		open:    limit.NewStreams(o.limits()),
		signIn: edge.SignIn{
			Who: o.authenticator(), Failures: limit.NewFailures(o.limits().SignInFailures, o.Clock.Now), Address: edge.Address(trusted),
			Links: link.New(o.LinkSecret, o.Clock.Now), Files: rest.FileRoute,
		},
	}
	a.hooks = webhooks.New(o.Status, o.WebhookAddresses)
	a.sender = webhooks.NewSender(webhooks.SenderOptions{
		Claims: o.Status, Addresses: o.WebhookAddresses, Logger: o.Logger, Registerer: o.Registerer, Failpoint: o.Failpoint,
	})
	a.jobs = jobs.New(jobs.Options{
		Status: o.Status, Relay: a.relay, Artifacts: o.Artifacts, CheckURL: o.CheckURL, Voices: o.Voices, Clock: o.Clock,
		Limit: limit.NewJobs(o.limits(), o.Status, o.Clock.Now),
	})
	handler, err := a.routes()
	if err != nil {
		return nil, err
	}
	a.public = server(handler, &o)
	a.public.RegisterOnShutdown(a.streams.Drain)
	if o.AdminListener != nil {
		a.admin = server(a.adminRoutes(), &o)
	}
	if o.GRPCListener != nil {
		if err := a.buildGRPC(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) buildGRPC() (err error) {
	a.grpc, err = rpc.NewServer(rpc.ServerOptions{
		Logger: a.o.Logger, Registerer: a.o.Registerer, Tracer: a.o.Tracer, StartTraces: true, TLS: a.o.TLS,
		Ready: a.Ready, DrainTimeout: a.o.DrainGrace,
	})
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	grpcapi.Register(a.grpc, grpcapi.Options{
		Jobs: a.jobs, Webhooks: a.hooks, Who: a.signIn, Rate: a.rate, Streams: a.open, Draining: a.streams.Draining(), Logger: a.o.Logger,
		Letters: a.o.DeadLetterConn, Status: a.o.StatusConn,
	})
	return nil
}

func server(h http.Handler, o *Options) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: o.HeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(debugWriter{o.Logger}, "", 0),
	}
}

// Ready returns nil while the gateway can do its work.
func (a *App) Ready() error { return a.relay.Ready() }

// Handler returns the users' routes, for a caller that brings a server of its
// own. Streams then end with the clients, not with Run.
func (a *App) Handler() http.Handler { return a.public.Handler }

// Run serves until ctx ends, then lets running requests finish within
// DrainGrace: event streams and watches are told to come back, long polls answer
// at once.
// It returns nil after an orderly end. It may be called once.
func (a *App) Run(ctx context.Context) error {
	if a.o.Authenticate == nil {
		a.o.Logger.Warn("no sign-in is configured: everyone who reaches this gateway is the same local user",
			"url", "http://"+a.o.Listener.Addr().String(), "open_to_all", a.o.OpenToAll)
	}
	g, ctx := errgroup.WithContext(ctx)
	serve := func(s *http.Server, l net.Listener) {
		g.Go(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("gateway on %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	serve(a.public, a.o.Listener)
	if a.admin != nil {
		serve(a.admin, a.o.AdminListener)
	}
	if a.grpc != nil {
		a.grpc.SetServing(true)
		g.Go(func() error { return a.grpc.Run(ctx, a.o.GRPCListener, a.streams.Drain) })
	}
	g.Go(func() error {
		<-ctx.Done()
		return a.stop()
	})
	g.Go(func() error { return a.relay.Run(ctx) })
	g.Go(func() error { return a.sender.Run(ctx) })
	return g.Wait()
}

func (a *App) stop() error {
	a.streams.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), a.o.DrainGrace)
	defer cancel()
	if err := a.public.Shutdown(ctx); err != nil {
		a.o.Logger.Warn("requests were cut: they outlived the grace", "wait", a.o.DrainGrace)
		_ = a.public.Close()
	}
	if a.admin != nil {
		_ = a.admin.Close()
	}
	return nil
}

// debugWriter takes what net/http says about broken clients.
type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	w.log.Debug("http server", "error", string(p))
	return len(p), nil
}
