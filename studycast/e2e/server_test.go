package e2e

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

const (
	startLimit = 60 * time.Second // a race build on a busy machine
	jobLimit   = 90 * time.Second // a short lesson, a retry and a rescue included
	childLimit = 20 * time.Second // how long a child may outlive its job
	tick       = 20 * time.Millisecond
)

// server is a data folder and the process that serves it, one after another.
type server struct {
	dir   string
	flags []string
	env   []string
	proc  *process // nil while down
	logs  *logBuffer
}

// process is one run of `studycast serve`.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone and err is set
	err   error
	url   string
	admin string
	began time.Time
}

// newServer returns a server that is down. At the end of the test it is killed
// and its log must be free of data races and panics.
func newServer(t *testing.T, flags ...string) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), flags: flags, logs: &logBuffer{}}
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "tmp"), 0o700))
	t.Cleanup(func() {
		if s.proc != nil {
			s.kill(t)
		}
		text := s.logs.String()
		if t.Failed() {
			t.Log("log of the server:\n" + requestLine.ReplaceAllString(text, ""))
		}
		require.NotContains(t, text, "DATA RACE")
		require.NotContains(t, text, "panic: ")
		require.Empty(t, leftovers(s.dir), "children of the server outlive it")
	})
	return s
}

// started returns a running server.
func started(t *testing.T, flags ...string) *server {
	t.Helper()
	s := newServer(t, flags...)
	s.start(t)
	return s
}

// requestLine is what the log of a failed test can do without.
var requestLine = regexp.MustCompile(`(?m)^.*(msg=request|DEVELOPMENT ONLY).*\n`)

var readyLine = regexp.MustCompile(`is ready on (http://\S+)`)

// start runs `studycast serve` with additional environment until it is ready.
func (s *server) start(t *testing.T, env ...string) {
	t.Helper()
	require.Nil(t, s.proc, "the server runs already")
	p := &process{ended: make(chan struct{}), admin: freePort(t), began: time.Now()}
	p.cmd = exec.Command(program, append([]string{
		"serve", "--data-dir", s.data(), "--listen", "127.0.0.1:0", "--admin-listen", p.admin, "--grpc-listen", "127.0.0.1:0",
	}, s.flags...)...)
	p.cmd.Dir = s.dir
	p.cmd.Env = slices.Concat(environment(s.dir), []string{"ALLOW_LOOPBACK=true"}, s.env, env)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stdout, p.cmd.Stderr = s.logs, s.logs
	mark := s.logs.Len()
	require.NoError(t, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	s.proc = p
	line := s.awaitLog(t, mark, readyLine)
	p.url = line[1]
	require.Eventually(t, func() bool { return s.adminAnswers("/readyz") }, startLimit, tick, "the server does not become ready")
}

// environment is what the program gets: no variable of this machine changes
// what is tested.
func environment(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + filepath.Join(dir, "tmp")}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) adminAnswers(path string) bool {
	res, err := http.Get("http://" + s.proc.admin + path)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// awaitLog waits until what was logged since mark holds a match.
func (s *server) awaitLog(t *testing.T, mark int, what *regexp.Regexp) []string {
	t.Helper()
	p := s.proc
	var found []string
	require.Eventually(t, func() bool {
		found = what.FindStringSubmatch(s.logs.String()[mark:])
		select {
		case <-p.ended:
			return true
		default:
			return found != nil
		}
	}, startLimit, tick, "the log never shows %s", what)
	if found == nil {
		<-p.ended
		require.Fail(t, "the server ended too early", "%v, before it logged %s", p.err, what)
	}
	return found
}

// kill is kill -9 of the one process, as the system would do it when memory is
// short.
func (s *server) kill(t *testing.T) {
	t.Helper()
	_ = s.proc.cmd.Process.Kill()
	_ = s.awaitEnd(t, 10*time.Second)
}

// terminate asks for a drain.
func (s *server) terminate(t *testing.T) {
	t.Helper()
	require.NoError(t, s.proc.cmd.Process.Signal(syscall.SIGTERM))
}

// awaitEnd waits for the end of the process and returns how it ended.
func (s *server) awaitEnd(t *testing.T, limit time.Duration) error {
	t.Helper()
	p := s.proc
	select {
	case <-p.ended:
	case <-time.After(limit):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		require.FailNow(t, "the server does not end")
	}
	s.proc = nil
	return p.err
}

// stop ends an idle server in order; nothing temporary is left behind.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.terminate(t)
	require.NoError(t, s.awaitEnd(t, 30*time.Second), "the exit code of an orderly end is 0")
	s.requireClean(t)
}

// requireClean checks that a server that is down has left no child and no
// temporary file.
func (s *server) requireClean(t *testing.T) {
	t.Helper()
	requireNoChildren(t, s.dir)
	require.Empty(t, temporary(t, s.dir))
}

// client returns a client of the running process.
func (s *server) client(t *testing.T) *client.Client {
	t.Helper()
	c := client.New(s.proc.url)
	t.Cleanup(c.Close)
	return c
}

// killed waits for a process that kills itself at a failpoint.
func (s *server) killed(t *testing.T) {
	t.Helper()
	err := s.awaitEnd(t, jobLimit)
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "the server ended with %v instead of being killed", err)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "the server ended with %v", err)
}

// metric reports whether the metrics hold a line with all the parts.
func (s *server) metric(t *testing.T, parts ...string) bool {
	t.Helper()
	res, err := http.Get("http://" + s.proc.admin + "/metrics")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	for line := range strings.Lines(string(body)) {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
			return true
		}
	}
	return false
}
