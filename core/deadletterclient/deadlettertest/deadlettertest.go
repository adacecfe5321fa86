// Package deadlettertest is a small dead-letter service for tests of its
// callers: it keeps letters in memory and answers as it is told.
package deadlettertest

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// Server is the fake. Set its exported fields before it is called.
type Server struct {
	deadletterv1.UnimplementedDeadLetterServiceServer

	// OnReplay may refuse a replay, or decide what its job is; nil queues one
	// with the letter's id and owner.
	OnReplay func(l deadletterclient.DeadLetter) (job.Job, error)
	// Down makes every call fail as if the service were not there.
	Down bool

	mu      sync.Mutex
	letters []*deadletterv1.DeadLetter // newest first
	replays []*deadletterv1.Replay     // newest first
	audit   []*deadletterv1.AuditRecord
	keys    map[string]*deadletterv1.Replay
}

// Start starts the fake and returns it with a client; both end with the test.
func Start(t testing.TB) (*Server, *deadletterclient.Client) {
	t.Helper()
	s := &Server{}
	l := bufconn.Listen(1 << 20)
	srv := grpc.NewServer()
	deadletterv1.RegisterDeadLetterServiceServer(srv, s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l) // ends with Stop
	}()
	cc, err := grpc.NewClient("passthrough:///deadletter",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatalf("dial the fake dead-letter service: %v", err)
	}
	t.Cleanup(func() {
		_ = cc.Close()
		srv.Stop()
		<-served
	})
	return s, deadletterclient.New(cc, deadletterclient.Options{})
}

// Add puts letters in; the last one is the newest.
func (s *Server) Add(letters ...deadletterclient.DeadLetter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range letters {
		s.letters = slices.Insert(s.letters, 0, deadletterclient.ToProto(l))
	}
}

// ListDeadLetters pages by the id of the last letter of the page before.
func (s *Server) ListDeadLetters(
	_ context.Context, r *deadletterv1.ListDeadLettersRequest,
) (*deadletterv1.ListDeadLettersResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return nil, answer(deadletterclient.ErrUnavailable)
	}
	size := int(r.GetPageSize())
	if size == 0 {
		size = 50
	}
	resp := &deadletterv1.ListDeadLettersResponse{}
	found := r.GetPageToken() == ""
	for _, l := range s.letters {
		switch {
		case !found:
			found = l.GetId() == r.GetPageToken()
		case !matches(l, r):
		case len(resp.GetDeadLetters()) == size:
			resp.NextPageToken = resp.GetDeadLetters()[size-1].GetId()
			return resp, nil
		default:
			resp.DeadLetters = append(resp.DeadLetters, brief(l))
		}
	}
	return resp, nil
}

func matches(l *deadletterv1.DeadLetter, r *deadletterv1.ListDeadLettersRequest) bool {
	return selects(&deadletterv1.LetterFilter{
		States: r.GetStates(), Kind: r.GetKind(), JobId: r.GetJobId(), Fingerprint: r.GetFingerprint(), Fault: r.GetFault(),
		Owner: r.GetOwner(), Text: r.GetText(),
	}, l)
}

func brief(l *deadletterv1.DeadLetter) *deadletterv1.DeadLetter {
	b, _ := proto.Clone(l).(*deadletterv1.DeadLetter)
	b.Body, b.Headers, b.Request, b.Attempts = nil, nil, nil, nil
	b.OriginExchange, b.OriginRoutingKey = "", ""
	return b
}

// GetDeadLetter finds a letter by its id.
func (s *Server) GetDeadLetter(
	_ context.Context, r *deadletterv1.GetDeadLetterRequest,
) (*deadletterv1.GetDeadLetterResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.find(r.GetId())
	if err != nil {
		return nil, answer(err)
	}
	return &deadletterv1.GetDeadLetterResponse{DeadLetter: proto.CloneOf(l)}, nil
}

// ReplayDeadLetter replays an open letter.
func (s *Server) ReplayDeadLetter(
	_ context.Context, r *deadletterv1.ReplayDeadLetterRequest,
) (*deadletterv1.ReplayDeadLetterResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.find(r.GetId())
	if err != nil {
		return nil, answer(err)
	}
	j, err := s.decide(l)
	if err != nil {
		return nil, answer(err)
	}
	l.State, l.ReplayedBy, l.ReplayReason = deadletterclient.Replayed, r.GetAuthor(), r.GetReason()
	l.ReplayedAt, l.Edited = wire.TimeToProto(time.Now()), r.GetRequest()
	s.record(deadletterclient.ActionLetterReplay, r.GetAuthor(), r.GetReason(), "dead letter "+l.GetId())
	return &deadletterv1.ReplayDeadLetterResponse{DeadLetter: proto.CloneOf(l), Job: wire.JobToProto(j)}, nil
}

func answer(err error) error { return wire.StatusFromError(deadletterclient.StatusFromError(err)) }

func (s *Server) decide(l *deadletterv1.DeadLetter) (job.Job, error) {
	if l.GetState() != deadletterclient.Open {
		return job.Job{}, &deadletterclient.StateError{
			ID: l.GetId(), State: l.GetState(), Why: "it was replayed before", Remedy: "Look at its job.",
		}
	}
	if s.OnReplay != nil {
		return s.OnReplay(deadletterclient.DeadLetter{ID: l.GetId(), JobID: job.ID(l.GetJobId()), Owner: l.GetOwner()})
	}
	return job.Job{ID: job.ID(l.GetJobId()), Owner: l.GetOwner(), State: job.Queued}, nil
}

func (s *Server) find(id string) (*deadletterv1.DeadLetter, error) {
	if s.Down {
		return nil, deadletterclient.ErrUnavailable
	}
	for _, l := range s.letters {
		if l.GetId() == id {
			return l, nil
		}
	}
	return nil, deadletterclient.ErrNotFound
}
