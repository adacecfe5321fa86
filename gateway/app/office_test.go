package app_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/deadletterclient/deadlettertest"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/app"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

const (
	letterID = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	replayID = "0199f1a3-0d2e-7c11-a3b8-6e4f5a9c7d20"
	workerID = "0199f1a2-5e10-7d44-8b21-9a0c3d5f7e64"
)

// office is a dead-letter service under a weather.
type office struct {
	*deadlettertest.Server
	*deadletterclient.Client
	*weather
	conn *grpc.ClientConn
}

// startOffice starts one with a letter and a replay that runs.
func startOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Server: &deadlettertest.Server{}, weather: &weather{}}
	o.OnReplay = func(l deadletterclient.DeadLetter) (job.Job, error) {
		return job.Job{ID: l.JobID, Owner: l.Owner, State: job.Queued, Request: *aLetter(l.ID).Request, CreatedAt: l.StoredAt, UpdatedAt: l.StoredAt, Version: 9}, nil
	}
	o.Add(aLetter(letterID))
	o.AddReplays(aReplay(replayID, deadletterclient.ReplayRunning))
	o.conn = o.serve(t, func(s *grpc.Server) { deadletterv1.RegisterDeadLetterServiceServer(s, o.Server) })
	o.Client = deadletterclient.New(o.conn, deadletterclient.Options{})
	return o
}

// serve returns a connection to a server of its own, on which calls fail as the
// weather is.
func (w *weather) serve(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	srv := grpc.NewServer()
	register(srv)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:///pipe", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, in, out any, cc *grpc.ClientConn, call grpc.UnaryInvoker, o ...grpc.CallOption) error {
			if err := w.err(); err != nil {
				return err
			}
			return call(ctx, method, in, out, cc, o...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			if err := w.err(); err != nil {
				return nil, err
			}
			return open(ctx, desc, cc, method, o...)
		}))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		srv.Stop()
		require.NoError(t, <-served)
	})
	return conn
}

// with makes a gateway lean on the office.
func (o *office) with(a *app.Options) { a.DeadLetters, a.DeadLetterConn = o.Client, o.conn }

func startDead(t *testing.T, change ...func(*app.Options)) (*gateway, *office) {
	t.Helper()
	o := startOffice(t)
	return start(t, append(change, o.with)...), o
}

func aLetter(id string) deadletterclient.DeadLetter {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return deadletterclient.DeadLetter{
		ID: id, JobID: "0199f1a2-0000-7b10-9b1f-0c7d6a1e2f30", Kind: job.Video, Owner: "ann", Queue: "video-generation",
		State: deadletterclient.Open, Copies: 1, Attempt: 4, DiedAt: at, StoredAt: at, LastAt: at, JobState: "failed", Schema: 1,
		Fault:       job.Fault{Kind: "dependency", Text: "The voice can't be reached.", Cause: "dial tcp 10.1.2.3", Stage: "narrate", At: at},
		Fingerprint: "6f1c0a9be2d47358",
		Request:     &job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/"}, Options: job.Options{Length: "short"}},
		Headers:     map[string]string{"studycast-dead-attempt": "4"}, Body: []byte("a body\nin text"),
		Attempts:       []deadletterclient.Attempt{{Number: 4, Worker: "w1", StartedAt: at, EndedAt: at.Add(time.Second), Error: "no voice"}},
		OriginExchange: "studycast.jobs", OriginRoutingKey: "video-generation",
	}
}

func aReplay(id, state string) deadletterclient.Replay {
	r := deadletterclient.Replay{
		ID: id, State: state, Author: "root", Reason: "the voice is back", Rate: 5, Canary: 3, Letters: 2,
		Counts: deadletterclient.ReplayCounts{Waiting: 1, Running: 1}, Skipped: []deadletterclient.Skipped{{Why: deadletterclient.SkippedDecided, Letters: 1}},
		Selection: "fingerprint 6f1c0a9be2d47358", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if r.Over() {
		r.EndedAt, r.Counts = r.CreatedAt.Add(time.Minute), deadletterclient.ReplayCounts{Recovered: 2}
	}
	return r
}

func aWorker() statusclient.WorkerInfo {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return statusclient.WorkerInfo{
		ID: workerID, Name: "studio-1/video-worker/4711", Kind: job.Video, Slots: 2, State: statusclient.WorkerWorking, OpenedAt: at, HeardAt: at,
		Running: []statusclient.WorkerAttempt{{JobID: "0199f1a2-0000-7b10-9b1f-0c7d6a1e2f30", Attempt: 1, Stage: "narrate", Progress: 35, StartedAt: at}},
	}
}
