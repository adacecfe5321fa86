package rpc

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

var errNotServing = errors.New("it does not take calls now")

// recheck is the pause between two looks at a program that was not ready.
const recheck = time.Second

// healthServer is the health service of gRPC. Check asks the program; Watch
// tells what was set, because asking for everybody who watches would be a poll
// that never ends. Watches end with the drain, or it would wait for them.
type healthServer struct {
	*health.Server
	ready func() error
	quit  context.Context //nolint:containedctx // ends every watch
	end   context.CancelFunc

	mu      sync.Mutex
	names   []string
	serving bool
}

func newHealth(ready func() error) *healthServer {
	h := &healthServer{Server: health.NewServer(), ready: ready, names: []string{""}}
	h.quit, h.end = context.WithCancel(context.Background())
	h.set(false)
	return h
}

// know adds the services of the program: each has the health of the whole.
func (h *healthServer) know(services map[string]grpc.ServiceInfo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range services {
		if !internal("/" + name) {
			h.names = append(h.names, name)
		}
	}
	h.tell()
}

func (h *healthServer) set(serving bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serving = serving
	h.tell()
}

// tell is called with the lock held.
func (h *healthServer) tell() {
	for _, name := range h.names {
		h.SetServingStatus(name, word(h.serving))
	}
}

func word(serving bool) healthv1.HealthCheckResponse_ServingStatus {
	if serving {
		return healthv1.HealthCheckResponse_SERVING
	}
	return healthv1.HealthCheckResponse_NOT_SERVING
}

// Check answers whether the program does its work at this moment, and what time
// it is there.
func (h *healthServer) Check(ctx context.Context, in *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if _, err := h.Server.Check(ctx, in); err != nil {
		return nil, err
	}
	tellClock(ctx)
	return &healthv1.HealthCheckResponse{Status: word(h.ready() == nil)}, nil
}

// Watch tells the health and every change of it until the drain.
func (h *healthServer) Watch(in *healthv1.HealthCheckRequest, stream healthv1.Health_WatchServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	stop := context.AfterFunc(h.quit, cancel)
	defer stop()
	err := h.Server.Watch(in, watch{stream, ctx})
	if h.quit.Err() != nil {
		return status.Error(codes.Unavailable, "the program ends")
	}
	return err
}

// watch is a stream that ends with its own context.
type watch struct {
	healthv1.Health_WatchServer
	ctx context.Context //nolint:containedctx // that of the stream
}

func (w watch) Context() context.Context { return w.ctx }

// watchReadiness looks whether the program still does its work when a call
// failed by its fault, tells those who watch, and looks again until it does.
// While all is well it sleeps.
func (s *Server) watchReadiness(ctx context.Context) {
	pause := time.NewTimer(recheck)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.suspect:
		}
		for s.serving.Load() && ctx.Err() == nil {
			err := s.o.Ready()
			s.health.judge(err == nil, s.serving.Load)
			if err == nil {
				break
			}
			s.log.WarnContext(ctx, "not ready: calls are sent elsewhere", "error", err)
			pause.Reset(recheck)
			select {
			case <-ctx.Done():
			case <-pause.C:
			}
		}
	}
}

// judge tells the outcome of a look, unless calls are not wanted anyway.
func (h *healthServer) judge(ready bool, wanted func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serving = ready && wanted()
	h.tell()
}
