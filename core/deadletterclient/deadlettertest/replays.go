package deadlettertest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// AddReplays puts replays in; the last one is the newest.
func (s *Server) AddReplays(replays ...deadletterclient.Replay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range replays {
		s.replays = slices.Insert(s.replays, 0, deadletterclient.ReplayToProto(r))
	}
}

// Audit returns what was done, newest first.
func (s *Server) Audit() []*deadletterv1.AuditRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.audit)
}

func (s *Server) record(action, author, reason, selection string) {
	s.audit = slices.Insert(s.audit, 0, deadletterclient.AuditToProto(deadletterclient.AuditRecord{
		ID: uuid.Must(uuid.NewV7()).String(), At: time.Now(), Author: author, Action: action, Reason: reason, Selection: selection,
	}))
}

// ListGroups groups by fingerprint in one page.
func (s *Server) ListGroups(_ context.Context, r *deadletterv1.ListGroupsRequest) (*deadletterv1.ListGroupsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return nil, answer(deadletterclient.ErrUnavailable)
	}
	var found []*deadletterv1.DeadLetter
	for _, l := range s.letters {
		if selects(r.GetFilter(), l) {
			found = append(found, l)
		}
	}
	return &deadletterv1.ListGroupsResponse{Groups: groups(found)}, nil
}

func groups(letters []*deadletterv1.DeadLetter) (all []*deadletterv1.Group) {
	by := map[string]*deadletterv1.Group{}
	for _, l := range letters {
		g := by[l.GetFingerprint()]
		if g == nil {
			g = &deadletterv1.Group{
				Fingerprint: l.GetFingerprint(), Template: l.GetFault().GetText(), Fault: l.GetFault().GetKind(),
				Stage: l.GetFault().GetStage(), LastAt: l.GetDiedAt(), Sample: l.GetId(),
			}
			by[l.GetFingerprint()] = g
			all = append(all, g)
		}
		g.Letters++
		g.FirstAt = l.GetDiedAt()
		if !slices.Contains(g.GetKinds(), l.GetKind()) {
			g.Kinds = append(g.Kinds, l.GetKind())
		}
	}
	slices.SortStableFunc(all, func(a, b *deadletterv1.Group) int { return int(b.GetLetters() - a.GetLetters()) })
	return all
}

// selected splits the letters of a selection into those in a state and the rest.
func (s *Server) selected(sel *deadletterv1.Selection, state string) (in []*deadletterv1.DeadLetter, skipped []*deadletterv1.Skipped) {
	other := int32(0)
	for _, l := range s.letters {
		if len(sel.GetIds()) > 0 && !slices.Contains(sel.GetIds(), l.GetId()) || len(sel.GetIds()) == 0 && !selects(sel.GetFilter(), l) {
			continue
		}
		if l.GetState() == state {
			in = append(in, l)
		} else {
			other++
		}
	}
	if other > 0 {
		skipped = append(skipped, &deadletterv1.Skipped{Why: deadletterclient.SkippedDecided, Letters: other})
	}
	return in, skipped
}

// CreateReplay replays at once: its letters are recovered when it answers.
func (s *Server) CreateReplay(_ context.Context, r *deadletterv1.CreateReplayRequest) (*deadletterv1.CreateReplayResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return nil, answer(deadletterclient.ErrUnavailable)
	}
	letters, skipped := s.selected(r.GetSelection(), deadletterclient.Open)
	n := deadletterclient.ToCount(len(letters))
	plan := &deadletterv1.Plan{Letters: n, Groups: groups(letters), Skipped: skipped}
	if r.GetDryRun() {
		return &deadletterv1.CreateReplayResponse{Plan: plan}, nil
	}
	if key := r.GetIdempotencyKey(); key != "" {
		if before, ok := s.keys[key]; ok {
			return &deadletterv1.CreateReplayResponse{Replay: proto.CloneOf(before), Existed: true}, nil
		}
	}
	now := wire.TimeToProto(time.Now())
	p := &deadletterv1.Replay{
		Id: fmt.Sprintf("replay-%d", len(s.replays)+1), State: deadletterclient.ReplayDone, Author: r.GetAuthor(), Reason: r.GetReason(),
		Rate: r.GetRate(), Canary: r.GetCanary(), CanaryPassed: true, Letters: n, Skipped: skipped, CreatedAt: now, EndedAt: now,
		Counts: &deadletterv1.ReplayCounts{Recovered: n},
	}
	for _, l := range letters {
		l.State, l.Outcome, l.ReplayId = deadletterclient.Recovered, deadletterclient.OutcomeRecovered, p.GetId()
		l.ReplayedBy, l.ReplayReason, l.ReplayedAt = r.GetAuthor(), r.GetReason(), now
	}
	s.replays = slices.Insert(s.replays, 0, p)
	if s.keys == nil {
		s.keys = map[string]*deadletterv1.Replay{}
	}
	s.keys[r.GetIdempotencyKey()] = p
	s.record(deadletterclient.ActionReplayCreate, r.GetAuthor(), r.GetReason(), "replay "+p.GetId())
	return &deadletterv1.CreateReplayResponse{Replay: proto.CloneOf(p), Plan: plan}, nil
}

