//go:build linux

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/core/mtls/mtlstest"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/sandbox/port"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/statusclient"
)

// asProgram makes the test binary be the program.
const asProgram = "STUDYCAST_TEST_AS_STATUS"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const patience = 30 * time.Second

// replica is a status process on addresses of its own.
type replica struct {
	cmd         *exec.Cmd
	grpc, admin string
	up          chan string // its line that it takes calls
}

func launch(t *testing.T, env ...string) *replica {
	t.Helper()
	row, err := port.Reserve(2)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, row.Close()) })
	r := &replica{grpc: row.Address(0), admin: row.Address(1), up: make(chan string, 1)}
	r.cmd = exec.Command(os.Args[0]) // this very test, ended below
	r.cmd.Env = append([]string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "DATA_DIR=" + t.TempDir(), "GRPC_LISTEN=" + r.grpc, "ADMIN_LISTEN=" + r.admin,
	}, env...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := r.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, r.cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "takes calls") {
				r.up <- lines.Text()
			}
		}
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // may have ended
		<-read
		_ = r.cmd.Wait()
	})
	return r
}

func (r *replica) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.admin+path, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func dial(t *testing.T, target string, o rpc.DialOptions) *statusclient.Client {
	t.Helper()
	conn, err := rpc.Dial(target, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return statusclient.New(conn, statusclient.Options{})
}

// A worker whose replica is killed is back at the other in the same session,
// with what it holds.
func TestSessionMovesToTheReplicaThatLives(t *testing.T) {
	t.Parallel()
	db, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Stop()) })
	one, two := launch(t, "STORE_URL="+db.URL("")), launch(t, "STORE_URL="+db.URL(""))
	for _, r := range []*replica{one, two} {
		line := <-r.up
		require.Contains(t, line, r.grpc)
		require.Contains(t, line, r.admin)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := dial(t, one.grpc+","+two.grpc, rpc.DialOptions{})
	session, err := client.OpenSession(ctx, statusclient.SessionOptions{Worker: "w", Kind: job.Video, Slots: 1})
	require.NoError(t, err)
	defer session.Close(ctx)
	id := session.ID()
	made, err := client.Create(ctx, statusclient.CreateInput{
		Owner: "ada", Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org/page"}},
	})
	require.NoError(t, err)
	answer, err := session.Start(ctx, made.Job.ID, "")
	require.NoError(t, err)
	require.NotNil(t, answer.Granted)

	killed, lives := one, two
	if !streams(t, one) {
		killed, lives = two, one
	}
	require.NoError(t, killed.cmd.Process.Kill())
	require.Eventually(t, func() bool { return streams(t, lives) && session.Connected() }, patience, 5*time.Millisecond)
	require.Equal(t, id, session.ID(), "the same session")
	_, err = session.Finish(ctx, made.Job.ID, 1, job.Outcome{Succeeded: &job.Success{Title: "A title"}})
	require.NoError(t, err)
	j, err := client.Get(ctx, made.Job.ID, "ada")
	require.NoError(t, err)
	require.Equal(t, job.Succeeded, j.State)
	require.Equal(t, 1, j.Attempt)
}

// streamStarted is what a replica says of itself that was ever given a stream.
var streamStarted = regexp.MustCompile(`grpc_server_started_total\{grpc_method="Session",grpc_service="studycast\.status\.v1\.AttemptService",grpc_type="bidi_stream"\} [1-9]`)

// streams reports whether the replica holds the worker's stream.
func streams(t *testing.T, r *replica) bool {
	t.Helper()
	code, metrics := r.get(t, "/metrics")
	require.Equal(t, http.StatusOK, code)
	return streamStarted.MatchString(metrics)
}

func TestStartsBeforeItsDatabase(t *testing.T) {
	t.Parallel()
	db, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Stop()) })
	require.NoError(t, db.Kill())
	r := launch(t, "STORE_URL="+db.URL(""))
	require.Eventually(t, func() bool {
		code, text := r.get(t, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(text, "store: ")
	}, patience, 5*time.Millisecond)
	require.NoError(t, db.Run())
	<-r.up
	require.Eventually(t, func() bool {
		code, _ := r.get(t, "/readyz")
		return code == http.StatusOK
	}, patience, 5*time.Millisecond)
	code, text := r.get(t, "/metrics")
	require.Equal(t, http.StatusOK, code)
	require.True(t, strings.Contains(text, `studycast_jobs{kind="video",state="queued"} 0`))
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	dir, ours, other := t.TempDir(), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	f := ours.Write(t, dir, "status", time.Hour)
	r := launch(t, "GRPC_TLS_CERT="+f.Cert, "GRPC_TLS_KEY="+f.Key, "GRPC_TLS_CA="+f.CA)
	<-r.up
	ask := func(f mtls.Files) error {
		keeper, err := mtls.Load(f, nil)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err = dial(t, r.grpc, rpc.DialOptions{TLS: keeper.Client()}).Get(ctx, "00000000-0000-7000-8000-000000000000", "")
		return err
	}
	require.ErrorIs(t, ask(ours.Write(t, dir, "worker", time.Hour)), job.ErrNotFound, "it answers")
	require.ErrorIs(t, ask(mtls.Files{CA: f.CA}), job.ErrUnavailable)
	stranger := other.Write(t, dir, "stranger", time.Hour)
	require.ErrorIs(t, ask(mtls.Files{Cert: stranger.Cert, Key: stranger.Key, CA: f.CA}), job.ErrUnavailable)

	other.Write(t, dir, "status", time.Hour) // another authority takes over
	require.ErrorIs(t, ask(stranger), job.ErrNotFound, "without a restart")
}
