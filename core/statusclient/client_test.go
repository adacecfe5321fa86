package statusclient_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// script answers every call for users and relays with what the test wants, and
// keeps the last request.
type script struct {
	statusv1.UnimplementedStatusServiceServer
	statusv1.UnimplementedOutboxServiceServer
	last  any
	job   job.Job
	entry *statusv1.OutboxEntry
	err   error
	watch []job.Job
	jobs  []*jobv1.Job
}

func (s *script) CreateJob(_ context.Context, r *statusv1.CreateJobRequest) (*statusv1.CreateJobResponse, error) {
	s.last = r
	return &statusv1.CreateJobResponse{Job: wire.JobToProto(s.job), Replayed: true, Entry: s.entry}, wire.StatusFromError(s.err)
}

func (s *script) GetJob(_ context.Context, r *statusv1.GetJobRequest) (*statusv1.GetJobResponse, error) {
	s.last = r
	return &statusv1.GetJobResponse{Job: wire.JobToProto(s.job)}, wire.StatusFromError(s.err)
}

func (s *script) ListJobs(_ context.Context, r *statusv1.ListJobsRequest) (*statusv1.ListJobsResponse, error) {
	s.last = r
	return &statusv1.ListJobsResponse{Jobs: s.jobs, NextPageToken: "next"}, wire.StatusFromError(s.err)
}

func (s *script) CountJobs(_ context.Context, r *statusv1.CountJobsRequest) (*statusv1.CountJobsResponse, error) {
	s.last = r
	return &statusv1.CountJobsResponse{Jobs: 7}, wire.StatusFromError(s.err)
}

func (s *script) CancelJob(_ context.Context, r *statusv1.CancelJobRequest) (*statusv1.CancelJobResponse, error) {
	s.last = r
	return &statusv1.CancelJobResponse{Job: wire.JobToProto(s.job)}, wire.StatusFromError(s.err)
}

func (s *script) RetryJob(_ context.Context, r *statusv1.RetryJobRequest) (*statusv1.RetryJobResponse, error) {
	s.last = r
	return &statusv1.RetryJobResponse{Job: wire.JobToProto(s.job), Entry: s.entry}, wire.StatusFromError(s.err)
}

func (s *script) DeleteJob(_ context.Context, r *statusv1.DeleteJobRequest) (*statusv1.DeleteJobResponse, error) {
	s.last = r
	return &statusv1.DeleteJobResponse{}, wire.StatusFromError(s.err)
}

func (s *script) WatchJob(_ *statusv1.WatchJobRequest, st grpc.ServerStreamingServer[statusv1.WatchJobResponse]) error {
	for _, j := range s.watch {
		if err := st.Send(&statusv1.WatchJobResponse{Job: wire.JobToProto(j)}); err != nil {
			return err
		}
	}
	return wire.StatusFromError(s.err)
}

func (s *script) WatchOwner(_ *statusv1.WatchOwnerRequest, st grpc.ServerStreamingServer[statusv1.WatchOwnerResponse]) error {
	for _, j := range s.watch {
		if err := st.Send(&statusv1.WatchOwnerResponse{Job: wire.JobToProto(j), Seq: j.Seq}); err != nil {
			return err
		}
	}
	if err := st.Send(&statusv1.WatchOwnerResponse{Deleted: "gone", Seq: 99}); err != nil {
		return err
	}
	return wire.StatusFromError(s.err)
}

func (s *script) ClaimOutbox(_ context.Context, r *statusv1.ClaimOutboxRequest) (*statusv1.ClaimOutboxResponse, error) {
	s.last = r
	return &statusv1.ClaimOutboxResponse{Entries: []*statusv1.OutboxEntry{s.entry}}, wire.StatusFromError(s.err)
}

func (s *script) ConfirmOutbox(_ context.Context, r *statusv1.ConfirmOutboxRequest) (*statusv1.ConfirmOutboxResponse, error) {
	s.last = r
	return &statusv1.ConfirmOutboxResponse{}, wire.StatusFromError(s.err)
}

func newClient(t *testing.T, s *script) *statusclient.Client {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	srv := grpc.NewServer()
	statusv1.RegisterStatusServiceServer(srv, s)
	statusv1.RegisterOutboxServiceServer(srv, s)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(srv.Stop)
	cc, err := grpc.NewClient("passthrough:///status", append(statusclient.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cc.Close()) })
	return statusclient.New(cc, statusclient.Options{})
}

