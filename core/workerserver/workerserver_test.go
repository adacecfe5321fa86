package workerserver_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/statusclient/statustest"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/core/workerserver"
	workerv1 "github.com/studycast/studycast/proto/gen/studycast/worker/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve registers w on a server and returns a client of it.
func serve(t *testing.T, w *worker.Worker) workerv1.WorkerServiceClient {
	t.Helper()
	l := bufconn.Listen(1 << 16)
	s := grpc.NewServer()
	workerserver.Register(s, w)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	cc, err := grpc.NewClient("passthrough:///worker", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cc.Close()) })
	return workerv1.NewWorkerServiceClient(cc)
}

func TestGetAndDrain(t *testing.T) {
	t.Parallel()
	status := statustest.Start(t)
	b := broker.New(membroker.New([]driver.Queue{{Name: job.Audio.Queue()}}, membroker.Options{}), broker.Options{})
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	store, err := dirstore.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	working, free := make(chan struct{}), make(chan struct{})
	w, err := worker.New(worker.Options{
		Kind: job.Audio, Broker: b, Artifacts: store, Name: "host/audio-worker/7", Slots: 2, ScratchDir: t.TempDir(),
		Status: statusclient.New(status.Dial(t), statusclient.Options{}),
		Handler: worker.HandlerFunc(func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			a.Progress("narrate", 30)
			close(working)
			<-free
			return worker.Result{}, nil
		}),
	})
	require.NoError(t, err)
	client := serve(t, w)

	got, err := client.GetWorker(t.Context(), &workerv1.GetWorkerRequest{})
	require.NoError(t, err)
	require.Equal(t, "host/audio-worker/7", got.GetWorker().GetName())
	require.Equal(t, "audio", got.GetWorker().GetKind())
	require.EqualValues(t, 2, got.GetWorker().GetSlots())
	require.NotEmpty(t, got.GetWorker().GetNotReady())
	require.WithinDuration(t, time.Now(), got.GetWorker().GetStartedAt().AsTime(), time.Minute)

	ended := make(chan error, 1)
	go func() { ended <- w.Run(context.Background()) }()
	req := job.Request{Kind: job.Audio, Source: job.Source{Text: "Leaves."}}
	status.Add("j1", "ada", req)
	body, err := wire.EncodeMessage("j1", "ada", req)
	require.NoError(t, err)
	require.NoError(t, b.Publish(t.Context(), job.Audio.Queue(),
		broker.Message{ID: "j1", Kind: "audio", Attempt: 1, Schema: wire.Schema, Owner: "ada", Body: body}))
	<-working

	drained, err := client.DrainWorker(t.Context(), &workerv1.DrainWorkerRequest{})
	require.NoError(t, err)
	require.True(t, drained.GetWorker().GetDraining())
	require.Equal(t, "session-1", drained.GetWorker().GetSessionId())
	require.Len(t, drained.GetWorker().GetRunning(), 1)
	r := drained.GetWorker().GetRunning()[0]
	require.Equal(t, "j1", r.GetJobId())
	require.EqualValues(t, 1, r.GetAttempt())
	require.Equal(t, "narrate", r.GetStage())
	require.InDelta(t, 30, r.GetProgress(), 0)
	require.Equal(t, status.Timeout, r.GetDeadline().AsTime().Sub(r.GetStartedAt().AsTime()))
	close(free)
	require.NoError(t, <-ended, "a drain ends the worker in order")
	require.Equal(t, job.Succeeded, status.Job("j1").State)
}
