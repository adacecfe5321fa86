package app_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(childStore); address != "" {
		runChild(address)
		return
	}
	goleak.VerifyTestMain(m)
}

// service is a running status service and a client of it.
type service struct {
	t      testing.TB
	path   string
	app    *app.App
	client *statusclient.Client
	conn   *grpc.ClientConn
	stop   func() // ends client and service
	halt   func() // ends the service; the client goes on
}

// start runs a service on a store of its own; change may alter its options.
func start(t testing.TB, change ...func(*app.Options)) *service {
	t.Helper()
	return startOn(t, filepath.Join(t.TempDir(), "status.db"), change...)
}

func startOn(t testing.TB, path string, change ...func(*app.Options)) *service {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	o := app.Options{StoreURL: "sqlite://" + path, Listener: lis}
	for _, c := range change {
		c(&o)
	}
	a, err := app.New(context.Background(), o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	conn, err := grpc.NewClient("passthrough:///status", append(statusclient.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
	)...)
	require.NoError(t, err)
	s := &service{t: t, path: path, app: a, client: statusclient.New(conn, statusclient.Options{}), conn: conn}
	s.halt = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	s.stop = sync.OnceFunc(func() {
		require.NoError(t, conn.Close())
		s.halt()
	})
	t.Cleanup(s.stop)
	return s
}

func ask(kind job.Kind) job.Request {
	return job.Request{Kind: kind, Source: job.Source{URL: "https://example.org/page"}}
}

func (s *service) create(owner string) job.Job {
	s.t.Helper()
	c, err := s.client.Create(s.t.Context(), statusclient.CreateInput{Owner: owner, Request: ask(job.Video)})
	require.NoError(s.t, err)
	return c.Job
}

// session opens a worker session that collects its commands, but for the resume
// that every stream begins with.
func (s *service) session(name string) (*statusclient.Session, <-chan statusclient.Command) {
	s.t.Helper()
	return s.sessionOf(name, 2)
}

func (s *service) sessionOf(name string, slots int) (*statusclient.Session, <-chan statusclient.Command) {
	s.t.Helper()
	commands := make(chan statusclient.Command, 100)
	sess, err := s.client.OpenSession(s.t.Context(), statusclient.SessionOptions{
		Worker: name, Kind: job.Video, Slots: slots,
		OnCommand: func(c statusclient.Command) {
			if c.Kind != statusclient.CommandResume {
				commands <- c
			}
		},
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		sess.Close(ctx)
	})
	return sess, commands
}

func (s *service) grant(sess *statusclient.Session, id job.ID) statusclient.Granted {
	s.t.Helper()
	a, err := sess.Start(s.t.Context(), id, "")
	require.NoError(s.t, err)
	require.NotNil(s.t, a.Granted, "%+v", a)
	return *a.Granted
}

func (s *service) get(id job.ID) job.Job {
	s.t.Helper()
	j, err := s.client.Get(s.t.Context(), id, "")
	require.NoError(s.t, err)
	return j
}

func (s *service) state(id job.ID, want job.State) job.Job {
	s.t.Helper()
	j := s.get(id)
	require.Equal(s.t, want, j.State)
	return j
}

func success() job.Outcome {
	return job.Outcome{Succeeded: &job.Success{Title: "A title", Artifacts: []job.Artifact{{Name: "video.mp4", Size: 7}}}}
}

func failure(kind string, retryable, dead bool) job.Outcome {
	return job.Outcome{Failed: &job.Failure{
		Fault: job.Fault{Kind: kind, Text: "It broke."}, Retryable: retryable, DeadLetter: dead,
	}}
}
