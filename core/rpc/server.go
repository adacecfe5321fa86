package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
)

// ServerOptions are the surroundings of a Server; every field may be left out.
type ServerOptions struct {
	Logger     *slog.Logger          // nil = discard
	Registerer prometheus.Registerer // nil = no metrics; servers of one process may share one
	Tracer     trace.TracerProvider  // nil = no spans
	// StartTraces makes a call that belongs to no trace the root of one. Without
	// it only calls that carry a trace are traced: heartbeats and polls of other
	// programs would fill the store of traces with nothing.
	StartTraces bool
	TLS         *tls.Config // nil = plaintext
	// Ready says whether the program does its work; nil = always. It is asked by
	// health checks, and when calls fail. It must be safe for concurrent use.
	Ready func() error
	// DrainTimeout bounds the end of running calls; 0 = 5 s.
	DrainTimeout time.Duration
}

// Server is a gRPC server with health and reflection. It starts as not
// serving. Errors that leave a handler are mapped by wire.StatusFromError; a
// panic is an error. It is safe for concurrent use.
type Server struct {
	o       ServerOptions
	log     *slog.Logger
	grpc    *grpc.Server
	health  *healthServer
	metrics *serverMetrics
	serving atomic.Bool
	suspect chan struct{} // a call failed by our fault: ask whether we are ready
}

// NewServer returns a server. Register services, then Run it.
func NewServer(o ServerOptions) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = defaultDrain
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	m, err := newServerMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, log: o.Logger, metrics: m, suspect: make(chan struct{}, 1)}
	s.health = newHealth(s.Ready)
	s.grpc = grpc.NewServer(s.options()...)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	return s, nil
}

func (s *Server) options() []grpc.ServerOption {
	guard := recovery.WithRecoveryHandlerContext(panicked)
	options := []grpc.ServerOption{
		// From outside in: count the code that leaves, map the error to it, bound
		// the call, refuse what no store can keep, catch a panic and make it an error.
		grpc.ChainUnaryInterceptor(s.metrics.UnaryServerInterceptor(), s.mapUnary, bound, readable, recovery.UnaryServerInterceptor(guard)),
		grpc.ChainStreamInterceptor(s.metrics.StreamServerInterceptor(), s.mapStream, readableStream, recovery.StreamServerInterceptor(guard)),
		// A worker that vanished without a word is noticed within its lease.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 5 * time.Second, Timeout: 3 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	}
	if s.o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.o.TLS)))
	}
	if s.o.Tracer != nil {
		options = append(options, grpc.StatsHandler(s.serverTraces(s.o.Tracer, s.o.StartTraces)))
	}
	return options
}

// RegisterService makes a service known; before Run only.
func (s *Server) RegisterService(d *grpc.ServiceDesc, impl any) { s.grpc.RegisterService(d, impl) }

// SetServing says whether calls are wanted. Health answers NOT_SERVING without
// it, and clients that dialled with Dial go to another replica.
func (s *Server) SetServing(on bool) {
	s.serving.Store(on)
	s.health.set(on)
}

// Serving returns what SetServing said last; false once the drain began.
func (s *Server) Serving() bool { return s.serving.Load() }

// Ready returns nil when calls are wanted and the program does its work, and
// otherwise why not.
func (s *Server) Ready() error {
	if !s.serving.Load() {
		return errNotServing
	}
	return s.o.Ready()
}

// Run serves on l, which it closes, until ctx ends. Then it drains: health says
// NOT_SERVING, endStreams (may be nil) ends the streams of the program so that
// their callers come back elsewhere, running calls may finish for DrainTimeout,
// and what is left is cut off. It returns nil after a drain. Call it once.
func (s *Server) Run(ctx context.Context, l net.Listener, endStreams func()) error {
	s.health.know(s.grpc.GetServiceInfo())
	s.metrics.initialise(s.grpc)
	watched, end := context.WithCancel(ctx)
	defer end()
	go s.watchReadiness(watched)
	drained := make(chan struct{})
	undo := context.AfterFunc(ctx, func() {
		defer close(drained)
		s.drain(endStreams)
	})
	err := s.grpc.Serve(l)
	if undo() {
		s.SetServing(false)
		s.health.end()
		s.grpc.Stop()
		return fmt.Errorf("serve gRPC on %s: %w", l.Addr(), err)
	}
	<-drained
	return nil
}

func (s *Server) drain(endStreams func()) {
	s.SetServing(false)
	s.health.end()
	if endStreams != nil {
		endStreams()
	}
	force := time.AfterFunc(s.o.DrainTimeout, s.grpc.Stop)
	defer force.Stop()
	s.grpc.GracefulStop()
}
