package server

import (
	"context"

	"github.com/studycast/studycast/core/job"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// CountJobs counts the jobs of an owner.
func (s *Server) CountJobs(ctx context.Context, r *statusv1.CountJobsRequest) (*statusv1.CountJobsResponse, error) {
	states := make([]job.State, len(r.GetStates()))
	for i, name := range r.GetStates() {
		states[i] = job.State(name)
	}
	n, err := s.Ledger.Count(ctx, r.GetOwner(), states)
	if err != nil {
		return nil, err
	}
	return &statusv1.CountJobsResponse{Jobs: int64(n)}, nil
}
