package statusclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/job"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// CommandKind is what the status service tells a worker.
type CommandKind string

// The commands.
const (
	CommandCancel     CommandKind = "cancel"     // stop the attempt: its job was cancelled
	CommandSuperseded CommandKind = "superseded" // stop the attempt: it does not hold the job any more
	CommandPause      CommandKind = "pause"      // take no new jobs
	CommandResume     CommandKind = "resume"     // take jobs again
	CommandDrain      CommandKind = "drain"      // take no new jobs, finish what runs, end
)

// Command is something the status service tells a worker.
type Command struct {
	Kind    CommandKind
	JobID   job.ID // "" for the whole worker
	Attempt int
}

// SessionOptions describe a worker process.
type SessionOptions struct {
	Worker string // host, program and process id
	Kind   job.Kind
	Slots  int
	// OnCommand is called for each command, one at a time. It must not block:
	// the next command waits behind it. Nil ignores commands.
	OnCommand func(Command)
}

const (
	welcomeTimeout   = 5 * time.Second
	defaultHeartbeat = 2 * time.Second
	progressEvery    = 250 * time.Millisecond
	reconnectMin     = 50 * time.Millisecond  // a broken stream has 1 s to come back
	reconnectMax     = 500 * time.Millisecond // a service that was away gives its sessions 2 s
)

// Session is one run of a worker process, as the status service knows it. It
// keeps itself alive with heartbeats until Close: a broken stream is opened
// again under the same id, and a session that the service does not know any
// more is replaced by a new one. All methods are safe for concurrent use.
type Session struct {
	client *Client
	opts   SessionOptions
	log    *slog.Logger

	stop    context.CancelFunc // ends the session without a word
	closing chan struct{}      // closed by Close: say goodbye
	once    sync.Once
	done    chan struct{} // closed when nothing runs any more
	opened  chan struct{} // closed at the first welcome
	wake    chan struct{} // progress is waiting

	mu        sync.Mutex
	id        string
	connected bool
	broken    context.CancelFunc // ends the current stream
	attempts  map[attemptKey]*attemptProgress
}

// OpenSession opens a session and waits for its welcome. It tries until it is
// welcomed or ctx ends: a status service that is not there yet is no error.
// ctx bounds only the opening; the session lives until Close.
func (c *Client) OpenSession(ctx context.Context, o SessionOptions) (*Session, error) {
	if o.OnCommand == nil {
		o.OnCommand = func(Command) {}
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{
		client:   c,
		opts:     o,
		log:      c.log.With("worker", o.Worker),
		stop:     stop,
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		opened:   make(chan struct{}),
		wake:     make(chan struct{}, 1),
		attempts: map[attemptKey]*attemptProgress{},
	}
	go s.run(life)
	select {
	case <-s.opened:
		return s, nil
	case <-ctx.Done():
		stop()
		<-s.done
		return nil, fmt.Errorf("open a session at the status service: %w", context.Cause(ctx))
	}
}

// ID returns the current id; it changes when the session had to be replaced.
func (s *Session) ID() job.SessionID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return job.SessionID(s.id)
}

// Connected reports whether the stream is up right now.
func (s *Session) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Close says goodbye, so that attempts still held are released at once, and
// ends the session. The end of ctx ends it without waiting for the answer;
// then the service notices by itself. Close may be called twice.
func (s *Session) Close(ctx context.Context) {
	s.once.Do(func() { close(s.closing) })
	if !s.Connected() {
		s.stop()
	}
	select {
	case <-s.done:
	case <-ctx.Done():
	}
	s.stop()
	<-s.done
}

// run keeps one stream after the other until Close.
func (s *Session) run(ctx context.Context) {
	defer close(s.done)
	pause := &backoff.ExponentialBackOff{
		InitialInterval: reconnectMin, MaxInterval: reconnectMax, Multiplier: 2, RandomizationFactor: 0.2,
	}
	pause.Reset()
	for {
		welcomed, err := s.stream(ctx)
		if ctx.Err() != nil || s.isClosing() {
			return
		}
		if welcomed {
			pause.Reset()
		}
		if errors.Is(err, job.ErrSessionUnknown) {
			s.log.Warn("the status service does not know this session any more: opening a new one", "session", s.ID())
			s.setID("")
		} else {
			s.log.Warn("lost the stream to the status service: opening it again", "session", s.ID(), "error", err)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-s.closing:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Session) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

func (s *Session) setID(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
}

// reopen ends the current stream if it still speaks for the given id: a call
// said that the service does not know it.
func (s *Session) reopen(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == id && s.broken != nil {
		s.broken()
	}
}

var commandKinds = map[statusv1.CommandKind]CommandKind{
	statusv1.CommandKind_COMMAND_KIND_CANCEL:     CommandCancel,
	statusv1.CommandKind_COMMAND_KIND_SUPERSEDED: CommandSuperseded,
	statusv1.CommandKind_COMMAND_KIND_PAUSE:      CommandPause,
	statusv1.CommandKind_COMMAND_KIND_RESUME:     CommandResume,
	statusv1.CommandKind_COMMAND_KIND_DRAIN:      CommandDrain,
}
