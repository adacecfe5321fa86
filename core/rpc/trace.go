package rpc

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// selective traces the calls that it picks and leaves the others alone.
type selective struct {
	stats.Handler
	pick func(ctx context.Context, method string) bool
}

// picked says in the context of a call whether it was; a call made inside
// another one has its own answer.
type picked struct{}

// TagRPC begins the span of a call that is picked.
func (s selective) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !s.pick(ctx, info.FullMethodName) {
		return context.WithValue(ctx, picked{}, false)
	}
	return context.WithValue(s.Handler.TagRPC(ctx, info), picked{}, true)
}

// HandleRPC records what happens to it.
func (s selective) HandleRPC(ctx context.Context, rs stats.RPCStats) {
	if ctx.Value(picked{}) == true {
		s.Handler.HandleRPC(ctx, rs)
	}
}

func otelOptions(t trace.TracerProvider) []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
	}
}

// clientTraces traces calls that belong to a trace: no poll or heartbeat begins
// one.
func clientTraces(t trace.TracerProvider) stats.Handler {
	return selective{
		Handler: otelgrpc.NewClientHandler(otelOptions(t)...),
		pick: func(ctx context.Context, _ string) bool {
			return trace.SpanContextFromContext(ctx).IsValid()
		},
	}
}

// serverTraces traces calls that carry a trace, and with roots the others as
// well, but for those of gRPC itself. Methods that the server does not have are
// left out: their names are whatever the caller made up.
func (s *Server) serverTraces(t trace.TracerProvider, roots bool) stats.Handler {
	known := sync.OnceValue(s.methods)
	return selective{
		Handler: otelgrpc.NewServerHandler(otelOptions(t)...),
		pick: func(ctx context.Context, method string) bool {
			if !known()[method] {
				return false
			}
			if len(metadata.ValueFromIncomingContext(ctx, "traceparent")) > 0 {
				return true
			}
			return roots && !internal(method)
		},
	}
}

// methods are the full names of what the server answers, complete once it
// serves.
func (s *Server) methods() map[string]bool {
	all := map[string]bool{}
	for service, info := range s.grpc.GetServiceInfo() {
		for _, m := range info.Methods {
			all["/"+service+"/"+m.Name] = true
		}
	}
	return all
}

// internal reports whether a full method is of health or reflection.
func internal(method string) bool {
	return strings.HasPrefix(method, "/grpc.health.") || strings.HasPrefix(method, "/grpc.reflection.")
}
