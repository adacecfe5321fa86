package app_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// queueDesk is the QueueService of a status service, as far as doors need it.
type queueDesk struct {
	statusv1.UnimplementedQueueServiceServer
	status *statustest.Status
}

func asStatus(err error) error {
	if errors.Is(err, statusclient.ErrQueueUnknown) || errors.Is(err, statusclient.ErrWorkerUnknown) {
		return status.Error(codes.NotFound, err.Error())
	}
	return err
}

func (d *queueDesk) ListQueues(ctx context.Context, _ *statusv1.ListQueuesRequest) (*statusv1.ListQueuesResponse, error) {
	all, err := d.status.Queues(ctx)
	out := &statusv1.ListQueuesResponse{}
	for _, q := range all {
		out.Queues = append(out.Queues, &statusv1.Queue{Name: q.Name, Kind: string(q.Kind)})
	}
	return out, err
}

func (d *queueDesk) PauseQueue(ctx context.Context, in *statusv1.PauseQueueRequest) (*statusv1.PauseQueueResponse, error) {
	q, err := d.status.PauseQueue(ctx, in.GetQueue(), in.GetAuthor(), in.GetReason())
	return &statusv1.PauseQueueResponse{Queue: &statusv1.Queue{Name: q.Name}}, asStatus(err)
}

func (d *queueDesk) ResumeQueue(ctx context.Context, in *statusv1.ResumeQueueRequest) (*statusv1.ResumeQueueResponse, error) {
	q, err := d.status.ResumeQueue(ctx, in.GetQueue(), in.GetAuthor(), in.GetReason())
	return &statusv1.ResumeQueueResponse{Queue: &statusv1.Queue{Name: q.Name}}, asStatus(err)
}

func (d *queueDesk) ListWorkers(ctx context.Context, in *statusv1.ListWorkersRequest) (*statusv1.ListWorkersResponse, error) {
	all, err := d.status.Workers(ctx, job.Kind(in.GetKind()))
	out := &statusv1.ListWorkersResponse{}
	for _, w := range all {
		out.Workers = append(out.Workers, &statusv1.Worker{Id: w.ID, State: w.State})
	}
	return out, err
}

func (d *queueDesk) DrainWorker(ctx context.Context, in *statusv1.DrainWorkerRequest) (*statusv1.DrainWorkerResponse, error) {
	w, err := d.status.DrainWorker(ctx, in.GetId(), in.GetAuthor(), in.GetReason())
	return &statusv1.DrainWorkerResponse{Worker: &statusv1.Worker{Id: w.ID, State: w.State}}, asStatus(err)
}

func (d *queueDesk) ListAudit(ctx context.Context, in *statusv1.ListAuditRequest) (*statusv1.ListAuditResponse, error) {
	all, err := d.status.Audit(ctx, statusclient.AuditFilter{Author: in.GetAuthor(), Limit: 50})
	out := &statusv1.ListAuditResponse{}
	for _, r := range all {
		out.Records = append(out.Records, &statusv1.AuditRecord{Id: r.ID, Author: r.Author, Action: r.Action, Reason: r.Reason})
	}
	return out, err
}

// door is a gateway whose gRPC door leads to both services.
type door struct {
	*service
	office  *office
	weather *weather
}

func startDoor(t *testing.T, change ...func(*app.Options)) *door {
	t.Helper()
	d := &door{office: startOffice(t)}
	d.weather = d.office.weather
	d.service = startGRPC(t, append(change, d.office.with, func(o *app.Options) {
		desk := &queueDesk{status: o.Status.(*statustest.Status)}
		desk.status.AddWorkers(aWorker())
		o.StatusConn = d.weather.serve(t, func(s *grpc.Server) { statusv1.RegisterQueueServiceServer(s, desk) })
	})...)
	return d
}

