package app_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// input is what a call of any method is made with; a method takes its part.
type input struct {
	id, key, owner, kind string
}

// method is one of the service, with the REST operation that does the same.
type method struct {
	twin string
	call func(ctx context.Context, s *service, in input, header *metadata.MD) error
}

func (in input) request() *jobv1.Request {
	r := page("https://example.org/a")
	if in.kind != "" {
		r.Kind = in.kind
	}
	return r
}

// unary makes a method of a call that answers once.
func unary[I, O any](twin string, call func(*service) func(context.Context, *I, ...grpc.CallOption) (*O, error), make func(input) *I) method {
	return method{twin, func(ctx context.Context, s *service, in input, header *metadata.MD) error {
		_, err := call(s)(ctx, make(in), grpc.Header(header))
		return err
	}}
}

// streaming makes a method of a call that answers with a stream.
func streaming[I, O any](
	twin string, call func(*service) func(context.Context, *I, ...grpc.CallOption) (grpc.ServerStreamingClient[O], error), make func(input) *I,
) method {
	return method{twin, func(ctx context.Context, s *service, in input, header *metadata.MD) error {
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		stream, err := call(s)(ctx, make(in))
		if err != nil {
			return err
		}
		_, err = stream.Recv()
		*header, _ = stream.Header()
		return err
	}}
}

var methods = map[string]method{
	"CreateJob": unary("submit-job", func(s *service) func(context.Context, *gatewayv1.CreateJobRequest, ...grpc.CallOption) (*gatewayv1.CreateJobResponse, error) {
		return s.CreateJob
	}, func(in input) *gatewayv1.CreateJobRequest {
		return &gatewayv1.CreateJobRequest{Request: in.request(), IdempotencyKey: in.key}
	}),
	"BatchCreateJobs": {"submit-jobs", batchOfOne},
	"GetJob": unary("get-job", func(s *service) func(context.Context, *gatewayv1.GetJobRequest, ...grpc.CallOption) (*gatewayv1.GetJobResponse, error) {
		return s.GetJob
	}, func(in input) *gatewayv1.GetJobRequest { return &gatewayv1.GetJobRequest{Id: in.id} }),
	"ListJobs": unary("list-jobs", func(s *service) func(context.Context, *gatewayv1.ListJobsRequest, ...grpc.CallOption) (*gatewayv1.ListJobsResponse, error) {
		return s.ListJobs
	}, func(in input) *gatewayv1.ListJobsRequest {
		return &gatewayv1.ListJobsRequest{Kind: in.kind, Owner: in.owner}
	}),
	"ListVoices": unary("list-voices", func(s *service) func(context.Context, *gatewayv1.ListVoicesRequest, ...grpc.CallOption) (*gatewayv1.ListVoicesResponse, error) {
		return s.ListVoices
	}, func(input) *gatewayv1.ListVoicesRequest { return &gatewayv1.ListVoicesRequest{} }),
	"CancelJob": unary("cancel-job", func(s *service) func(context.Context, *gatewayv1.CancelJobRequest, ...grpc.CallOption) (*gatewayv1.CancelJobResponse, error) {
		return s.CancelJob
	}, func(in input) *gatewayv1.CancelJobRequest { return &gatewayv1.CancelJobRequest{Id: in.id} }),
	"RetryJob": unary("retry-job", func(s *service) func(context.Context, *gatewayv1.RetryJobRequest, ...grpc.CallOption) (*gatewayv1.RetryJobResponse, error) {
		return s.RetryJob
	}, func(in input) *gatewayv1.RetryJobRequest { return &gatewayv1.RetryJobRequest{Id: in.id} }),
	"DeleteJob": unary("delete-job", func(s *service) func(context.Context, *gatewayv1.DeleteJobRequest, ...grpc.CallOption) (*gatewayv1.DeleteJobResponse, error) {
		return s.DeleteJob
	}, func(in input) *gatewayv1.DeleteJobRequest { return &gatewayv1.DeleteJobRequest{Id: in.id} }),
	"WatchJob": streaming("watch-job", func(s *service) func(context.Context, *gatewayv1.WatchJobRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[gatewayv1.WatchJobResponse], error) {
		return s.WatchJob
	}, func(in input) *gatewayv1.WatchJobRequest { return &gatewayv1.WatchJobRequest{Id: in.id} }),
	"WatchJobs": streaming("watch-jobs", func(s *service) func(context.Context, *gatewayv1.WatchJobsRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[gatewayv1.WatchJobsResponse], error) {
		return s.WatchJobs
	}, func(in input) *gatewayv1.WatchJobsRequest { return &gatewayv1.WatchJobsRequest{Owner: in.owner} }),
}

