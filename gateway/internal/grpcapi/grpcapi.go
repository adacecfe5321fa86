// Package grpcapi is what the REST API offers, for other services over gRPC:
// studycast.gateway.v1, and for operators what the services behind offer. It
// only translates; the rules are those of package jobs, the callers those of
// package edge, the errors those of package problem.
package grpcapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/webhooks"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// Options are what the service stands on; all but Rate, Streams and the
// connections are needed.
type Options struct {
	Jobs     *jobs.Service
	Webhooks *webhooks.Service
	// Who says who makes a call. It is shown the call as the HTTP request that
	// it is: the method as path, the metadata as headers.
	Who edge.Identifier
	// Rate limits the calls of each owner; nil = no limit.
	Rate *limit.Rate
	// Streams bounds the watches of each owner, together with those of REST; nil =
	// no bound.
	Streams *limit.Streams
	// Draining is closed once the server stops: watches then end as unavailable,
	// so that their callers come back elsewhere.
	Draining <-chan struct{}
	// Letters and Status are connections to the dead-letter service and to the
	// status service, whose calls operators may make; nil = they may not.
	Letters, Status grpc.ClientConnInterface
	Logger          *slog.Logger
}

// service implements gatewayv1.JobServiceServer.
type service struct {
	gatewayv1.UnimplementedJobServiceServer
	o Options
}

// Register adds the services to a server.
func Register(r grpc.ServiceRegistrar, o Options) {
	s := &service{o: o}
	gatewayv1.RegisterJobServiceServer(r, s)
	gatewayv1.RegisterWebhookServiceServer(r, &webhookService{service: s})
	if o.Letters != nil {
		deadletterv1.RegisterDeadLetterServiceServer(r, &letterService{service: s, letters: deadletterv1.NewDeadLetterServiceClient(o.Letters)})
	}
	if o.Status != nil {
		statusv1.RegisterQueueServiceServer(r, &queueService{service: s, queues: statusv1.NewQueueServiceClient(o.Status)})
	}
}

// enter gives a call its id and its caller, and counts it.
func (s *service) enter(ctx context.Context) (context.Context, caller.Identity, error) {
	ctx, me, err := s.identify(ctx)
	if err != nil {
		return ctx, me, err
	}
	left, err := s.o.Rate.Take(me, limit.API)
	if err := s.tell(ctx, left, err); err != nil {
		return ctx, me, err
	}
	return ctx, me, nil
}

// tell sends what is left to the caller, in the headers that REST has, and
// returns the error of a call that was refused.
func (s *service) tell(ctx context.Context, left limit.Quota, refused error) error {
	md := metadata.MD{}
	for name, values := range left.Headers() {
		md.Set(name, values...)
	}
	if err := errors.Join(refused, grpc.SetHeader(ctx, md)); err != nil {
		return s.fail(ctx, err)
	}
	return nil
}

// identify gives a call its id and its caller, who may make it. Ids go back in
// the headers that REST has, too.
func (s *service) identify(ctx context.Context) (context.Context, caller.Identity, error) {
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
	ctx = caller.With(ctx, me)
	if err := edge.CheckScope(ctx, scopeOf(ctx)); err != nil {
		return ctx, me, s.fail(ctx, err)
	}
	return ctx, me, nil
}

// areas are the scopes of the services: that of reading and that of all else.
var areas = map[string][2]caller.Scope{
	gatewayv1.JobService_ServiceDesc.ServiceName:           {caller.JobsRead, caller.JobsWrite},
	gatewayv1.WebhookService_ServiceDesc.ServiceName:       {caller.WebhooksRead, caller.WebhooksWrite},
	deadletterv1.DeadLetterService_ServiceDesc.ServiceName: {caller.DeadLettersRead, caller.DeadLettersWrite},
	statusv1.QueueService_ServiceDesc.ServiceName:          {caller.QueuesRead, caller.QueuesWrite},
}

// scopeOf returns the scope that a call needs. A service that is not known would
// need one that nobody has.
func scopeOf(ctx context.Context) caller.Scope {
	full, _ := grpc.Method(ctx)
	switch area := areas[path.Base(path.Dir(full))]; {
	case full == statusv1.QueueService_ListAudit_FullMethodName: // the record is one, at whichever service
		return caller.DeadLettersRead
	case reads(ctx):
		return area[0]
	default:
		return area[1]
	}
}

// reads reports whether a call is known to only read.
func reads(ctx context.Context) bool {
	full, _ := grpc.Method(ctx)
	name := path.Base(full)
	return slices.ContainsFunc([]string{"Get", "List", "Watch"}, func(verb string) bool { return strings.HasPrefix(name, verb) })
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
	if p, ok := peer.FromContext(ctx); ok {
		r.RemoteAddr = p.Addr.String()
	}
	return r.WithContext(ctx)
}