var (
	aJob   = job.Job{ID: "1", Owner: "ada", Request: job.Request{Kind: job.Audio, Source: job.Source{URL: "u"}}, State: job.Queued, Version: 3, Seq: 8}
	wEntry = &statusv1.OutboxEntry{
		JobId: "1", Token: 4, Queue: "audio-generation", Owner: "ada", Traceparent: "00-x", Attempt: 2,
		Request: wire.RequestToProto(aJob.Request),
	}
	anEntry = statusclient.OutboxEntry{
		JobID: "1", Token: 4, Queue: "audio-generation", Owner: "ada", Traceparent: "00-x", Attempt: 2, Request: aJob.Request,
	}
)

func TestCallsForUsers(t *testing.T) {
	t.Parallel()
	s := &script{job: aJob, entry: wEntry, jobs: []*jobv1.Job{wire.JobToProto(aJob)}}
	c, ctx := newClient(t, s), t.Context()
	created, err := c.Create(ctx, statusclient.CreateInput{Owner: "ada", Request: aJob.Request, IdempotencyKey: "k", Traceparent: "00-x"})
	require.NoError(t, err)
	require.Equal(t, statusclient.Created{Job: aJob, Replayed: true, Entry: &anEntry}, created)
	sent := s.last.(*statusv1.CreateJobRequest)
	require.Equal(t, []string{"ada", "k", "00-x"}, []string{sent.GetOwner(), sent.GetIdempotencyKey(), sent.GetTraceparent()})
	require.Equal(t, aJob.Request, wire.RequestFromProto(sent.GetRequest()))

	got, err := c.Get(ctx, "1", "ada")
	require.NoError(t, err)
	require.Equal(t, aJob, got)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	page, err := c.List(ctx, statusclient.ListFilter{
		Owner: "ada", States: []job.State{job.Queued}, Kind: job.Audio, CreatedAfter: from, CreatedBefore: from.AddDate(0, 0, 1),
		PageSize: 7, PageToken: "p",
	})
	require.NoError(t, err)
	require.Equal(t, statusclient.Page{Jobs: []job.Job{aJob}, NextPageToken: "next"}, page)
	list := s.last.(*statusv1.ListJobsRequest)
	require.Equal(t, []string{"queued"}, list.GetStates())
	require.EqualValues(t, 7, list.GetPageSize())
	require.Equal(t, from, list.GetCreatedAfter().AsTime())

	n, err := c.Count(ctx, "ada", []job.State{job.Running})
	require.NoError(t, err)
	require.Equal(t, 7, n)
	count := s.last.(*statusv1.CountJobsRequest)
	require.Equal(t, []string{"ada", "running"}, append([]string{count.GetOwner()}, count.GetStates()...))

	got, err = c.Cancel(ctx, "1", "ada", "enough")
	require.NoError(t, err)
	require.Equal(t, aJob, got)
	require.Equal(t, "enough", s.last.(*statusv1.CancelJobRequest).GetWhy())
	got, entry, err := c.Retry(ctx, "1", "ada", "again")
	require.NoError(t, err)
	require.Equal(t, aJob, got)
	require.Equal(t, &anEntry, entry)
	require.NoError(t, c.Delete(ctx, "1", "ada"))
}

func TestCallsForTheRelay(t *testing.T) {
	t.Parallel()
	s := &script{entry: wEntry}
	c, ctx := newClient(t, s), t.Context()
	entries, err := c.ClaimOutbox(ctx, 10, 3*time.Second)
	require.NoError(t, err)
	require.Equal(t, []statusclient.OutboxEntry{anEntry}, entries)
	require.Equal(t, 3*time.Second, s.last.(*statusv1.ClaimOutboxRequest).GetWait().AsDuration())
	require.NoError(t, c.ConfirmOutbox(ctx, entries))
	require.EqualValues(t, 4, s.last.(*statusv1.ConfirmOutboxRequest).GetEntries()[0].GetToken())
	s.last = nil
	require.NoError(t, c.ConfirmOutbox(ctx, nil))
	require.Nil(t, s.last, "nothing to confirm, nothing asked")
}