func (s *Server) findReplay(id string) (*deadletterv1.Replay, error) {
	if s.Down {
		return nil, deadletterclient.ErrUnavailable
	}
	for _, p := range s.replays {
		if p.GetId() == id {
			return p, nil
		}
	}
	return nil, deadletterclient.ErrReplayNotFound
}

// GetReplay finds a replay by its id.
func (s *Server) GetReplay(_ context.Context, r *deadletterv1.GetReplayRequest) (*deadletterv1.GetReplayResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findReplay(r.GetId())
	if err != nil {
		return nil, answer(err)
	}
	return &deadletterv1.GetReplayResponse{Replay: proto.CloneOf(p)}, nil
}

// ListReplays answers with one page.
func (s *Server) ListReplays(_ context.Context, r *deadletterv1.ListReplaysRequest) (*deadletterv1.ListReplaysResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return nil, answer(deadletterclient.ErrUnavailable)
	}
	resp := &deadletterv1.ListReplaysResponse{}
	for _, p := range s.replays {
		if len(r.GetStates()) == 0 || slices.Contains(r.GetStates(), p.GetState()) {
			resp.Replays = append(resp.Replays, proto.CloneOf(p))
		}
	}
	return resp, nil
}

// WatchReplay sends a replay once and ends.
func (s *Server) WatchReplay(r *deadletterv1.WatchReplayRequest, stream deadletterv1.DeadLetterService_WatchReplayServer) error {
	resp, err := s.GetReplay(stream.Context(), &deadletterv1.GetReplayRequest{Id: r.GetId()})
	if err != nil {
		return err
	}
	return stream.Send(&deadletterv1.WatchReplayResponse{Replay: resp.GetReplay()})
}

func (s *Server) steer(id, state, wanted, action, author, reason string) (*deadletterv1.Replay, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findReplay(id)
	if err != nil {
		return nil, answer(err)
	}
	if deadletterclient.ReplayFromProto(p).Over() && p.GetState() != state {
		return nil, answer(&deadletterclient.ReplayStateError{ID: id, State: p.GetState(), Wanted: wanted})
	}
	p.State, p.Why = state, reason
	s.record(action, author, reason, "replay "+id)
	return proto.CloneOf(p), nil
}

// PauseReplay pauses a replay that is not over.
func (s *Server) PauseReplay(_ context.Context, r *deadletterv1.PauseReplayRequest) (*deadletterv1.PauseReplayResponse, error) {
	p, err := s.steer(r.GetId(), deadletterclient.ReplayPaused, "pause", deadletterclient.ActionReplayPause, r.GetAuthor(), r.GetReason())
	return &deadletterv1.PauseReplayResponse{Replay: p}, err
}

// ResumeReplay resumes a replay that is not over.
func (s *Server) ResumeReplay(_ context.Context, r *deadletterv1.ResumeReplayRequest) (*deadletterv1.ResumeReplayResponse, error) {
	p, err := s.steer(r.GetId(), deadletterclient.ReplayRunning, "resume", deadletterclient.ActionReplayResume, r.GetAuthor(), r.GetReason())
	return &deadletterv1.ResumeReplayResponse{Replay: p}, err
}

// StopReplay stops a replay that is not over.
func (s *Server) StopReplay(_ context.Context, r *deadletterv1.StopReplayRequest) (*deadletterv1.StopReplayResponse, error) {
	p, err := s.steer(r.GetId(), deadletterclient.ReplayStopped, "stop", deadletterclient.ActionReplayStop, r.GetAuthor(), r.GetReason())
	return &deadletterv1.StopReplayResponse{Replay: p}, err
}
