package app_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// service is the gateway as other services see it.
type service struct {
	*gateway
	gatewayv1.JobServiceClient
	conn *grpc.ClientConn
}

// startGRPC runs a gateway with gRPC.
func startGRPC(t *testing.T, change ...func(*app.Options)) *service {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	conn, err := rpc.Dial(l.Addr().String(), rpc.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	g := start(t, append(change, func(o *app.Options) { o.GRPCListener = l })...)
	return &service{g, gatewayv1.NewJobServiceClient(conn), conn}
}

func page(url string) *jobv1.Request {
	return &jobv1.Request{Kind: "video", Source: &jobv1.Source{From: &jobv1.Source_Url{Url: url}}}
}

// create makes a job and returns it.
func (s *service) create(ctx context.Context) *jobv1.Job {
	s.t.Helper()
	out, err := s.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")})
	require.NoError(s.t, err)
	return out.GetJob()
}

func TestGRPCJobs(t *testing.T) {
	t.Parallel()
	s, ctx := startGRPC(t), t.Context()
	var header metadata.MD
	req := &gatewayv1.CreateJobRequest{Request: page("https://example.org/a"), IdempotencyKey: "k"}
	made, err := s.CreateJob(ctx, req, grpc.Header(&header))
	require.NoError(t, err)
	id := made.GetJob().GetId()
	require.Equal(t, "queued", made.GetJob().GetState())
	require.False(t, made.GetReplayed())
	require.Len(t, header.Get("x-request-id"), 1)
	require.Equal(t, id, s.takeMessage("video-generation").ID)

	again, err := s.CreateJob(ctx, req)
	require.NoError(t, err)
	require.True(t, again.GetReplayed())
	require.Equal(t, id, again.GetJob().GetId())
	rest := s.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`, "Idempotency-Key", `"k"`)
	require.Equal(t, id, rest.json()["id"], "a key means the same at both edges")

	got, err := s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id})
	require.NoError(t, err)
	require.Len(t, got.GetJob().GetHistory(), 1)
	_, err = s.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: id})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	cancelled, err := s.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: id})
	require.NoError(t, err)
	require.Equal(t, "cancelled", cancelled.GetJob().GetState())
	require.Equal(t, "cancelled by its owner", cancelled.GetJob().GetHistory()[1].GetWhy())
	retried, err := s.RetryJob(ctx, &gatewayv1.RetryJobRequest{Id: id})
	require.NoError(t, err)
	require.Equal(t, "queued", retried.GetJob().GetState())
	s.confirmed() // a retry takes the fast path, too
	_, err = s.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: id})
	require.NoError(t, err)
	_, err = s.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: id})
	require.NoError(t, err)
	_, err = s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id})
	require.Equal(t, codes.NotFound, status.Code(err))
}

func TestGRPCList(t *testing.T) {
	t.Parallel()
	s, ctx := startGRPC(t), t.Context()
	for range 3 {
		s.create(ctx)
	}
	first, err := s.ListJobs(ctx, &gatewayv1.ListJobsRequest{PageSize: 2, Kind: "video", States: []string{"queued"}})
	require.NoError(t, err)
	require.Len(t, first.GetJobs(), 2)
	require.Empty(t, first.GetJobs()[0].GetHistory())
	rest, err := s.ListJobs(ctx, &gatewayv1.ListJobsRequest{PageSize: 2, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetJobs(), 1)
	require.Empty(t, rest.GetNextPageToken())
	none, err := s.ListJobs(ctx, &gatewayv1.ListJobsRequest{CreatedBefore: timestamppb.New(time.Unix(0, 0))})
	require.NoError(t, err)
	require.Empty(t, none.GetJobs())
}

// What REST refuses gRPC refuses as well, by the same fields.
func TestGRPCBadInput(t *testing.T) {
	t.Parallel()
	s, ctx := startGRPC(t), t.Context()
	create := func(r *jobv1.Request, key string) error {
		_, err := s.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: r, IdempotencyKey: key})
		return err
	}
	list := func(r *gatewayv1.ListJobsRequest) error {
		_, err := s.ListJobs(ctx, r)
		return err
	}
	far := page("https://example.org/")
	far.RunAt = timestamppb.New(time.Now().AddDate(1, 0, 0))
	never := page("https://example.org/")
	never.RunAt = &timestamppb.Timestamp{Seconds: 1 << 62}
	upload := &jobv1.Request{Kind: "audio", Source: &jobv1.Source{From: &jobv1.Source_Upload{Upload: "../../etc/passwd"}}}
	for field, err := range map[string]error{
		"kind":            create(nil, ""),
		"source.url":      create(page("http://10.0.0.8/"), ""),
		"source.upload":   create(upload, ""),
		"run_at":          create(far, ""),
		"run_at ":         create(never, ""),
		"idempotency_key": create(page("https://example.org/"), strings.Repeat("k", 256)),
		// Only ASCII goes through the header of REST.
		"idempotency_key ": create(page("https://example.org/"), "schlüssel"),
		"states":           list(&gatewayv1.ListJobsRequest{States: []string{"lost"}}),
		"kind ":            list(&gatewayv1.ListJobsRequest{Kind: "film"}),
		"page_size":        list(&gatewayv1.ListJobsRequest{PageSize: 201}),
		"page_size ":       list(&gatewayv1.ListJobsRequest{PageSize: -1}),
		"created_after":    list(&gatewayv1.ListJobsRequest{CreatedAfter: &timestamppb.Timestamp{Nanos: -1}}),
	} {
		require.Equal(t, codes.InvalidArgument, status.Code(err), field)
		var invalid *job.InvalidError
		require.ErrorAs(t, wire.ErrorFromStatus(err), &invalid, field)
		require.Equal(t, strings.TrimSpace(field), invalid.Fields[0].Path)
	}
	for _, id := range []string{"", "x", "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30", strings.Repeat("9", 5000)} {
		_, err := s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id})
		require.ErrorIs(t, wire.ErrorFromStatus(err), job.ErrNotFound, id)
	}
	require.Empty(t, s.get("/v1/jobs").json()["jobs"], "bad input costs nothing")
}

func TestGRPCOwnersAndRoles(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, asOwner)
	as := func(pairs ...string) context.Context { return metadata.AppendToOutgoingContext(t.Context(), pairs...) }
	ann, bob, op := as("owner", "ann"), as("owner", "bob"), as("owner", "root", "roles", "operator")
	id := s.create(ann).GetId()
	s.status.Update(job.ID(id), func(j *job.Job) {
		j.State, j.DeadLetter = job.Failed, "0199f1a2-letter"
		j.Fault = &job.Fault{Kind: "source", Text: "The site is down.", Cause: "dial tcp 10.1.2.3"}
		j.Artifacts = []job.Artifact{{Name: "x.txt", Key: "jobs/x-key"}}
		j.History = append(j.History, job.Move{To: job.Running, Worker: "worker-7"})
	})
	for name, call := range map[string]func(context.Context) error{
		"get": func(ctx context.Context) error { _, err := s.GetJob(ctx, &gatewayv1.GetJobRequest{Id: id}); return err },
		"cancel": func(ctx context.Context) error {
			_, err := s.CancelJob(ctx, &gatewayv1.CancelJobRequest{Id: id})
			return err
		},
		"retry": func(ctx context.Context) error {
			_, err := s.RetryJob(ctx, &gatewayv1.RetryJobRequest{Id: id})
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := s.DeleteJob(ctx, &gatewayv1.DeleteJobRequest{Id: id})
			return err
		},
		"watch": func(ctx context.Context) error {
			stream, err := s.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: id})
			require.NoError(t, err)
			_, err = stream.Recv()
			return err
		},
	} {
		require.Equal(t, codes.NotFound, status.Code(call(bob)), name)
		require.Equal(t, codes.Unauthenticated, status.Code(call(t.Context())), name)
	}
	out, err := s.ListJobs(bob, &gatewayv1.ListJobsRequest{})
	require.NoError(t, err)
	require.Empty(t, out.GetJobs())

	mine, err := s.GetJob(ann, &gatewayv1.GetJobRequest{Id: id})
	require.NoError(t, err)
	theirs, err := s.GetJob(op, &gatewayv1.GetJobRequest{Id: id})
	require.NoError(t, err)
	rest := string(s.get("/v1/jobs/"+id, "Owner", "ann").body)
	require.Contains(t, mine.String(), "The site is down.")
	for _, secret := range []string{"10.1.2.3", "worker-7", "0199f1a2-letter"} {
		require.NotContains(t, mine.String(), secret)
		require.NotContains(t, rest, secret)
		require.Contains(t, theirs.String(), secret)
	}
	for _, text := range []string{mine.String(), theirs.String(), rest} {
		require.NotContains(t, text, "jobs/x-key")
	}
	cancelledByOp, err := s.RetryJob(op, &gatewayv1.RetryJobRequest{Id: id})
	require.NoError(t, err)
	require.Contains(t, cancelledByOp.String(), "tried again by an operator")
}

func TestGRPCWatch(t *testing.T) {
	t.Parallel()
	s := startGRPC(t)
	id := s.create(t.Context()).GetId()
	stream, err := s.WatchJob(t.Context(), &gatewayv1.WatchJobRequest{Id: id})
	require.NoError(t, err)
	next := func() *jobv1.Job {
		t.Helper()
		out, err := stream.Recv()
		require.NoError(t, err)
		return out.GetJob()
	}
	require.Equal(t, int64(1), next().GetVersion(), "snapshot first")
	s.status.Update(job.ID(id), func(j *job.Job) { j.State = job.Running })
	require.Equal(t, "running", next().GetState())

	s.status.Restart(true)
	require.Eventually(t, func() bool { return s.status.Watches() == 0 }, within, time.Millisecond)
	s.status.Update(job.ID(id), func(j *job.Job) { j.Progress = 50 })
	s.status.Restart(false)
	require.Equal(t, int64(3), next().GetVersion(), "nothing missed, nothing doubled")
	s.status.Update(job.ID(id), func(j *job.Job) { j.State = job.Succeeded })
	last := next()
	require.Equal(t, "succeeded", last.GetState())
	require.Len(t, last.GetHistory(), 3)
	_, err = stream.Recv()
	require.ErrorContains(t, err, "EOF")

	for after, want := range map[int64]int64{3: 4, 99: 4} {
		stream, err = s.WatchJob(t.Context(), &gatewayv1.WatchJobRequest{Id: id, AfterVersion: after})
		require.NoError(t, err)
		require.Equal(t, want, next().GetVersion())
	}
	stream, err = s.WatchJob(t.Context(), &gatewayv1.WatchJobRequest{Id: id, AfterVersion: 4})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.ErrorContains(t, err, "EOF", "nothing more to come")
}

func TestGRPCDrain(t *testing.T) {
	t.Parallel()
	s := startGRPC(t)
	id := s.create(t.Context()).GetId()
	stream, err := s.WatchJob(t.Context(), &gatewayv1.WatchJobRequest{Id: id})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.NoError(t, err)
	began := time.Now()
	s.stop()
	require.Less(t, time.Since(began), within)
	_, err = stream.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err), "the caller comes back elsewhere")
}

func TestGRPCHealth(t *testing.T) {
	t.Parallel()
	s := startGRPC(t)
	check := func() healthv1.HealthCheckResponse_ServingStatus {
		out, err := healthv1.NewHealthClient(s.conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
		require.NoError(t, err)
		return out.GetStatus()
	}
	serving, not := healthv1.HealthCheckResponse_SERVING, healthv1.HealthCheckResponse_NOT_SERVING
	require.Eventually(t, func() bool { return check() == serving }, within, 5*time.Millisecond)
	s.status.Restart(true)
	require.Eventually(t, func() bool { return check() == not }, within, 5*time.Millisecond)
}

// Not before it has reached its broker once.
func TestGRPCHealthWithoutABroker(t *testing.T) {
	t.Parallel()
	var q *queue
	s := startGRPC(t, func(o *app.Options) {
		q = o.Broker.(*queue)
		q.set(broker.ErrUnavailable)
	})
	require.Equal(t, 503, s.get("/readyz").StatusCode)
	q.set(nil)
	require.Eventually(t, func() bool { return s.get("/readyz").StatusCode == 200 }, within, 5*time.Millisecond)
}
