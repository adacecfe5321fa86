// Package single runs all of Studycast in one process, on the adapters that
// the configuration names. The programs speak gRPC to each other over an
// in-memory listener, as they would over a network.
package single

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	audio "github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lifecycle"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/core/worker"
	gateway "github.com/studycast/studycast/gateway/app"
	deadletter "github.com/studycast/studycast/services/deadletter/app"
	status "github.com/studycast/studycast/services/status/app"
	video "github.com/studycast/studycast/video-worker/app"
)

// Options say how the process is set up.
type Options struct {
	Data     config.Data
	Policies config.Policies
	Fairness config.Fairness
	Sharing  config.Sharing
	Parking  config.Parking
	Workers  config.Workers
	Lesson   config.Lesson
	Listener net.Listener // of the REST API and the page
	Admin    net.Listener // of metrics and health; nil = on Listener
	GRPC     net.Listener // of the gateway's gRPC; nil = none
	TLS      *tls.Config  // of GRPC; nil = plaintext
	// Auth says who may call; none of it set: one local user.
	Auth      config.Auth
	Limits    config.Limits
	Edge      config.Edge
	Sites     config.Sites
	Downloads config.Downloads
	// Retention says when dead letters are removed; none of it set: never.
	Retention config.DeadLetterRetention
	// OpenToAll lets Listener be other than loopback although nobody logs in.
	OpenToAll bool
	Version   string
	Logger    *slog.Logger
	Tracer    trace.TracerProvider // nil = no spans
	// Closers end what serves all parts, once they have ended.
	Closers []func() error
	// Handlers replace the lesson makers of a kind: for benchmarks and tests of
	// the job half alone. May be nil.
	Handlers map[job.Kind]worker.Handler
	// Failpoint is called at named moments of an attempt; tests only.
	Failpoint func(name string)
}

// Server is the running process.
type Server struct {
	o         Options
	log       *slog.Logger
	registry  *prometheus.Registry
	stack     *lifecycle.Stack
	artifacts artifact.Store
	broker    *broker.Broker
	client    *statusclient.Client
	letters   *deadletterclient.Client
	// The connections of client and letters, whose calls the gateway passes on.
	statusConn, lettersConn *grpc.ClientConn

	mu      sync.Mutex
	workers []*worker.Worker
	checks  obs.Checks
}

// memoryPipe is the buffer of the in-memory connections, in bytes.
const memoryPipe = 1 << 20

// New opens the adapters and puts the parts together. Whatever it opened is
// closed again when it fails.
func New(ctx context.Context, o Options) (s *Server, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Data = o.Data.Filled()
	s = &Server{o: o, log: o.Logger, registry: obs.NewRegistry(), stack: lifecycle.New(o.Logger), checks: obs.Checks{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stack.Stop())
		}
	}()
	for _, c := range o.Closers {
		s.stack.Defer("what serves all parts", c)
	}
	if err := o.Policies.Check(); err != nil {
		return s, err
	}
	if err := os.MkdirAll(o.Data.DataDir, 0o700); err != nil {
		return s, fmt.Errorf("DATA_DIR: %w", err)
	}
	// The broker first: it waits until nothing of a killed process is left, so
	// that the sweeps of temporary files find all of them free.
	for _, open := range []func(context.Context) error{
		s.openBroker, s.openArtifacts, s.startStatus, s.startDeadLetters, s.startGateway, s.startWorkers,
	} {
		if err := open(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Run serves until ctx ends, then drains: workers first, then the gateway, the
// status service and the queue.
func (s *Server) Run(ctx context.Context) error { return s.stack.Wait(ctx) }

// Kill stops running attempts at once; they are given back unfinished.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.workers {
		w.Kill()
	}
}

// Ready returns nil once the status service and the workers do their work, or
// why not.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for name, check := range s.checks {
		if err := check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) check(name string, ready func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks[name] = ready
}

func (s *Server) openArtifacts(context.Context) (err error) {
	s.artifacts, err = backend.OpenArtifacts(s.o.Data.ArtifactsURL, backend.ArtifactOptions{
		KeyID: s.o.Data.ArtifactsKeyID, SecretKey: s.o.Data.ArtifactsSecretKey,
	})
	if folder, ok := s.artifacts.(interface{ Dir() string }); ok && err == nil {
		obs.ShowDisk(s.registry, obs.PlaceArtifacts, folder.Dir())
	}
	if c, ok := s.artifacts.(io.Closer); ok && err == nil {
		s.stack.Defer("artifacts", c.Close)
	}
	return err
}

func (s *Server) openBroker(ctx context.Context) error {
	d, err := program.OpenBroker(ctx, s.o.Data.Broker, s.o.Policies.Policies(), backend.BrokerOptions{
		Logger: s.log, Name: "studycast", Failpoint: s.o.Failpoint,
	})
	if err != nil {
		return err
	}
	s.broker = broker.New(d, broker.Options{Logger: s.log, Registerer: s.registry, Tracer: s.o.Tracer})
	s.stack.Defer("broker", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return s.broker.Close(ctx)
	})
	return nil
}

func (s *Server) startStatus(ctx context.Context) error {
	weights, err := s.o.Fairness.Weights()
	if err != nil {
		return err
	}
	pipe := bufconn.Listen(memoryPipe)
	app, err := status.New(ctx, status.Options{
		StoreURL: s.o.Data.StoreURL, Policies: s.o.Policies.Policies(), OwnerWeights: weights, Listener: pipe,
		ParkRate: s.o.Parking.ParkRate, ShareLessons: s.o.Sharing.ShareLessons, ShareFinishedFor: s.o.Sharing.ShareFinishedFor,
		Logger: s.log, Registerer: s.registry, Tracer: s.o.Tracer,
		RemoveArtifacts: func(ctx context.Context, id job.ID) error {
			return s.artifacts.Delete(ctx, artifact.JobPrefix(id))
		},
	})
	if err != nil {
		return err
	}
	s.stack.Go("status", app.Run)
	s.check("status", app.Ready)
	conn, err := s.dial("status", pipe)
	if err != nil {
		return err
	}
	s.statusConn, s.client = conn, statusclient.New(conn, statusclient.Options{Logger: s.log})
	return nil
}

