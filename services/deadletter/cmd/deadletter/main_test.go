//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/failpoint"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/sandbox/port"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	status "github.com/studycast/studycast/services/status/app"
)

// asProgram makes the test binary be the program.
const asProgram = "STUDYCAST_TEST_AS_DEADLETTER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	patience = 40 * time.Second
	tick     = 20 * time.Millisecond
)

// site is a RabbitMQ server, a status service, and what a dead-letter program
// has to be told to use them.
type site struct {
	t           *testing.T
	node        *rabbitmq.Node
	driver      driver.Broker
	broker      *broker.Broker
	status      *statusclient.Client
	letters     *deadletterclient.Client
	grpc, admin string
	env         []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t}
	var err error
	s.node, err = rabbitmq.New()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.node.Close()) })
	row, err := port.Reserve(2)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, row.Close()) })
	s.grpc, s.admin = row.Address(0), row.Address(1)
	address := s.startStatus()
	s.status = statusclient.New(s.dial(address), statusclient.Options{})
	s.letters = deadletterclient.New(s.dial(s.grpc), deadletterclient.Options{})
	s.env = []string{
		asProgram + "=1", "DATA_DIR=" + t.TempDir(), "BROKER_URL=" + s.node.URL(), "STATUS_ADDRESS=" + address,
		"GRPC_LISTEN=" + s.grpc, "ADMIN_LISTEN=" + s.admin, "AUDIO_BACKOFF=1s",
	}
	return s
}

func (s *site) dial(address string) *grpc.ClientConn {
	s.t.Helper()
	conn, err := rpc.Dial(address, rpc.DialOptions{})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, conn.Close()) })
	return conn
}

func (s *site) startStatus() (address string) {
	s.t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	a, err := status.New(s.t.Context(), status.Options{
		StoreURL: "sqlite://" + filepath.Join(s.t.TempDir(), "status.db"), Listener: l,
	})
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		require.NoError(s.t, <-ended)
	})
	return l.Addr().String()
}

// startBroker starts the server and opens it.
func (s *site) startBroker() {
	s.t.Helper()
	require.NoError(s.t, s.node.Start(s.t.Context()))
	policies := job.DefaultPolicies()
	audio := policies[job.Audio]
	audio.Backoff = time.Second
	policies[job.Audio] = audio
	var err error
	s.driver, err = backend.OpenBroker(s.t.Context(), s.node.URL(), policies, backend.BrokerOptions{})
	require.NoError(s.t, err)
	s.broker = broker.New(s.driver, broker.Options{})
	s.t.Cleanup(func() { require.NoError(s.t, s.broker.Close(context.Background())) })
}

// launch starts the program; it dies with the test.
func (s *site) launch(env ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append([]string{"PATH=" + os.Getenv("PATH")}, s.env...), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := cmd.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			_, _ = fmt.Fprintln(s.t.Output(), lines.Text())
		}
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill() // may have ended
		<-read
		_ = cmd.Wait()
	})
	return cmd
}

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.admin+path, http.NoBody)
	require.NoError(s.t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, string(body)
}

func (s *site) ready() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { code, _ := s.get("/readyz"); return code == http.StatusOK }, patience, tick)
}

// one waits for the only letter of a job, when the status service was told of it.
func (s *site) one(id job.ID) (l deadletterclient.DeadLetter) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		page, err := s.letters.List(s.t.Context(), deadletterclient.Filter{JobID: id})
		if err != nil || len(page.Letters) != 1 || page.Letters[0].JobState == "" {
			return false
		}
		l = page.Letters[0]
		return true
	}, patience, tick)
	return l
}

// accept makes a job and publishes its message, at once or after a delay.
func (s *site) accept(delay time.Duration) job.ID {
	s.t.Helper()
	c, err := s.status.Create(s.t.Context(), statusclient.CreateInput{
		Owner: "ada", Request: job.Request{Kind: job.Audio, Source: job.Source{URL: "https://example.org/page"}},
	})
	require.NoError(s.t, err)
	body, err := wire.EncodeMessage(c.Job.ID, "ada", c.Job.Request)
	require.NoError(s.t, err)
	m := broker.Message{ID: string(c.Job.ID), Kind: "audio", Owner: "ada", Attempt: 1, Schema: wire.Schema, Body: body}
	if delay > 0 {
		m.NotBefore = time.Now().Add(delay)
	}
	require.NoError(s.t, s.broker.Publish(s.t.Context(), c.Entry.Queue, m))
	require.NoError(s.t, s.status.ConfirmOutbox(s.t.Context(), []statusclient.OutboxEntry{*c.Entry}))
	return c.Job.ID
}

// crash takes the next message of the audio queue and is gone, so often that
// the broker has enough of it.
func (s *site) crash(times int) {
	s.t.Helper()
	for range times {
		arrived := make(chan struct{}, 1)
		c, err := s.driver.Subscribe(s.t.Context(), job.Audio.Queue(), 1, func(driver.Delivery) { arrived <- struct{}{} })
		require.NoError(s.t, err)
		select {
		case <-arrived:
		case <-time.After(patience):
			s.t.Fatal("the message does not come")
		}
		require.NoError(s.t, c.Close())
	}
}

// TestProgram: it starts before its broker; what the broker itself gave up
// becomes a letter with a reason, although the program is killed before it
// could acknowledge; and so does what the broker can't route.
func TestProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.launch(failpoint.Variable + "=after-bury-before-ack")
	require.Eventually(t, func() bool {
		code, text := s.get("/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(text, "is not consumed now")
	}, patience, tick)
	s.startBroker()
	s.ready()

	worn := s.accept(0)
	s.crash(9)
	gone := make(chan error, 1)
	go func() { gone <- first.Wait() }()
	select {
	case err := <-gone:
		require.Error(t, err, "killed at its failpoint")
	case <-time.After(patience):
		t.Fatal("it never passed its failpoint")
	}
	second := s.launch()
	s.ready()
	l := s.one(worn)
	require.Equal(t, "poison", l.Fault.Kind)
	require.Contains(t, l.Fault.Text, "more than 8 times")
	require.WithinDuration(t, time.Now(), l.DiedAt, time.Minute)
	j, err := s.status.Get(t.Context(), worn, "")
	require.NoError(t, err)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, l.ID, j.DeadLetter)
	require.Contains(t, j.Fault.Text, "An operator has been told")

	queue := job.Audio.Queue()
	resource := func(kind, name string) string { return fmt.Sprintf(`{resource,<<"/">>,%s,<<"%s">>}`, kind, name) }
	_, err = s.node.Eval(t.Context(), fmt.Sprintf(`rabbit_binding:remove({binding,%s,<<"%s">>,%s,[]}, <<"operator">>).`,
		resource("exchange", "studycast.jobs"), queue, resource("queue", queue)))
	require.NoError(t, err)
	l = s.one(s.accept(900 * time.Millisecond))
	require.Equal(t, "dependency", l.Fault.Kind)
	require.Contains(t, l.Fault.Text, "found no queue bound")
	require.Equal(t, queue, l.Queue)

	code, text := s.get("/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, text, `studycast_dead_letters{fault="dependency",state="open"} 1`)
	require.Eventually(t, func() bool {
		_, text := s.get("/metrics")
		return strings.Contains(text, `studycast_dead_letters_held{queue="studycast.unroutable"} 0`)
	}, patience, tick)
	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.Wait(), "it ends in order")
}
