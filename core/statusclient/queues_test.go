package statusclient_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/statusclient/statustest"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// desk answers the calls for operators and keeps the last request.
type desk struct {
	statusv1.UnimplementedQueueServiceServer
	last   any
	queue  *statusv1.Queue
	worker *statusv1.Worker
	record *statusv1.AuditRecord
	err    error
}

func (d *desk) ListQueues(context.Context, *statusv1.ListQueuesRequest) (*statusv1.ListQueuesResponse, error) {
	return &statusv1.ListQueuesResponse{Queues: []*statusv1.Queue{d.queue}}, d.err
}

func (d *desk) PauseQueue(_ context.Context, r *statusv1.PauseQueueRequest) (*statusv1.PauseQueueResponse, error) {
	d.last = r
	return &statusv1.PauseQueueResponse{Queue: d.queue}, d.err
}

func (d *desk) ResumeQueue(_ context.Context, r *statusv1.ResumeQueueRequest) (*statusv1.ResumeQueueResponse, error) {
	d.last = r
	return &statusv1.ResumeQueueResponse{Queue: d.queue}, d.err
}

func (d *desk) ListWorkers(_ context.Context, r *statusv1.ListWorkersRequest) (*statusv1.ListWorkersResponse, error) {
	d.last = r
	return &statusv1.ListWorkersResponse{Workers: []*statusv1.Worker{d.worker}}, d.err
}

func (d *desk) DrainWorker(_ context.Context, r *statusv1.DrainWorkerRequest) (*statusv1.DrainWorkerResponse, error) {
	d.last = r
	return &statusv1.DrainWorkerResponse{Worker: d.worker}, d.err
}

func (d *desk) ListAudit(_ context.Context, r *statusv1.ListAuditRequest) (*statusv1.ListAuditResponse, error) {
	d.last = r
	return &statusv1.ListAuditResponse{Records: []*statusv1.AuditRecord{d.record}}, d.err
}

func deskClient(t *testing.T, d *desk) *statusclient.Client {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	srv := grpc.NewServer()
	statusv1.RegisterQueueServiceServer(srv, d)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(srv.Stop)
	cc, err := grpc.NewClient("passthrough:///desk", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cc.Close()) })
	return statusclient.New(cc, statusclient.Options{})
}

func TestCallsForOperators(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := wire.TimeToProto(noon)
	d := &desk{
		queue: &statusv1.Queue{
			Name: "video-generation", Kind: "video", Pause: &statusv1.Pause{Author: "ada", Reason: "r", At: at},
			Jobs: map[string]int64{"queued": 3, "parked": 2}, InLine: 2, OldestAt: at, Workers: 4, Slots: 8,
			Parking: []*statusv1.Parking{{Dependency: "script", Reason: "down", Since: at, Jobs: 2, NextTrialAt: at, Recovering: true}},
		},
		worker: &statusv1.Worker{
			Id: "s1", Name: "w", Kind: "video", Slots: 2, State: "draining", OpenedAt: at, HeardAt: at,
			Running: []*statusv1.WorkerAttempt{{JobId: "j", Attempt: 3, Stage: "draw", Progress: 42, StartedAt: at}},
		},
		record: &statusv1.AuditRecord{Id: "1", At: at, Author: "ada", Action: "queue.pause", Reason: "r", Selection: "s", Outcome: "o"},
	}
	c, ctx := deskClient(t, d), t.Context()
	queue := statusclient.Queue{
		Name: "video-generation", Kind: job.Video, Pause: &statusclient.Pause{Author: "ada", Reason: "r", At: noon},
		Jobs: map[job.State]int{job.Queued: 3, "parked": 2}, InLine: 2, OldestAt: noon, Workers: 4, Slots: 8,
		Parking: []statusclient.Parking{{Dependency: "script", Reason: "down", Since: noon, Jobs: 2, NextTrialAt: noon, Recovering: true}},
	}
	worker := statusclient.WorkerInfo{
		ID: "s1", Name: "w", Kind: job.Video, Slots: 2, State: statusclient.WorkerDraining, OpenedAt: noon, HeardAt: noon,
		Running: []statusclient.WorkerAttempt{{JobID: "j", Attempt: 3, Stage: "draw", Progress: 42, StartedAt: noon}},
	}
	qs, err := c.Queues(ctx)
	require.NoError(t, err)
	require.Equal(t, []statusclient.Queue{queue}, qs)
	q, err := c.PauseQueue(ctx, "q", "ada", "why")
	require.NoError(t, err)
	require.Equal(t, queue, q)
	pause := d.last.(*statusv1.PauseQueueRequest)
	require.Equal(t, []string{"q", "ada", "why"}, []string{pause.GetQueue(), pause.GetAuthor(), pause.GetReason()})
	q, err = c.ResumeQueue(ctx, "q", "ben", "so")
	require.NoError(t, err)
	require.Equal(t, queue, q)
	resume := d.last.(*statusv1.ResumeQueueRequest)
	require.Equal(t, []string{"q", "ben", "so"}, []string{resume.GetQueue(), resume.GetAuthor(), resume.GetReason()})
	ws, err := c.Workers(ctx, job.Audio)
	require.NoError(t, err)
	require.Equal(t, []statusclient.WorkerInfo{worker}, ws)
	require.Equal(t, "audio", d.last.(*statusv1.ListWorkersRequest).GetKind())
	w, err := c.DrainWorker(ctx, "s1", "ada", "why")
	require.NoError(t, err)
	require.Equal(t, worker, w)
	drain := d.last.(*statusv1.DrainWorkerRequest)
	require.Equal(t, []string{"s1", "ada", "why"}, []string{drain.GetId(), drain.GetAuthor(), drain.GetReason()})
	rs, err := c.Audit(ctx, statusclient.AuditFilter{
		Author: "ada", Actions: []string{"a", "b"}, After: noon, Before: noon.Add(time.Hour), BeforeID: "9", Limit: 7,
	})
	require.NoError(t, err)
	require.Equal(t, []statusclient.AuditRecord{{ID: "1", At: noon, Author: "ada", Action: "queue.pause", Reason: "r", Selection: "s", Outcome: "o"}}, rs)
	audit := d.last.(*statusv1.ListAuditRequest)
	require.Equal(t, []string{"a", "b", "ada", "9"}, append(audit.GetActions(), audit.GetAuthor(), audit.GetBeforeId()))
	require.Equal(t, []any{noon, noon.Add(time.Hour), int32(7)}, []any{audit.GetAfter().AsTime(), audit.GetBefore().AsTime(), audit.GetLimit()})
}

