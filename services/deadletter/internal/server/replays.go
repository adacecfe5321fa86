package server

import (
	"context"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/internal/replays"
	"github.com/studycast/studycast/services/deadletter/store"
)

// CreateReplay makes a replay, or tells what it would do.
func (s *Server) CreateReplay(
	ctx context.Context, r *deadletterv1.CreateReplayRequest,
) (*deadletterv1.CreateReplayResponse, error) {
	var bad problems
	in := replays.Input{
		Filter: bad.selection(r.GetSelection()), Rate: r.GetRate(), Canary: int(r.GetCanary()),
		Author: r.GetAuthor(), Reason: r.GetReason(), Key: r.GetIdempotencyKey(),
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		plan, err := s.replays.Plan(ctx, in)
		if err != nil {
			return nil, deadletterclient.StatusFromError(err)
		}
		return &deadletterv1.CreateReplayResponse{Plan: deadletterclient.PlanToProto(plan)}, nil
	}
	p, plan, existed, err := s.replays.Create(ctx, in)
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	resp := &deadletterv1.CreateReplayResponse{Replay: deadletterclient.ReplayToProto(p.Replay), Existed: existed}
	if !existed {
		resp.Plan = deadletterclient.PlanToProto(plan)
	}
	return resp, nil
}

// GetReplay reads a replay.
func (s *Server) GetReplay(ctx context.Context, r *deadletterv1.GetReplayRequest) (*deadletterv1.GetReplayResponse, error) {
	p, err := s.store.Replay(ctx, r.GetId())
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return &deadletterv1.GetReplayResponse{Replay: deadletterclient.ReplayToProto(p.Replay)}, nil
}

// ListReplays reads a page of replays.
func (s *Server) ListReplays(ctx context.Context, r *deadletterv1.ListReplaysRequest) (*deadletterv1.ListReplaysResponse, error) {
	var bad problems
	size := bad.page(r.GetPageSize())
	states := bad.oneOf("states", r.GetStates(), deadletterclient.ReplayStates())
	if err := bad.err(); err != nil {
		return nil, err
	}
	before, err := decodeToken(r.GetPageToken(), "replays", states)
	if err != nil {
		return nil, err
	}
	all, err := s.store.ListReplays(ctx, states, before, size+1)
	if err != nil {
		return nil, err
	}
	resp := &deadletterv1.ListReplaysResponse{}
	if len(all) > size {
		all = all[:size]
		resp.NextPageToken = encodeToken(all[size-1].ID, "replays", states)
	}
	for _, p := range all {
		resp.Replays = append(resp.Replays, deadletterclient.ReplayToProto(p.Replay))
	}
	return resp, nil
}

// WatchReplay sends a replay and its changes.
func (s *Server) WatchReplay(r *deadletterv1.WatchReplayRequest, stream deadletterv1.DeadLetterService_WatchReplayServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)()
	err := s.replays.Watch(ctx, r.GetId(), func(p deadletterclient.Replay) error {
		return stream.Send(&deadletterv1.WatchReplayResponse{Replay: deadletterclient.ReplayToProto(p)})
	})
	if err != nil && s.ending.Err() != nil {
		return job.ErrUnavailable
	}
	return deadletterclient.StatusFromError(err)
}

// PauseReplay takes no more letters.
func (s *Server) PauseReplay(ctx context.Context, r *deadletterv1.PauseReplayRequest) (*deadletterv1.PauseReplayResponse, error) {
	p, err := steered(s.replays.Pause(ctx, r.GetId(), r.GetAuthor(), r.GetReason()))
	if err != nil {
		return nil, err
	}
	return &deadletterv1.PauseReplayResponse{Replay: p}, nil
}

// ResumeReplay goes on.
func (s *Server) ResumeReplay(ctx context.Context, r *deadletterv1.ResumeReplayRequest) (*deadletterv1.ResumeReplayResponse, error) {
	p, err := steered(s.replays.Resume(ctx, r.GetId(), r.GetAuthor(), r.GetReason()))
	if err != nil {
		return nil, err
	}
	return &deadletterv1.ResumeReplayResponse{Replay: p}, nil
}

// StopReplay ends a replay.
func (s *Server) StopReplay(ctx context.Context, r *deadletterv1.StopReplayRequest) (*deadletterv1.StopReplayResponse, error) {
	p, err := steered(s.replays.Stop(ctx, r.GetId(), r.GetAuthor(), r.GetReason()))
	if err != nil {
		return nil, err
	}
	return &deadletterv1.StopReplayResponse{Replay: p}, nil
}

func steered(p store.Replay, err error) (*deadletterv1.Replay, error) {
	if err != nil {
		return nil, deadletterclient.StatusFromError(err)
	}
	return deadletterclient.ReplayToProto(p.Replay), nil
}
