// Package grpcapi is what the REST API offers, for other services over gRPC:
// studycast.gateway.v1. It only translates; the rules are those of package
// jobs, the callers those of package edge, the errors those of package problem.
package grpcapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// Options are what the service stands on; all but Rate are needed.
type Options struct {
	Jobs *jobs.Service
	// Who says who makes a call. It is shown the call as the HTTP request that
	// it is: the method as path, the metadata as headers.
	Who edge.Authenticator
	// Rate limits the calls of each owner; nil = no limit.
	Rate *limit.Rate
	// Draining is closed once the server stops: watches then end as unavailable,
	// so that their callers come back elsewhere.
	Draining <-chan struct{}
	Logger   *slog.Logger
}

// service implements gatewayv1.JobServiceServer.
type service struct {
	gatewayv1.UnimplementedJobServiceServer
	o Options
}

// Register adds the service to a server.
func Register(r grpc.ServiceRegistrar, o Options) {
	gatewayv1.RegisterJobServiceServer(r, &service{o: o})
}

// enter gives a call its id and its caller. Ids go back in the headers that
// REST has, too.
func (s *service) enter(ctx context.Context) (context.Context, caller.Identity, error) {
	id := uuid.NewString()
	ctx = caller.WithRequestID(ctx, id)
	ids := metadata.Pairs("x-request-id", id)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		ids.Set("x-trace-id", sc.TraceID().String())
	}
	if err := grpc.SetHeader(ctx, ids); err != nil {
		return ctx, caller.Identity{}, s.fail(ctx, err)
	}
	me, err := s.o.Who.Identify(asHTTP(ctx))
	if err != nil {
		return ctx, me, s.fail(ctx, err)
	}
	quota, err := s.o.Rate.Take(me, limit.API)
	left := metadata.MD{}
	for name, values := range quota.Headers() {
		left.Set(name, values...)
	}
	if err := errors.Join(err, grpc.SetHeader(ctx, left)); err != nil {
		return ctx, me, s.fail(ctx, err)
	}
	return caller.With(ctx, me), me, nil
}

// asHTTP shows a call to an Authenticator.
func asHTTP(ctx context.Context) *http.Request {
	path, _ := grpc.Method(ctx)
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: path}, Header: http.Header{},
		Proto: "HTTP/2.0", ProtoMajor: 2, Body: http.NoBody,
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for name, values := range md {
		for _, v := range values {
			r.Header.Add(name, v)
		}
	}
	if host := md.Get(":authority"); len(host) > 0 {
		r.Host = host[0]
		r.Header.Del(":authority")
	}
	return r.WithContext(ctx)
}
