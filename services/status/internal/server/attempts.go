package server

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// StartAttempt hands out the next attempt of a job, or says why not.
func (s *Server) StartAttempt(ctx context.Context, r *statusv1.StartAttemptRequest) (*statusv1.StartAttemptResponse, error) {
	a, err := s.Ledger.Start(ctx, job.SessionID(r.GetSessionId()), job.ID(r.GetJobId()), r.GetStartId())
	if err != nil {
		return nil, err
	}
	s.Started(a)
	return answerToProto(a, s.Ledger.Now()), nil
}

func answerToProto(a ledger.Started, now time.Time) *statusv1.StartAttemptResponse {
	resp := &statusv1.StartAttemptResponse{}
	switch {
	case a.Granted:
		resp.Answer = &statusv1.StartAttemptResponse_Granted{Granted: &statusv1.Granted{
			Attempt: int32(a.Job.Attempt),
			Job:     wire.JobToProto(a.Job),
			Timeout: durationpb.New(a.Timeout),
		}}
	case a.Wait != nil:
		resp.Answer = &statusv1.StartAttemptResponse_Wait{Wait: &statusv1.Wait{
			Until: wire.TimeToProto(now.Add(a.Wait.Delay)), Delay: durationpb.New(a.Wait.Delay), Why: a.Wait.Why,
		}}
	case a.Bury != nil:
		resp.Answer = &statusv1.StartAttemptResponse_Bury{Bury: &statusv1.Bury{Fault: wire.FaultToProto(a.Bury)}}
	default:
		resp.Answer = &statusv1.StartAttemptResponse_Drop{Drop: &statusv1.Drop{Why: a.Drop}}
	}
	return resp
}

// FinishAttempt stores the outcome of an attempt.
func (s *Server) FinishAttempt(ctx context.Context, r *statusv1.FinishAttemptRequest) (*statusv1.FinishAttemptResponse, error) {
	o, err := wire.OutcomeFromProto(r)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	v, err := s.Ledger.Finish(ctx, job.ID(r.GetJobId()), int(r.GetAttempt()), o)
	if err != nil {
		return nil, err
	}
	return wire.VerdictToProto(v), nil
}