// TestErrorsOfEveryCall: each call speaks the errors of core/job.
func TestErrorsOfEveryCall(t *testing.T) {
	t.Parallel()
	s := &script{entry: wEntry}
	c, ctx := newClient(t, s), t.Context()
	calls := map[string]func() error{
		"create":  func() error { _, err := c.Create(ctx, statusclient.CreateInput{}); return err },
		"get":     func() error { _, err := c.Get(ctx, "1", ""); return err },
		"list":    func() error { _, err := c.List(ctx, statusclient.ListFilter{}); return err },
		"count":   func() error { _, err := c.Count(ctx, "a", nil); return err },
		"cancel":  func() error { _, err := c.Cancel(ctx, "1", "", ""); return err },
		"retry":   func() error { _, _, err := c.Retry(ctx, "1", "", ""); return err },
		"delete":  func() error { return c.Delete(ctx, "1", "") },
		"claim":   func() error { _, err := c.ClaimOutbox(ctx, 1, 0); return err },
		"confirm": func() error { return c.ConfirmOutbox(ctx, []statusclient.OutboxEntry{anEntry}) },
		"watch": func() error {
			for _, err := range c.WatchJob(ctx, "1", "", 0) {
				return err
			}
			return nil
		},
	}
	state := &job.StateError{ID: "1", State: job.Succeeded, Wanted: "cancel", Remedy: "r"}
	for name, call := range calls {
		for _, want := range []error{job.ErrNotFound, job.ErrUnavailable, job.ErrIdempotencyKeyReused} {
			s.err = want
			require.ErrorIs(t, call(), want, name)
		}
		s.err = state
		var got *job.StateError
		require.ErrorAs(t, call(), &got, name)
		require.Equal(t, state, got)
	}
}

func TestWatchJobEndsWithTheJob(t *testing.T) {
	t.Parallel()
	done := aJob
	done.State, done.Version = job.Succeeded, 4
	s := &script{watch: []job.Job{aJob, done}}
	var seen []job.Job
	for j, err := range newClient(t, s).WatchJob(t.Context(), "1", "ada", 0) {
		require.NoError(t, err)
		seen = append(seen, j)
	}
	require.Equal(t, []job.Job{aJob, done}, seen)
}

func TestBrokenWatchesSaySo(t *testing.T) {
	t.Parallel()
	s := &script{watch: []job.Job{aJob}}
	c := newClient(t, s)
	var last error
	for _, err := range c.WatchJob(t.Context(), "1", "ada", 0) {
		last = err
	}
	require.ErrorIs(t, last, job.ErrUnavailable, "the job was not final")

	var events []statusclient.OwnerEvent
	for e, err := range c.WatchOwner(t.Context(), "ada", 0) {
		last = err
		if err == nil {
			events = append(events, e)
		}
	}
	require.ErrorIs(t, last, job.ErrUnavailable)
	require.Equal(t, []statusclient.OwnerEvent{{Job: &aJob, Seq: 8}, {Deleted: "gone", Seq: 99}}, events)
}

func TestWatchStopsWhenTheLoopDoes(t *testing.T) {
	t.Parallel()
	s := &script{watch: []job.Job{aJob, aJob, aJob}}
	c := newClient(t, s)
	n := 0
	for range c.WatchOwner(t.Context(), "ada", 0) {
		n++
		break
	}
	for range c.WatchJob(t.Context(), "1", "ada", 0) {
		n++
		break
	}
	require.Equal(t, 2, n)
}

func TestAPageOfLongTexts(t *testing.T) {
	t.Parallel()
	long := aJob
	long.Request.Source = job.Source{Text: string(make([]byte, job.MaxTextBytes))}
	s := &script{}
	for range 200 {
		s.jobs = append(s.jobs, wire.JobToProto(long))
	}
	page, err := newClient(t, s).List(t.Context(), statusclient.ListFilter{PageSize: 200})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 200)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l := bufconn.Listen(1)
	require.NoError(t, l.Close())
	cc, err := grpc.NewClient("passthrough:///status", append(statusclient.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))...)
	require.NoError(t, err)
	defer func() { require.NoError(t, cc.Close()) }()
	_, err = statusclient.New(cc, statusclient.Options{}).Get(t.Context(), "1", "")
	require.ErrorIs(t, err, job.ErrUnavailable)
}