// dial connects to a service of this process.
func (s *Server) dial(name string, pipe *bufconn.Listener) (*grpc.ClientConn, error) {
	conn, err := rpc.Dial("passthrough:///"+name, rpc.DialOptions{
		Registerer: s.registry, Tracer: s.o.Tracer,
		Dialer: func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) },
	})
	if err != nil {
		return nil, err
	}
	s.stack.Defer(name+" connection", conn.Close)
	return conn, nil
}

func (s *Server) startDeadLetters(ctx context.Context) error {
	pipe := bufconn.Listen(memoryPipe)
	app, err := deadletter.New(ctx, deadletter.Options{
		StoreURL: s.o.Data.DeadLetterStoreURL, Broker: s.broker, Queues: job.Queues(), Status: s.client,
		Listener: pipe, Retention: deadletter.RetentionOf(s.o.Retention, s.o.Data.DataDir),
		Logger: s.log, Registerer: s.registry, Tracer: s.o.Tracer, Failpoint: s.o.Failpoint,
	})
	if err != nil {
		return err
	}
	s.stack.Go("deadletter", app.Run)
	s.check("deadletter", app.Ready)
	conn, err := s.dial("deadletter", pipe)
	if err != nil {
		return err
	}
	s.lettersConn, s.letters = conn, deadletterclient.New(conn, deadletterclient.Options{})
	return nil
}

func (s *Server) startGateway(ctx context.Context) error {
	who, err := s.signIn(ctx)
	if err != nil {
		return err
	}
	app, err := gateway.New(gateway.Options{
		Authenticate: who,
		Listener:     s.o.Listener, AdminListener: s.o.Admin, Checks: obs.Checks{"process": s.Ready},
		GRPCListener: s.o.GRPC, TLS: s.o.TLS,
		Status: s.client, StatusConn: s.statusConn, DeadLetters: s.letters, DeadLetterConn: s.lettersConn,
		Broker: s.broker, Artifacts: s.artifacts, RedirectFiles: s.o.Downloads.ArtifactsRedirect, Kept: studio.Kept(s.artifacts),
		CheckURL: studio.Addresses(s.o.Lesson).Check, Voices: studio.Voices(s.o.Lesson.Cast), WebhookAddresses: guard.Addresses(studio.Addresses(s.o.Lesson)), OpenToAll: s.o.OpenToAll,
		Limits: gateway.LimitsOf(s.o.Limits, s.o.Edge), CORSOrigins: s.o.Sites.CORSOrigins,
		TrustedProxies: s.o.Edge.TrustedProxies, LinkSecret: s.o.Edge.LinkSecret,
		Logger: s.log, Registerer: s.registry, Gatherer: s.registry, Tracer: s.o.Tracer, Version: s.o.Version,
		Failpoint: s.o.Failpoint,
	})
	if err != nil {
		return err
	}
	s.stack.Go("gateway", app.Run)
	return nil
}

// signIn returns who says who calls; nil = everybody is the local user.
func (s *Server) signIn(ctx context.Context) (func(*http.Request) (gateway.Identity, error), error) {
	if !s.o.Auth.Enabled() {
		return nil, nil //nolint:nilnil // nobody has to sign in
	}
	in, err := gateway.NewSignIn(ctx, s.o.Auth, s.log)
	if err != nil {
		return nil, err
	}
	s.stack.Defer("sign-in", in.Close)
	s.check("sign-in", in.Ready)
	return in.Identify, nil
}

func (s *Server) startWorkers(context.Context) error {
	host, _ := os.Hostname()
	makers := map[job.Kind]func(video.Options) (*worker.Worker, error){job.Video: video.New, job.Audio: audio.New}
	slots := map[job.Kind]int{job.Video: s.o.Workers.VideoSlots, job.Audio: s.o.Workers.AudioSlots}
	for _, k := range job.Kinds() {
		o := video.Options{
			Name: fmt.Sprintf("%s/%s-worker/%d", host, k, os.Getpid()), Lesson: s.o.Lesson,
			Broker: s.broker, Status: s.client, Artifacts: s.artifacts, Slots: slots[k],
			ScratchDir: s.o.Data.ScratchDir, DrainGrace: max(s.o.Workers.DrainGrace, 1), // 0 would be the worker's default
			Logger: s.log, Registerer: s.registry,
			Tracer: s.o.Tracer, Handler: s.o.Handlers[k], Failpoint: s.o.Failpoint,
		}
		w, err := makers[k](o)
		if err != nil {
			return fmt.Errorf("%s-worker: %w", k, err)
		}
		s.mu.Lock()
		s.workers = append(s.workers, w)
		s.mu.Unlock()
		s.check(string(k)+"-worker", w.Ready)
	}
	// One part: all of them stop taking jobs at the same moment.
	s.stack.Go("workers", s.runWorkers)
	return nil
}

// runWorkers goes on when an operator drained a worker: the process has other
// things to do. That worker stays stopped, and readiness says so, until the
// process is started anew.
func (s *Server) runWorkers(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, w := range s.workers {
		g.Go(func() error {
			if err := w.Run(ctx); err != nil || ctx.Err() != nil {
				return err
			}
			s.log.Warn("a worker was drained and takes no jobs until this process is started anew", "worker", w.State().Name)
			<-ctx.Done()
			return nil
		})
	}
	return g.Wait()
}
