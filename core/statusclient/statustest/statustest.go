// Package statustest is a small status service for tests of its callers: it
// keeps the contract for workers (sessions, attempts as fences, verdicts, orders
// of operators) in memory, can be told to misbehave, and can be killed and
// started again.
package statustest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// patience bounds Until, in the fake time that tests of waits run in.
const patience = time.Hour

// Finish is one FinishAttempt as it arrived.
type Finish struct {
	Session job.SessionID
	JobID   job.ID
	Attempt int
	Outcome job.Outcome
	Verdict job.Verdict // zero when it was refused
}

// Report is one report of progress as it arrived.
type Report struct {
	JobID   job.ID
	Attempt int
	Stage   string
	Percent float64
}

// Server is the fake. Set its exported fields before it is called.
type Server struct {
	statusv1.UnimplementedAttemptServiceServer
	statusv1.UnimplementedStatusServiceServer
	statusv1.UnimplementedOutboxServiceServer
	statusv1.UnimplementedQueueServiceServer

	// Retries is how many runs after the first a job has; Backoff is before
	// each. Timeout limits an attempt.
	Retries int
	Backoff time.Duration
	Timeout time.Duration
	// Log is told of each stored finish, before it is answered: "finish ID".
	Log func(event string)
	// OnStart may answer a start in the server's place: return false to let it
	// decide. OnFinish is called before a finish is stored, and AfterFinish
	// before it is answered; their errors are the answer.
	OnStart     func(id job.ID) (statusclient.StartAnswer, error, bool)
	AfterStart  func(id job.ID) error
	OnFinish    func(f Finish) error
	AfterFinish func(f Finish) error

	mu       sync.Mutex
	listener *bufconn.Listener
	server   *grpc.Server
	next     int
	sessions map[string]*session
	jobs     map[job.ID]*row
	hellos   []string
	finishes []Finish
	reports  []Report
	control  control
	notify   chan struct{} // closed and replaced at every change
}

type session struct {
	commands chan *statusv1.Command
	beats    int
	goodbye  bool

	worker   string
	kind     job.Kind
	slots    int32
	paused   bool // as it was told
	draining bool
}

type row struct {
	job     job.Job
	session string
	startID string
	ended   map[int]job.Verdict
}

// Start starts the fake; it ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Retries: 3, Backoff: 5 * time.Second, Timeout: 5 * time.Minute,
		sessions: map[string]*session{}, jobs: map[job.ID]*row{}, notify: make(chan struct{}),
		control: control{pauses: map[job.Kind]*statusv1.Pause{}},
	}
	s.Up()
	t.Cleanup(s.Down)
	return s
}

// Up starts serving, with what was known before.
func (s *Server) Up() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = bufconn.Listen(1 << 20)
	s.server = grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}))
	statusv1.RegisterAttemptServiceServer(s.server, s)
	statusv1.RegisterStatusServiceServer(s.server, s)
	statusv1.RegisterOutboxServiceServer(s.server, s)
	statusv1.RegisterQueueServiceServer(s.server, s)
	go func(srv *grpc.Server, l net.Listener) { _ = srv.Serve(l) }(s.server, s.listener)
}

// Down breaks every connection, as a kill would.
func (s *Server) Down() {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	server.Stop()
}

// Dial connects to the fake, through every Down and Up.
func (s *Server) Dial(t testing.TB) *grpc.ClientConn {
	t.Helper()
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		s.mu.Lock()
		l := s.listener
		s.mu.Unlock()
		return l.DialContext(ctx)
	}
	cc, err := grpc.NewClient("passthrough:///status", append(statusclient.DialOptions(),
		grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatalf("dial the fake status service: %v", err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// Add makes a queued job.
func (s *Server) Add(id job.ID, owner string, r job.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs[id] = &row{job: job.Job{ID: id, Owner: owner, Request: r, State: job.Queued}, ended: map[int]job.Verdict{}}
}

// Job returns a job as it is now.
func (s *Server) Job(id job.ID) job.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.jobs[id]; r != nil {
		return r.job
	}
	return job.Job{}
}

// Change changes a job behind everybody's back.
func (s *Server) Change(id job.ID, change func(*job.Job)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.jobs[id].job)
	s.changed()
}

// Command sends a command to every session.
func (s *Server) Command(kind statusclient.CommandKind, id job.ID, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.sessions {
		sess.commands <- &statusv1.Command{Kind: commands[kind], JobId: string(id), Attempt: int32(attempt)}
	}
}

var commands = map[statusclient.CommandKind]statusv1.CommandKind{
	statusclient.CommandCancel:     statusv1.CommandKind_COMMAND_KIND_CANCEL,
	statusclient.CommandSuperseded: statusv1.CommandKind_COMMAND_KIND_SUPERSEDED,
	statusclient.CommandPause:      statusv1.CommandKind_COMMAND_KIND_PAUSE,
	statusclient.CommandResume:     statusv1.CommandKind_COMMAND_KIND_RESUME,
	statusclient.CommandDrain:      statusv1.CommandKind_COMMAND_KIND_DRAIN,
}

// ForgetSessions makes every session unknown, as after a lease that ended.
func (s *Server) ForgetSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = map[string]*session{}
}

// Hellos lists the session ids that the hellos so far named.
func (s *Server) Hellos() []string { return read(s, func() []string { return s.hellos }) }

// Finishes lists the finishes so far.
func (s *Server) Finishes() []Finish { return read(s, func() []Finish { return s.finishes }) }

// Reports lists the reports of progress so far.
func (s *Server) Reports() []Report { return read(s, func() []Report { return s.reports }) }

func read[T any](s *Server, list func() []T) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]T(nil), list()...)
}

// Beats counts the heartbeats of a session, and tells whether it said goodbye.
func (s *Server) Beats(id job.SessionID) (beats int, goodbye bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess := s.sessions[string(id)]; sess != nil {
		return sess.beats, sess.goodbye
	}
	return 0, false
}

// Until waits until ok, which is asked again after every change.
func (s *Server) Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		s.mu.Lock()
		changed := s.notify
		s.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// changed wakes Until. The lock is held.
func (s *Server) changed() {
	close(s.notify)
	s.notify = make(chan struct{})
}

func (s *Server) log(format string, args ...any) {
	if s.Log != nil {
		s.Log(fmt.Sprintf(format, args...))
	}
}
