package load_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/lab/load"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// service is a small JobService. The first answers of each key are those of
// trouble.
type service struct {
	gatewayv1.UnimplementedJobServiceServer
	trouble []error

	mu    sync.Mutex
	tries map[string]int
	jobs  []job.Job
}

func serveGRPC(t *testing.T, trouble ...error) (*service, string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s, server := &service{trouble: trouble, tries: map[string]int{}}, grpc.NewServer()
	gatewayv1.RegisterJobServiceServer(server, s)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return s, "grpc://" + l.Addr().String()
}

func (s *service) CreateJob(_ context.Context, req *gatewayv1.CreateJobRequest) (*gatewayv1.CreateJobResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	try := s.tries[req.GetIdempotencyKey()]
	s.tries[req.GetIdempotencyKey()]++
	if try < len(s.trouble) {
		return nil, s.trouble[try]
	}
	now := time.Now()
	j := job.Job{
		ID: job.ID(fmt.Sprint("job-", len(s.jobs))), Request: wire.RequestFromProto(req.GetRequest()), State: job.Succeeded, Attempt: 1,
		CreatedAt: now, StartedAt: now.Add(time.Millisecond), FinishedAt: now.Add(time.Second),
	}
	s.jobs = append(s.jobs, j)
	return &gatewayv1.CreateJobResponse{Job: wire.JobToProto(j), Replayed: strings.HasSuffix(req.GetIdempotencyKey(), "-0")}, nil
}

// ListJobs gives pages of two.
func (s *service) ListJobs(_ context.Context, req *gatewayv1.ListJobsRequest) (*gatewayv1.ListJobsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &gatewayv1.ListJobsResponse{}
	if len(req.GetStates()) > 0 {
		return resp, nil
	}
	from := 0
	if req.GetPageToken() != "" {
		_, _ = fmt.Sscan(req.GetPageToken(), &from)
	}
	for i := from; i < len(s.jobs)-1 && i < from+2; i++ { // the last one is only found by its id
		resp.Jobs = append(resp.Jobs, wire.JobToProto(s.jobs[i]))
	}
	if from+2 < len(s.jobs) {
		resp.NextPageToken = fmt.Sprint(from + 2)
	}
	return resp, nil
}

func (s *service) GetJob(_ context.Context, req *gatewayv1.GetJobRequest) (*gatewayv1.GetJobResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if string(j.ID) == req.GetId() {
			return &gatewayv1.GetJobResponse{Job: wire.JobToProto(j)}, nil
		}
	}
	return nil, wire.StatusFromError(job.ErrNotFound)
}

func TestGRPC(t *testing.T) {
	t.Parallel()
	full, err := status.New(codes.Unavailable, "the broker is full").
		WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(10 * time.Millisecond)})
	require.NoError(t, err)
	_, target := serveGRPC(t, status.Error(codes.Unavailable, "connection reset"), full.Err())
	r, err := load.Run(t.Context(), load.Options{Targets: []string{target}, Jobs: 5, Clients: 2, Kinds: []job.Kind{job.Audio}})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.Len(t, r.Accepted, 5)
	require.Equal(t, 1, r.Replayed)
	require.Equal(t, 5, r.Unanswered)
	require.Len(t, r.Refusals, 5)
	require.Equal(t, "Unavailable", r.Refusals[0].Code)
	require.Equal(t, 10*time.Millisecond, r.Refusals[0].RetryAfter)
	require.Equal(t, map[job.State]int{job.Succeeded: 5}, r.Finals)
	require.Equal(t, time.Millisecond, r.ToStart.P50)
}

func TestGRPCRefusedForGood(t *testing.T) {
	t.Parallel()
	_, target := serveGRPC(t, status.Error(codes.InvalidArgument, "kind"))
	r, err := load.Run(t.Context(), load.Options{Targets: []string{target}, Jobs: 2})
	require.NoError(t, err)
	require.Equal(t, 2, r.GivenUp)
	require.Equal(t, "InvalidArgument", r.Refusals[0].Code)
}