// doorCalls are the calls of both services, on the thing with an id.
func (d *door) doorCalls(t *testing.T) map[string]func(ctx context.Context, id string) error {
	l, q := deadletterv1.NewDeadLetterServiceClient(d.conn), statusv1.NewQueueServiceClient(d.conn)
	which := func(id string) *deadletterv1.Selection { return &deadletterv1.Selection{Ids: []string{id}} }
	return map[string]func(ctx context.Context, id string) error{
		"ListDeadLetters": func(ctx context.Context, _ string) error {
			return second(l.ListDeadLetters(ctx, &deadletterv1.ListDeadLettersRequest{}))
		},
		"GetDeadLetter": func(ctx context.Context, id string) error {
			return second(l.GetDeadLetter(ctx, &deadletterv1.GetDeadLetterRequest{Id: id}))
		},
		"ReplayDeadLetter": func(ctx context.Context, id string) error {
			return second(l.ReplayDeadLetter(ctx, &deadletterv1.ReplayDeadLetterRequest{Id: id, Author: "mallory", Reason: "x"}))
		},
		"ListGroups": func(ctx context.Context, _ string) error {
			return second(l.ListGroups(ctx, &deadletterv1.ListGroupsRequest{}))
		},
		"CreateReplay": func(ctx context.Context, id string) error {
			return second(l.CreateReplay(ctx, &deadletterv1.CreateReplayRequest{Selection: which(id), Author: "mallory", Reason: "x"}))
		},
		"GetReplay": func(ctx context.Context, id string) error {
			return second(l.GetReplay(ctx, &deadletterv1.GetReplayRequest{Id: id}))
		},
		"ListReplays": func(ctx context.Context, _ string) error {
			return second(l.ListReplays(ctx, &deadletterv1.ListReplaysRequest{}))
		},
		"WatchReplay": func(ctx context.Context, id string) error {
			stream, err := l.WatchReplay(ctx, &deadletterv1.WatchReplayRequest{Id: id})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
		"PauseReplay": func(ctx context.Context, id string) error {
			return second(l.PauseReplay(ctx, &deadletterv1.PauseReplayRequest{Id: id, Author: "mallory", Reason: "x"}))
		},
		"ResumeReplay": func(ctx context.Context, id string) error {
			return second(l.ResumeReplay(ctx, &deadletterv1.ResumeReplayRequest{Id: id, Author: "mallory", Reason: "x"}))
		},
		"StopReplay": func(ctx context.Context, id string) error {
			return second(l.StopReplay(ctx, &deadletterv1.StopReplayRequest{Id: id, Author: "mallory", Reason: "x"}))
		},
		"DiscardLetters": func(ctx context.Context, id string) error {
			return second(l.DiscardLetters(ctx, &deadletterv1.DiscardLettersRequest{Selection: which(id), Author: "mallory", Reason: "x"}))
		},
		"RestoreLetters": func(ctx context.Context, id string) error {
			return second(l.RestoreLetters(ctx, &deadletterv1.RestoreLettersRequest{Selection: which(id), Author: "mallory", Reason: "x"}))
		},
		"ResendLetter": func(ctx context.Context, id string) error {
			return second(l.ResendLetter(ctx, &deadletterv1.ResendLetterRequest{Id: id, Queue: "video-generation", Author: "mallory", Reason: "x"}))
		},
		"deadletter ListAudit": func(ctx context.Context, _ string) error {
			return second(l.ListAudit(ctx, &deadletterv1.ListAuditRequest{}))
		},
		"ExportLetters": func(ctx context.Context, _ string) error {
			stream, err := l.ExportLetters(ctx, &deadletterv1.ExportLettersRequest{Author: "mallory", Reason: "x"})
			for err == nil {
				_, err = stream.Recv()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		},
		"ImportLetters": func(ctx context.Context, _ string) error {
			stream, err := l.ImportLetters(ctx)
			require.NoError(t, err)
			_ = stream.Send(&deadletterv1.ImportLettersRequest{Chunk: []byte("{}\n"), Author: "mallory", Reason: "x"}) // the answer tells
			return second(stream.CloseAndRecv())
		},
		"ListQueues": func(ctx context.Context, _ string) error {
			return second(q.ListQueues(ctx, &statusv1.ListQueuesRequest{}))
		},
		"PauseQueue": func(ctx context.Context, id string) error {
			return second(q.PauseQueue(ctx, &statusv1.PauseQueueRequest{Queue: id, Author: "mallory", Reason: "x"}))
		},
		"ResumeQueue": func(ctx context.Context, id string) error {
			return second(q.ResumeQueue(ctx, &statusv1.ResumeQueueRequest{Queue: id, Author: "mallory", Reason: "x"}))
		},
		"ListWorkers": func(ctx context.Context, _ string) error {
			return second(q.ListWorkers(ctx, &statusv1.ListWorkersRequest{}))
		},
		"DrainWorker": func(ctx context.Context, id string) error {
			return second(q.DrainWorker(ctx, &statusv1.DrainWorkerRequest{Id: id, Author: "mallory", Reason: "x"}))
		},
		"status ListAudit": func(ctx context.Context, _ string) error {
			return second(q.ListAudit(ctx, &statusv1.ListAuditRequest{}))
		},
	}
}

func second[T any](_ T, err error) error { return err }

// thing returns an id that a call works on.
func (d *door) thing(call string) string {
	switch {
	case strings.HasSuffix(call, "Replay") && call != "CreateReplay":
		r := aReplay(uuid.NewString(), deadletterclient.ReplayRunning)
		d.office.AddReplays(r)
		return r.ID
	case strings.HasSuffix(call, "Queue"):
		return "video-generation"
	case strings.HasSuffix(call, "Worker"):
		return workerID
	}
	l := aLetter(uuid.NewString())
	d.office.Add(l)
	return l.ID
}

// onOne are the calls that are about one thing, which may not be there.
func onOne(call string) bool {
	return !slices.Contains([]string{"CreateReplay", "DiscardLetters", "RestoreLetters"}, call) &&
		!strings.Contains(call, "List") && !strings.HasSuffix(call, "Letters")
}

// Every call of operators over gRPC by everybody, on what is there and on what is
// not; whoever it says it is, the record names the caller.
func TestAccessOfOperatorsOverGRPC(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	d := startDoor(t, signIn)
	calls := d.doorCalls(t)
	require.Len(t, calls, len(deadletterv1.DeadLetterService_ServiceDesc.Methods)+len(deadletterv1.DeadLetterService_ServiceDesc.Streams)+
		len(statusv1.QueueService_ServiceDesc.Methods))
	for name, call := range calls {
		require.Equal(t, codes.Unauthenticated, status.Code(call(t.Context(), d.thing(name))), name)
		for _, p := range []string{"student", "service"} {
			theirs, absent := call(all[p].context(t), d.thing(name)), call(all[p].context(t), absentID)
			require.Equal(t, codes.PermissionDenied, status.Code(theirs), "%s by %s", name, p)
			require.Equal(t, theirs.Error(), absent.Error(), "%s by %s", name, p)
			require.Equal(t, "FORBIDDEN", detailsOf(status.Convert(theirs)).info.GetReason())
		}
		ctx := all["operator"].context(t)
		require.NoError(t, call(ctx, d.thing(name)), name)
		if onOne(name) {
			require.Equal(t, codes.NotFound, status.Code(call(ctx, absentID)), name)
		}
	}
	require.GreaterOrEqual(t, len(d.office.Server.Audit()), 8)
	for _, r := range d.office.Server.Audit() {
		require.Equal(t, "olga", r.GetAuthor(), r.GetAction())
	}
	records, err := d.status.Audit(t.Context(), statusclient.AuditFilter{Limit: 50})
	require.NoError(t, err)
	require.Len(t, records, 3)
	for _, r := range records {
		require.Equal(t, "olga", r.Author, r.Action)
	}
	// In what only reads the author is a filter.
	page, err := deadletterv1.NewDeadLetterServiceClient(d.conn).ListAudit(all["operator"].context(t), &deadletterv1.ListAuditRequest{Author: "nobody"})
	require.NoError(t, err)
	require.Empty(t, page.GetRecords())
}

func TestScopesOfOperatorsOverGRPC(t *testing.T) {
	t.Parallel()
	keys, signIn := keyed(t)
	d := startDoor(t, signIn)
	for name, call := range d.doorCalls(t) {
		area, verb := "deadletters", "write"
		if strings.HasSuffix(name, "Queue") || strings.HasSuffix(name, "Queues") || strings.Contains(name, "Worker") {
			area = "queues"
		}
		if strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "Watch") || strings.Contains(name, "List") {
			verb = "read"
		}
		needed := area + ":" + verb
		for scope, p := range keys {
			err := call(p.context(t), d.thing(name))
			if scope == "" || string(scope) == needed {
				require.NoError(t, err, "%s with %q", name, scope)
				continue
			}
			require.Equal(t, codes.PermissionDenied, status.Code(err), "%s with %q", name, scope)
			require.Equal(t, "MISSING_SCOPE", detailsOf(status.Convert(err)).info.GetReason())
			require.ErrorContains(t, err, needed)
		}
	}
}

// What goes wrong behind keeps what it says to callers, and nothing of what the
// connection says.
func TestErrorsBehindTheDoor(t *testing.T) {
	t.Parallel()
	d := startDoor(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x", "y")
	calls := d.doorCalls(t)
	for want, err := range map[codes.Code]error{
		codes.Unavailable:      status.Error(codes.Unavailable, "dial tcp 10.1.2.3: "+innerText),
		codes.DeadlineExceeded: context.DeadlineExceeded,
		codes.Internal:         errors.New(innerText),
	} {
		d.weather.set(err)
		for name, call := range calls {
			got := status.Convert(call(ctx, d.thing(name)))
			require.Equal(t, want, got.Code(), "%s: %v", name, got)
			require.NotContains(t, got.String(), innerText, name)
			require.NotEmpty(t, detailsOf(got).request.GetRequestId(), name)
			require.Equal(t, want == codes.Unavailable, detailsOf(got).retry != nil, name)
		}
	}
	d.weather.set(nil)
	// A client of the service itself works through the door.
	letters := deadletterclient.New(d.conn, deadletterclient.Options{})
	l := d.thing("ReplayDeadLetter")
	_, j, err := letters.Replay(ctx, l, "mallory", "x")
	require.NoError(t, err)
	require.Equal(t, job.Queued, j.State)
	_, _, err = letters.Replay(ctx, l, "mallory", "x")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, l, state.ID)
	_, err = letters.Get(ctx, absentID)
	require.ErrorIs(t, err, deadletterclient.ErrNotFound)
	_, err = letters.GetReplay(ctx, absentID)
	require.ErrorIs(t, err, deadletterclient.ErrReplayNotFound)
	var out strings.Builder
	_, err = letters.Export(ctx, &out, deadletterclient.Filter{}, "mallory", "x")
	require.NoError(t, err)
	require.Contains(t, out.String(), letterID)
	done := aReplay(uuid.NewString(), deadletterclient.ReplayDone)
	d.office.AddReplays(done)
	seen := 0
	for r, err := range letters.WatchReplay(ctx, done.ID) {
		require.NoError(t, err)
		require.True(t, r.Settled())
		seen++
	}
	require.Equal(t, 1, seen)
	queues := statusclient.New(d.conn, statusclient.Options{})
	_, err = queues.PauseQueue(ctx, "film-generation", "mallory", "x")
	require.ErrorIs(t, err, statusclient.ErrQueueUnknown)
}

// Streams of operators count as those of everybody else.
func TestStreamsOfOperators(t *testing.T) {
	t.Parallel()
	d := startDoor(t, limited(app.Limits{Streams: 1, ServiceFactor: 1}))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "owner", "olga", "roles", "operator")
	l := d.listen("/v1/replays/"+replayID+"/events", "Owner", "olga", "Roles", "operator")
	l.next()
	for _, name := range []string{"WatchReplay", "ExportLetters"} {
		err := d.doorCalls(t)[name](ctx, replayID)
		require.Equal(t, codes.ResourceExhausted, status.Code(err), name)
		require.Equal(t, "TOO_MANY_STREAMS", detailsOf(status.Convert(err)).info.GetReason())
	}
	require.NoError(t, l.res.Body.Close())
	require.Eventually(t, func() bool { return d.doorCalls(t)["WatchReplay"](ctx, replayID) == nil }, within, 10*time.Millisecond)
	require.Equal(t, http.StatusOK, d.get("/healthz").StatusCode)
}
