// Package server is the gRPC edge of the dead-letter service: it turns calls
// into those of the store and the replayer and back. Nothing is decided here.
package server

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/replayer"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// Server serves the dead-letter service.
type Server struct {
	deadletterv1.UnimplementedDeadLetterServiceServer
	store    store.Store
	replayer *replayer.Replayer
}

// New returns a Server; Register makes it known to gRPC.
func New(s store.Store, r *replayer.Replayer) *Server { return &Server{store: s, replayer: r} }

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	deadletterv1.RegisterDeadLetterServiceServer(r, s)
}

// ListDeadLetters reads a page of letters.
func (s *Server) ListDeadLetters(
	ctx context.Context, r *deadletterv1.ListDeadLettersRequest,
) (*deadletterv1.ListDeadLettersResponse, error) {
	f, err := filter(r)
	if err != nil {
		return nil, err
	}
	size := f.Limit
	f.Limit++ // one more tells whether another page follows
	letters, err := s.store.List(ctx, f)
	if err != nil {
		return nil, err
	}
	resp := &deadletterv1.ListDeadLettersResponse{}
	if len(letters) > size {
		letters = letters[:size]
		resp.NextPageToken = encodeToken(letters[size-1].ID, f)
	}
	for _, l := range letters {
		resp.DeadLetters = append(resp.DeadLetters, deadletterclient.ToProto(l.DeadLetter))
	}
	return resp, nil
}

func filter(r *deadletterv1.ListDeadLettersRequest) (store.Filter, error) {
	f := store.Filter{
		States: slices.Clone(r.GetStates()), Kind: job.Kind(r.GetKind()), JobID: job.ID(r.GetJobId()), Limit: int(r.GetPageSize()),
	}
	var bad []job.FieldError
	switch {
	case f.Limit < 0 || f.Limit > maxPage:
		bad = append(bad, job.FieldError{Path: "page_size", Message: fmt.Sprintf("is %d: use 1 to %d", f.Limit, maxPage)})
	case f.Limit == 0:
		f.Limit = defaultPage
	}
	if f.Kind != "" && !f.Kind.Valid() {
		bad = append(bad, job.FieldError{Path: "kind", Message: "is unknown: use video or audio"})
	}
	slices.Sort(f.States)
	f.States = slices.Compact(f.States)
	for _, st := range f.States {
		if !slices.Contains(deadletterclient.States(), st) {
			bad = append(bad, job.FieldError{
				Path: "states", Message: fmt.Sprintf("one is unknown: use some of %v", deadletterclient.States()),
			})
			break
		}
	}
	if len(bad) > 0 {
		return f, &job.InvalidError{Fields: bad}
	}
	if r.GetPageToken() == "" {
		return f, nil
	}
	var err error
	f.Before, err = decodeToken(r.GetPageToken(), f)
	return f, err
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
	return l.DeadLetter, nil
}

// ReplayDeadLetter replays one letter.
func (s *Server) ReplayDeadLetter(
	ctx context.Context, r *deadletterv1.ReplayDeadLetterRequest,
) (*deadletterv1.ReplayDeadLetterResponse, error) {
	_, j, err := s.replayer.Replay(ctx, r.GetId(), r.GetAuthor(), r.GetReason())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	l, err := s.get(ctx, r.GetId())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return &deadletterv1.ReplayDeadLetterResponse{DeadLetter: deadletterclient.ToProto(l), Job: wire.JobToProto(j)}, nil
}
