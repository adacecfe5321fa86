package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service answers as its functions say.
type service struct {
	testgrpc.UnimplementedTestServiceServer
	empty  func(context.Context) error
	stream func(context.Context) error
}

func (s *service) EmptyCall(ctx context.Context, _ *testgrpc.Empty) (*testgrpc.Empty, error) {
	return &testgrpc.Empty{}, s.empty(ctx)
}

func (s *service) FullDuplexCall(st testgrpc.TestService_FullDuplexCallServer) error {
	return s.stream(st.Context())
}

// running is a server on a port of its own.
type running struct {
	*rpc.Server
	address string
	stop    func() error // drains; the error of Run
}

func serve(t *testing.T, s *service, o rpc.ServerOptions, endStreams func()) *running {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv, err := rpc.NewServer(o)
	require.NoError(t, err)
	testgrpc.RegisterTestServiceServer(srv, s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	srv.SetServing(true)
	go func() { ended <- srv.Run(ctx, l, endStreams) }()
	r := &running{Server: srv, address: l.Addr().String()}
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	return r
}

func dial(t *testing.T, target string, o rpc.DialOptions) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(target, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func call(ctx context.Context, conn grpc.ClientConnInterface) error {
	_, err := testgrpc.NewTestServiceClient(conn).EmptyCall(ctx, &testgrpc.Empty{}, grpc.WaitForReady(true))
	return err
}

// lines is a log that may be written and read at once.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestErrorsAndPanicsLeaveAsCodes(t *testing.T) {
	t.Parallel()
	var log lines
	var fail func() error
	srv := serve(t, &service{empty: func(context.Context) error { return fail() }},
		rpc.ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	conn := dial(t, srv.address, rpc.DialOptions{})

	fail = func() error { return job.ErrNotFound }
	require.Equal(t, codes.NotFound, status.Code(call(t.Context(), conn)))
	require.Empty(t, log.String())

	fail = func() error { return errors.New("no such table: jobs") }
	err := call(t.Context(), conn)
	require.Equal(t, codes.Internal, status.Code(err))
	require.NotContains(t, err.Error(), "table")
	require.Contains(t, log.String(), "no such table: jobs")

	fail = func() error { panic("a bug") }
	require.Equal(t, codes.Internal, status.Code(call(t.Context(), conn)))
	require.Contains(t, log.String(), "panic in a call: a bug")
}

func TestWhatNoStoreCanKeepIsRefused(t *testing.T) {
	t.Parallel()
	srv := serve(t, &service{}, rpc.ServerOptions{}, nil)
	health := healthv1.NewHealthClient(dial(t, srv.address, rpc.DialOptions{}))
	odd := &healthv1.HealthCheckRequest{Service: "a\x00"}
	refused := func(err error) {
		t.Helper()
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		var invalid *job.InvalidError
		require.ErrorAs(t, wire.ErrorFromStatus(err), &invalid)
		require.Equal(t, "service", invalid.Fields[0].Path)
	}
	_, err := health.Check(t.Context(), odd)
	refused(err)
	watch, err := health.Watch(t.Context(), odd)
	require.NoError(t, err)
	_, err = watch.Recv()
	refused(err)
}

func TestEveryUnaryCallHasABound(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	srv := serve(t, &service{empty: func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return errors.New("no deadline")
		}
		left <- time.Until(end)
		return nil
	}}, rpc.ServerOptions{}, nil)
	conn := dial(t, srv.address, rpc.DialOptions{})

	require.NoError(t, call(t.Context(), conn))
	require.InDelta(t, 10, (<-left).Seconds(), 2, "the default")

	for wish, want := range map[time.Duration]float64{30 * time.Second: 30, time.Hour: 90} {
		ctx, cancel := context.WithTimeout(t.Context(), wish)
		require.NoError(t, call(ctx, conn))
		cancel()
		require.InDelta(t, want, (<-left).Seconds(), 2, wish)
	}
}

func TestHealthIsThatOfTheProgram(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sick error
	ready := func() error {
		mu.Lock()
		defer mu.Unlock()
		return sick
	}
	srv := serve(t, &service{empty: func(context.Context) error { return ready() }}, rpc.ServerOptions{Ready: ready}, nil)
	conn, err := grpc.NewClient(srv.address, grpc.WithTransportCredentials(insecure.NewCredentials())) // one that does not leave
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	client := healthv1.NewHealthClient(conn)
	check := func(name string) healthv1.HealthCheckResponse_ServingStatus {
		r, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name}, grpc.WaitForReady(true))
		require.NoError(t, err)
		return r.GetStatus()
	}
	service := testgrpc.TestService_ServiceDesc.ServiceName
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, check(""))
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, check(service))
	_, err = client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "nobody"})
	require.Equal(t, codes.NotFound, status.Code(err))

	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	next := func() healthv1.HealthCheckResponse_ServingStatus {
		r, err := watch.Recv()
		require.NoError(t, err)
		return r.GetStatus()
	}
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, next())

	mu.Lock()
	sick = job.ErrUnavailable
	mu.Unlock()
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, check(""))
	require.Error(t, call(t.Context(), conn), "a failing call makes the server look")
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, next())
	mu.Lock()
	sick = nil
	mu.Unlock()
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, next())

	srv.SetServing(false)
	require.False(t, srv.Serving())
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, next())
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, check(service))
}

func TestDrainEndsStreamsAndLetsCallsFinish(t *testing.T) {
	t.Parallel()
	quit, inCall, inStream, answer := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	srv := serve(t, &service{
		empty: func(context.Context) error {
			close(inCall)
			<-answer
			return nil
		},
		stream: func(context.Context) error {
			close(inStream)
			<-quit
			return job.ErrUnavailable
		},
	}, rpc.ServerOptions{DrainTimeout: time.Hour}, func() { close(quit) })
	conn := dial(t, srv.address, rpc.DialOptions{}) // watches health as well
	called := make(chan error, 1)
	go func() { called <- call(context.Background(), conn) }()
	<-inCall
	stream, err := testgrpc.NewTestServiceClient(conn).FullDuplexCall(t.Context())
	require.NoError(t, err)
	<-inStream
	stopped := make(chan error, 1)
	go func() { stopped <- srv.stop() }()
	_, err = stream.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err))
	close(answer)
	require.NoError(t, <-called)
	require.NoError(t, <-stopped)
}

func TestDrainCutsOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	inCall := make(chan struct{})
	srv := serve(t, &service{empty: func(ctx context.Context) error {
		close(inCall)
		<-ctx.Done()
		return ctx.Err()
	}}, rpc.ServerOptions{DrainTimeout: time.Millisecond}, nil)
	conn := dial(t, srv.address, rpc.DialOptions{})
	called := make(chan error, 1)
	go func() { called <- call(context.Background(), conn) }()
	<-inCall
	require.NoError(t, srv.stop())
	require.Error(t, <-called)
}

func TestRunTellsWhenItCannotServe(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	srv, err := rpc.NewServer(rpc.ServerOptions{})
	require.NoError(t, err)
	srv.SetServing(true)
	require.ErrorContains(t, srv.Run(t.Context(), l, nil), "serve gRPC on 127.0.0.1")
	require.ErrorContains(t, srv.Ready(), "does not take calls")
}
