package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/wire"
)

func (a *App) buildServer() error {
	m, err := a.serverMetrics()
	if err != nil {
		return err
	}
	// From outside in: count the code that leaves, map the error to it, catch
	// a panic and make it an error.
	guard := recovery.WithRecoveryHandlerContext(func(_ context.Context, p any) error {
		return fmt.Errorf("panic in a call: %v\n%s", p, debug.Stack())
	})
	a.grpc = grpc.NewServer(
		grpc.ChainUnaryInterceptor(m.UnaryServerInterceptor(), a.mapUnary, recovery.UnaryServerInterceptor(guard)),
		grpc.ChainStreamInterceptor(m.StreamServerInterceptor(), a.mapStream, recovery.StreamServerInterceptor(guard)),
		// A worker that vanished without a word is noticed within its lease.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 5 * time.Second, Timeout: 3 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	a.server.Register(a.grpc)
	healthv1.RegisterHealthServer(a.grpc, a.health)
	reflection.Register(a.grpc)
	m.InitializeMetrics(a.grpc)
	a.setServing(false)
	return nil
}

// serverMetrics shares the metrics of gRPC servers with others in the process
// that use the same registerer.
func (a *App) serverMetrics() (*grpcprom.ServerMetrics, error) {
	m := grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram())
	if a.opts.Registerer == nil {
		return m, nil
	}
	err := a.opts.Registerer.Register(m)
	var before prometheus.AlreadyRegisteredError
	if errors.As(err, &before) {
		if shared, ok := before.ExistingCollector.(*grpcprom.ServerMetrics); ok {
			return shared, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return m, nil
}

func (a *App) mapUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	resp, err := handle(ctx, req)
	return resp, a.mapError(ctx, info.FullMethod, err)
}

func (a *App) mapStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return a.mapError(ss.Context(), info.FullMethod, handle(srv, ss))
}

// mapError is the one place where errors become gRPC codes. What callers don't
// get to see is logged here.
func (a *App) mapError(ctx context.Context, method string, err error) error {
	mapped := wire.StatusFromError(err)
	switch code := status.Code(mapped); code {
	case codes.Unavailable:
		if !a.serving.Load() {
			break // a stream that was ended by the drain
		}
		fallthrough
	case codes.Internal, codes.Unknown:
		a.opts.Logger.ErrorContext(ctx, "call failed", "method", method, "code", code.String(), "error", err)
	}
	return mapped
}
