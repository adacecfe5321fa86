//go:build linux

package contract

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/lab/local"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// ask is one call to the service, of a job or with a key.
type ask func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error

var asks = map[string]ask{
	"CreateJob": func(ctx context.Context, c gatewayv1.JobServiceClient, _ string) error {
		_, err := c.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: text("Tides.")})
		return err
	},
	"BatchCreateJobs": func(ctx context.Context, c gatewayv1.JobServiceClient, _ string) error {
		_, err := c.BatchCreateJobs(ctx, &gatewayv1.BatchCreateJobsRequest{Requests: []*jobv1.Request{text("Tides.")}})
		return err
	},
	"GetJob": func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error {
		_, err := c.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id})
		return err
	},
	"ListJobs": func(ctx context.Context, c gatewayv1.JobServiceClient, _ string) error {
		_, err := c.ListJobs(ctx, &gatewayv1.ListJobsRequest{})
		return err
	},
	"CancelJob": func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error {
		_, err := c.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: id})
		return err
	},
	"RetryJob": func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error {
		_, err := c.RetryJob(ctx, &gatewayv1.RetryJobRequest{Id: id})
		return err
	},
	"DeleteJob": func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error {
		_, err := c.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: id})
		return err
	},
	"WatchJob": func(ctx context.Context, c gatewayv1.JobServiceClient, id string) error {
		stream, err := c.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: id})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	},
	"WatchJobs": func(ctx context.Context, c gatewayv1.JobServiceClient, _ string) error {
		stream, err := c.WatchJobs(ctx, &gatewayv1.WatchJobsRequest{})
		if err == nil {
			_, err = stream.Recv()
		}
		return err
	},
}

func text(s string) *jobv1.Request {
	return wire.RequestToProto(job.Request{Kind: job.Audio, Source: job.Source{Text: s}})
}

// grpc calls every method of the gateways: as somebody, as nobody, on a job that
// is not there, too often, and wrongly.
func (r *rig) grpc(t *testing.T) {
	desc := gatewayv1.JobService_ServiceDesc
	require.Len(t, asks, len(desc.Methods)+len(desc.Streams), "a new method belongs into the table")
	free, limited := r.dial(t, 0), r.dial(t, 1)
	as := func(who string) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.people[who].token)
	}
	const unknown = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2fff"
	for name, call := range asks {
		made, err := free.CreateJob(as("bob"), &gatewayv1.CreateJobRequest{Request: text("Tides.")})
		require.NoError(t, err)
		id := made.GetJob().GetId()
		r.await("bob", id)
		switch name {
		case "CancelJob":
			fails(t, name, call(as("bob"), free, id), codes.FailedPrecondition, "WRONG_STATE")
		case "RetryJob":
			fails(t, name, call(as("bob"), free, id), codes.FailedPrecondition, "WRONG_STATE")
		default:
			require.NoError(t, call(as("bob"), free, id), name)
		}
		fails(t, name, call(t.Context(), free, id), codes.Unauthenticated, "UNAUTHENTICATED")
		if one := name != "WatchJobs" && !strings.Contains(name, "Create") && name != "ListJobs"; one {
			fails(t, name, call(as("bob"), free, unknown), codes.NotFound, "NOT_FOUND")
			fails(t, name, call(as("ann"), free, id), codes.NotFound, "NOT_FOUND")
		}
		_ = call(as("lms"), limited, unknown) // the last that is taken
		fails(t, name, call(as("lms"), limited, unknown), codes.ResourceExhausted, "TOO_MANY_REQUESTS")
	}
	_, err := free.CreateJob(as("bob"), &gatewayv1.CreateJobRequest{Request: &jobv1.Request{Kind: "film"}})
	fails(t, "CreateJob", err, codes.InvalidArgument, "INVALID_REQUEST")
	for i, want := range []codes.Code{codes.OK, codes.AlreadyExists} {
		_, err := free.CreateJob(as("bob"), &gatewayv1.CreateJobRequest{Request: text(strings.Repeat("Tides.", i+1)), IdempotencyKey: "k"})
		if want != codes.OK {
			fails(t, "CreateJob", err, want, "IDEMPOTENCY_KEY_REUSED")
		}
	}
}

func (r *rig) dial(t *testing.T, gateway int) gatewayv1.JobServiceClient {
	conn, err := grpc.NewClient(r.Programs(local.Gateway)[gateway].GRPC(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return gatewayv1.NewJobServiceClient(conn)
}

// fails checks that an error is the one wanted, with its details.
func fails(t *testing.T, name string, err error, code codes.Code, reason string) {
	t.Helper()
	st := status.Convert(err)
	require.Equal(t, code, st.Code(), "%s: %v", name, err)
	require.NotEmpty(t, st.Message(), name)
	var info *errdetails.ErrorInfo
	var request *errdetails.RequestInfo
	var fields, comeBack bool
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.RequestInfo:
			request = d
		case *errdetails.BadRequest:
			fields = len(d.GetFieldViolations()) > 0
		case *errdetails.RetryInfo:
			comeBack = d.GetRetryDelay().AsDuration() > 0
		}
	}
	require.Equal(t, reason, info.GetReason(), name)
	require.Equal(t, "studycast", info.GetDomain(), name)
	require.NotEmpty(t, request.GetRequestId(), name)
	require.Equal(t, code == codes.InvalidArgument, fields, name)
	require.Equal(t, code == codes.ResourceExhausted, comeBack, name)
}