// batchOfOne asks for one job, or for none where another kind is asked for: that
// is what a batch as a whole is refused for. The error of the job is that of the
// call.
func batchOfOne(ctx context.Context, s *service, in input, header *metadata.MD) error {
	r := &gatewayv1.BatchCreateJobsRequest{IdempotencyKey: in.key}
	if in.kind == "" {
		r.Requests = []*jobv1.Request{in.request()}
	}
	out, err := s.BatchCreateJobs(ctx, r, grpc.Header(header))
	if err != nil {
		return err
	}
	refused := out.GetResults()[0].GetStatus()
	if refused == nil {
		return nil
	}
	return status.FromProto(&spb.Status{Code: refused.GetCode(), Message: refused.GetMessage(), Details: refused.GetDetails()}).Err()
}

// codeOf is the code that comes with each type of problem.
var codeOf = map[string]codes.Code{
	"invalid-request": codes.InvalidArgument, "idempotency-key-reused": codes.AlreadyExists, "unauthenticated": codes.Unauthenticated,
	"forbidden": codes.PermissionDenied, "missing-scope": codes.PermissionDenied, "not-found": codes.NotFound, "wrong-state": codes.FailedPrecondition,
	"too-many-requests": codes.ResourceExhausted, "too-many-jobs": codes.ResourceExhausted, "too-many-streams": codes.ResourceExhausted,
	"internal": codes.Internal, "unavailable": codes.Unavailable, "too-slow": codes.DeadlineExceeded,
}

// onlyHTTP are the types of problems that are about HTTP itself.
var onlyHTTP = []string{"malformed-request", "body-incomplete", "too-large", "unsupported-type", "wrong-host", "header-too-large", "not-acceptable"}

// elsewhere are types that only the methods named have: over HTTP others have
// them too, for a page of another site or a query that nobody knows.
var elsewhere = map[string][]string{
	"forbidden":       {"ListJobs", "WatchJobs"},
	"invalid-request": {"CreateJob", "BatchCreateJobs", "ListJobs"},
	"internal":        {"CreateJob", "BatchCreateJobs", "GetJob", "ListJobs", "CancelJob", "RetryJob", "DeleteJob", "WatchJob"}, // else see panics
}

// tester provokes errors and ticks them off.
type tester struct {
	*service
	weather *weather
	wanted  map[string]bool // "GetJob not-found": whether it was seen
}

// Every method with every error that the document promises for its REST twin.
func TestEveryErrorOverGRPC(t *testing.T) {
	t.Parallel()
	desc := gatewayv1.JobService_ServiceDesc
	require.Len(t, methods, len(desc.Methods)+len(desc.Streams), "a new method belongs into the table")
	x := startTester(t)
	contract := readContract(t, x.gateway)
	for name, m := range methods {
		require.Contains(t, contract.paths, m.twin)
		for promise := range contract.promised {
			words := strings.Fields(promise)
			if len(words) < 3 || words[0] != m.twin || slices.Contains(onlyHTTP, words[2]) {
				continue
			}
			if some, ok := elsewhere[words[2]]; ok && !slices.Contains(some, name) {
				continue
			}
			x.wanted[name+" "+words[2]] = false
		}
	}
	x.everywhere()
	x.single()
	x.limits()
	for _, key := range slices.Sorted(maps.Keys(x.wanted)) {
		require.True(t, x.wanted[key], "nothing here provokes %s", key)
	}
	t.Logf("%d errors of %d methods", len(x.wanted), len(methods))
}

func startTester(t *testing.T) *tester {
	w := &weather{}
	s := startGRPC(t, asOwner, func(o *app.Options) {
		o.Status = stormy{o.Status.(*statustest.Status), w}
		who := o.Authenticate
		o.Authenticate = func(r *http.Request) (app.Identity, error) {
			switch r.Header.Get("Owner") {
			case "panic":
				panic(innerText)
			case "unsure":
				return app.Identity{}, fault.New(fault.Dependency, "Nobody can sign in right now.")
			}
			return who(r)
		}
	})
	return &tester{s, w, map[string]bool{}}
}

// as is a call of somebody; pairs are further metadata.
func as(t *testing.T, owner string, pairs ...string) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), append([]string{"owner", owner}, pairs...)...)
}

