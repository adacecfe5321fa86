package grpcapi

import (
	"context"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// BatchCreateJobs implements gatewayv1.JobServiceServer.
func (s *service) BatchCreateJobs(ctx context.Context, in *gatewayv1.BatchCreateJobsRequest) (*gatewayv1.BatchCreateJobsResponse, error) {
	ctx, me, err := s.identify(ctx)
	if err != nil {
		return nil, err
	}
	// Each counts as a call; one too many are refused together, as one.
	asks := make([]jobs.Ask, len(in.GetRequests()))
	n := len(asks)
	if n > jobs.MaxBatch {
		n = 1
	}
	left, refused := s.o.Rate.TakeEach(me, limit.API, max(n, 1))
	if err := s.tell(ctx, left, refused[0]); err != nil {
		return nil, err
	}
	for i := range min(n, len(asks)) {
		asks[i].Err = refused[i]
	}
	for i, r := range in.GetRequests() {
		if asks[i].Err != nil {
			continue
		}
		asks[i] = jobs.Ask{
			Request: wire.RequestFromProto(r), Err: times(map[string]*timestamppb.Timestamp{"run_at": r.GetRunAt()}),
		}
	}
	outcomes, err := s.o.Jobs.SubmitAll(ctx, asks, in.GetIdempotencyKey())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &gatewayv1.BatchCreateJobsResponse{}
	for _, o := range outcomes {
		out.Results = append(out.Results, s.result(ctx, me, o))
	}
	return out, nil
}

func (s *service) result(ctx context.Context, me caller.Identity, o jobs.Outcome) *gatewayv1.BatchResult {
	if o.Err == nil {
		return &gatewayv1.BatchResult{Result: &gatewayv1.BatchResult_Created{
			Created: &gatewayv1.CreateJobResponse{Job: view(o.Job, me), Replayed: o.Replayed},
		}}
	}
	st := status.Convert(s.fail(ctx, o.Err)).Proto()
	return &gatewayv1.BatchResult{Result: &gatewayv1.BatchResult_Status{
		Status: &gatewayv1.Status{Code: st.GetCode(), Message: st.GetMessage(), Details: st.GetDetails()},
	}}
}
