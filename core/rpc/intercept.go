package rpc

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/wire"
)

func panicked(_ context.Context, p any) error {
	return fmt.Errorf("panic in a call: %v\n%s", p, debug.Stack())
}

// bound keeps a call whose caller named no deadline, or a very late one, from
// holding its goroutine for ever.
func bound(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	return handle(ctx, req)
}

func (s *Server) mapUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	resp, err := handle(ctx, req)
	return resp, s.mapError(ctx, info.FullMethod, err)
}

func (s *Server) mapStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return s.mapError(ss.Context(), info.FullMethod, handle(srv, ss))
}

// mapError is the one place where errors become gRPC codes. What callers don't
// get to see is logged here.
func (s *Server) mapError(ctx context.Context, method string, err error) error {
	mapped := wire.StatusFromError(err)
	switch code := status.Code(mapped); code {
	case codes.Unavailable:
		if !s.serving.Load() {
			break // a stream that was ended by the drain
		}
		fallthrough
	case codes.Internal, codes.Unknown:
		s.log.ErrorContext(ctx, "call failed", "method", method, "code", code.String(), "error", err)
		select {
		case s.suspect <- struct{}{}:
		default:
		}
	}
	return mapped
}

// within gives a call without a deadline the default one.
func within(ctx context.Context, method string, req, resp any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultDeadline)
		defer cancel()
	}
	return invoke(ctx, method, req, resp, cc, opts...)
}