func TestErrorsOfCallsForOperators(t *testing.T) {
	t.Parallel()
	d := &desk{}
	c, ctx := deskClient(t, d), t.Context()
	calls := map[string]struct {
		call func() error
		gone error
	}{
		"queues":  {func() error { _, err := c.Queues(ctx); return err }, nil},
		"pause":   {func() error { _, err := c.PauseQueue(ctx, "q", "a", "r"); return err }, statusclient.ErrQueueUnknown},
		"resume":  {func() error { _, err := c.ResumeQueue(ctx, "q", "a", "r"); return err }, statusclient.ErrQueueUnknown},
		"workers": {func() error { _, err := c.Workers(ctx, ""); return err }, nil},
		"drain":   {func() error { _, err := c.DrainWorker(ctx, "s", "a", "r"); return err }, statusclient.ErrWorkerUnknown},
		"audit":   {func() error { _, err := c.Audit(ctx, statusclient.AuditFilter{}); return err }, nil},
	}
	for name, k := range calls {
		d.err = wire.StatusFromError(job.ErrUnavailable)
		require.ErrorIs(t, k.call(), job.ErrUnavailable, name)
		d.err = wire.StatusFromError(&job.InvalidError{Fields: []job.FieldError{{Path: "author", Message: "is empty"}}})
		var invalid *job.InvalidError
		require.ErrorAs(t, k.call(), &invalid, name)
		if k.gone != nil {
			d.err = status.Error(codes.NotFound, "nothing there")
			require.ErrorIs(t, k.call(), k.gone, name)
		}
	}
}

// TestStandInObeys: what other tests lean on keeps the contract.
func TestStandInObeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		c := statusclient.New(s.Dial(t), statusclient.Options{})
		got := make(chan statusclient.CommandKind, 10)
		sess := newSession(t, s, func(c statusclient.Command) { got <- c.Kind })
		s.Add("j1", "ada", job.Request{Kind: job.Video})
		_, err := c.PauseQueue(t.Context(), "holograms", "ada", "r")
		require.ErrorIs(t, err, statusclient.ErrQueueUnknown)
		q, err := c.PauseQueue(t.Context(), "video-generation", "ada", "r")
		require.NoError(t, err)
		require.Equal(t, "ada", q.Pause.Author)
		require.Equal(t, statusclient.CommandPause, <-got)
		a, err := sess.Start(t.Context(), "j1", "once")
		require.NoError(t, err)
		require.NotNil(t, a.Wait)
		s.Down()
		s.Up()
		s.Until(t, "the session is back", sess.Connected)
		_, err = c.ResumeQueue(t.Context(), "video-generation", "ada", "r")
		require.NoError(t, err)
		require.Equal(t, statusclient.CommandResume, <-got)
		g := start(t, s, sess, "j1")
		w, err := c.DrainWorker(t.Context(), string(sess.ID()), "ada", "r")
		require.NoError(t, err)
		require.Equal(t, statusclient.WorkerDraining, w.State)
		require.Equal(t, []statusclient.WorkerAttempt{{JobID: "j1", Attempt: g.Attempt}}, w.Running)
		require.Equal(t, statusclient.CommandDrain, <-got)
		_, err = c.DrainWorker(t.Context(), "gone", "ada", "r")
		require.ErrorIs(t, err, statusclient.ErrWorkerUnknown)
		ws, err := c.Workers(t.Context(), job.Audio)
		require.NoError(t, err)
		require.Empty(t, ws)
		rs, err := c.Audit(t.Context(), statusclient.AuditFilter{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, []string{"worker.drain", "queue.resume"}, []string{rs[0].Action, rs[1].Action})
	})
}