// fails makes a call and checks that its error is the one wanted, whole.
func (x *tester) fails(ctx context.Context, s *service, name string, in input, want string) {
	t := x.t
	t.Helper()
	var header metadata.MD
	err := methods[name].call(ctx, s, in, &header)
	what := name + " " + want
	st := status.Convert(err)
	require.Equal(t, codeOf[want], st.Code(), "%s: %v", what, err)
	require.NotEmpty(t, st.Message(), what)
	d := detailsOf(st)
	require.Equal(t, strings.ToUpper(strings.ReplaceAll(want, "-", "_")), d.info.GetReason(), what)
	require.Equal(t, "studycast", d.info.GetDomain(), what)
	require.Equal(t, header.Get("x-request-id"), []string{d.request.GetRequestId()}, what)
	require.Equal(t, want == "invalid-request", len(d.bad.GetFieldViolations()) > 0, "%s: %v", what, d.bad)
	for _, f := range d.bad.GetFieldViolations() {
		require.NotEmpty(t, f.GetField(), what)
		require.NotEmpty(t, f.GetDescription(), what)
	}
	comeBack := st.Code() == codes.Unavailable || st.Code() == codes.ResourceExhausted
	require.Equal(t, comeBack, d.retry.GetRetryDelay().AsDuration() > 0, "%s: %v", what, d.retry)
	require.Equal(t, want == "wrong-state", d.info.GetMetadata()["state"] != "", what)
	require.Contains(t, x.wanted, what, "the document of REST does not know it")
	x.wanted[what] = true
}

// each calls every method that may fail so.
func (x *tester) each(want string, call func(name string)) {
	for key := range maps.Clone(x.wanted) {
		if name, found := strings.CutSuffix(key, " "+want); found {
			call(name)
		}
	}
}

// everywhere provokes what many methods have in common.
func (x *tester) everywhere() {
	const unknown = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2fff"
	t := x.t
	id := x.create(as(t, "ann")).GetId()
	common := map[string]context.Context{
		"unauthenticated": t.Context(), "missing-scope": as(t, "ann", "scopes", "deadletters:read"), "unavailable": as(t, "unsure"),
	}
	for want, ctx := range common {
		x.each(want, func(name string) { x.fails(ctx, x.service, name, input{id: id}, want) })
	}
	x.each("not-found", func(name string) { x.fails(as(t, "ann"), x.service, name, input{id: unknown}, "not-found") })
	x.each("not-found", func(name string) { x.fails(as(t, "bob"), x.service, name, input{id: id}, "not-found") })
	x.each("forbidden", func(name string) { x.fails(as(t, "bob"), x.service, name, input{owner: "ann"}, "forbidden") })
	x.each("invalid-request", func(name string) {
		x.fails(as(t, "ann"), x.service, name, input{kind: "film"}, "invalid-request")
	})
	for want, err := range map[string]error{"too-slow": context.DeadlineExceeded, "internal": errors.New(innerText)} {
		x.weather.set(err)
		x.each(want, func(name string) { x.fails(as(t, "ann"), x.service, name, input{id: id}, want) })
	}
	x.weather.set(nil)
	for name, m := range methods { // panics
		var header metadata.MD
		st := status.Convert(m.call(as(t, "panic"), x.service, input{id: id}, &header))
		require.Equal(t, codes.Internal, st.Code(), name)
		require.NotContains(t, st.String(), innerText, name)
	}
}

// single provokes what few methods have.
func (x *tester) single() {
	t := x.t
	ctx := as(t, "ann")
	_, err := x.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: page("https://example.org/b"), IdempotencyKey: "k"})
	require.NoError(t, err)
	x.each("idempotency-key-reused", func(name string) { x.fails(ctx, x.service, name, input{key: "k"}, "idempotency-key-reused") })
	for name, state := range map[string]job.State{"CancelJob": job.Succeeded, "RetryJob": job.Queued, "DeleteJob": job.Queued} {
		id := x.create(ctx).GetId()
		x.status.Update(job.ID(id), func(j *job.Job) { j.State = state })
		x.fails(ctx, x.service, name, input{id: id}, "wrong-state")
	}
}

// limits provokes what callers with too much of something are told.
func (x *tester) limits() {
	t := x.t
	ann := as(t, "ann")
	few := startGRPC(t, limited(app.Limits{CallsPerMinute: 1, Burst: 1, ServiceFactor: 1}))
	id := few.create(ann).GetId()
	x.each("too-many-requests", func(name string) { x.fails(ann, few, name, input{id: id}, "too-many-requests") })

	full := startGRPC(t, limited(app.Limits{JobsInFlight: 1}))
	id = full.create(ann).GetId()
	_, err := full.CancelJob(ann, &gatewayv1.CancelJobRequest{Id: id})
	require.NoError(t, err)
	full.create(ann)
	x.each("too-many-jobs", func(name string) { x.fails(ann, full, name, input{id: id}, "too-many-jobs") })

	watched := startGRPC(t, limited(app.Limits{Streams: 1}))
	id = watched.create(ann).GetId()
	stream, err := watched.WatchJobs(ann, &gatewayv1.WatchJobsRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.NoError(t, err)
	x.each("too-many-streams", func(name string) { x.fails(ann, watched, name, input{id: id}, "too-many-streams") })
}
