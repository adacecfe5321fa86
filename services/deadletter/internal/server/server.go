// Package server is the gRPC edge of the dead-letter service: it turns calls
// into those of the store, the replayer and the replays, and back. Nothing is
// decided here.
package server

import (
	"context"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/replayer"
	"github.com/studycast/studycast/services/deadletter/internal/replays"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Server serves the dead-letter service.
type Server struct {
	deadletterv1.UnimplementedDeadLetterServiceServer
	store    store.Store
	replayer *replayer.Replayer
	replays  *replays.Replays
	clock    job.Clock
	ending   context.Context // ends with the streams
	end      context.CancelFunc
}

// New returns a Server; Register makes it known to gRPC.
func New(s store.Store, r *replayer.Replayer, p *replays.Replays, clock job.Clock) *Server {
	ending, end := context.WithCancel(context.Background())
	return &Server{store: s, replayer: r, replays: p, clock: clock, ending: ending, end: end}
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	deadletterv1.RegisterDeadLetterServiceServer(r, s)
}

// EndStreams ends the watches, so that their callers come back elsewhere.
func (s *Server) EndStreams() { s.end() }

// ListDeadLetters reads a page of letters.
func (s *Server) ListDeadLetters(
	ctx context.Context, r *deadletterv1.ListDeadLettersRequest,
) (*deadletterv1.ListDeadLettersResponse, error) {
	var bad problems
	size := bad.page(r.GetPageSize())
	f := bad.filter("", deadletterclient.Filter{
		States: r.GetStates(), Kind: job.Kind(r.GetKind()), JobID: job.ID(r.GetJobId()), Fingerprint: r.GetFingerprint(),
		Fault: r.GetFault(), Owner: r.GetOwner(), DiedAfter: wire.TimeFromProto(r.GetDiedAfter()),
		DiedBefore: wire.TimeFromProto(r.GetDiedBefore()), Text: r.GetText(),
	})
	if err := bad.err(); err != nil {
		return nil, err
	}
	of := f
	var err error
	if f.Before, err = decodeToken(r.GetPageToken(), "letters", of); err != nil {
		return nil, err
	}
	f.Limit = size + 1 // one more tells whether another page follows
	letters, err := s.store.List(ctx, f)
	if err != nil {
		return nil, err
	}
	resp := &deadletterv1.ListDeadLettersResponse{}
	if len(letters) > size {
		letters = letters[:size]
		resp.NextPageToken = encodeToken(letters[size-1].ID, "letters", of)
	}
	for _, l := range letters {
		resp.DeadLetters = append(resp.DeadLetters, deadletterclient.ToProto(l.DeadLetter))
	}
	return resp, nil
}

// GetDeadLetter reads one letter whole.
func (s *Server) GetDeadLetter(
	ctx context.Context, r *deadletterv1.GetDeadLetterRequest,
) (*deadletterv1.GetDeadLetterResponse, error) {
	l, err := s.get(ctx, r.GetId())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return &deadletterv1.GetDeadLetterResponse{DeadLetter: deadletterclient.ToProto(l)}, nil
}

// get reads the body anew: a program may read today what the one that stored
// the letter could not.
func (s *Server) get(ctx context.Context, id string) (deadletterclient.DeadLetter, error) {
	l, err := s.store.Get(ctx, id)
	if err != nil {
		return deadletterclient.DeadLetter{}, err
	}
	l.Request, l.Undecodable = letter.Request(l)
	l.Edited = letter.Edited(l)
	l.OriginExchange, l.OriginRoutingKey = letter.Origin(l)
	return l.DeadLetter, nil
}

// ReplayDeadLetter replays one letter.
func (s *Server) ReplayDeadLetter(
	ctx context.Context, r *deadletterv1.ReplayDeadLetterRequest,
) (*deadletterv1.ReplayDeadLetterResponse, error) {
	var edited *job.Request
	if p := r.GetRequest(); p != nil {
		request := wire.RequestFromProto(p)
		edited = &request
	}
	_, j, err := s.replayer.Replay(ctx, r.GetId(), r.GetAuthor(), r.GetReason(), edited)
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	l, err := s.get(ctx, r.GetId())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return &deadletterv1.ReplayDeadLetterResponse{DeadLetter: deadletterclient.ToProto(l), Job: wire.JobToProto(j)}, nil
}

// ResendLetter sends the message of one letter to a queue on purpose.
func (s *Server) ResendLetter(
	ctx context.Context, r *deadletterv1.ResendLetterRequest,
) (*deadletterv1.ResendLetterResponse, error) {
	if _, err := s.replayer.Resend(ctx, r.GetId(), r.GetQueue(), r.GetAuthor(), r.GetReason()); err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	l, err := s.get(ctx, r.GetId())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return &deadletterv1.ResendLetterResponse{DeadLetter: deadletterclient.ToProto(l)}, nil
}
