package server

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// BuryJob marks a job whose message became a dead letter.
func (s *Server) BuryJob(ctx context.Context, r *statusv1.BuryJobRequest) (*statusv1.BuryJobResponse, error) {
	letter := ledger.Letter{ID: r.GetDeadLetter(), Attempt: int(r.GetAttempt())}
	if f := wire.FaultFromProto(r.GetFault()); f != nil {
		letter.Fault = *f
	}
	j, err := s.Ledger.Bury(ctx, job.ID(r.GetId()), letter)
	if err != nil {
		return nil, err
	}
	return &statusv1.BuryJobResponse{Job: wire.JobToProto(j)}, nil
}

// ReplayJob queues a job that failed with a dead letter again.
func (s *Server) ReplayJob(ctx context.Context, r *statusv1.ReplayJobRequest) (*statusv1.ReplayJobResponse, error) {
	var edited *job.Request
	if p := r.GetRequest(); p != nil {
		request := wire.RequestFromProto(p)
		edited = &request
	}
	j, err := s.Ledger.Replay(ctx, job.ID(r.GetId()), r.GetDeadLetter(), r.GetWhy(), edited)
	if err != nil {
		return nil, err
	}
	return &statusv1.ReplayJobResponse{Job: wire.JobToProto(j)}, nil
}
