package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

func view(j job.Job, me caller.Identity) *jobv1.Job { return wire.JobToProto(jobs.Visible(j, me)) }

// times refuses timestamps that are no time.
func times(stamps map[string]*timestamppb.Timestamp) error {
	for path, t := range stamps {
		if t != nil && t.CheckValid() != nil {
			return &job.InvalidError{Fields: []job.FieldError{{Path: path, Message: "is no time: use one between the years 1 and 9999"}}}
		}
	}
	return nil
}

// CreateJob implements gatewayv1.JobServiceServer.
func (s *service) CreateJob(ctx context.Context, in *gatewayv1.CreateJobRequest) (*gatewayv1.CreateJobResponse, error) {
	ctx, me, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := times(map[string]*timestamppb.Timestamp{"run_at": in.GetRequest().GetRunAt()}); err != nil {
		return nil, s.fail(ctx, err)
	}
	j, replayed, err := s.o.Jobs.Submit(ctx, wire.RequestFromProto(in.GetRequest()), in.GetIdempotencyKey())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.CreateJobResponse{Job: view(j, me), Replayed: replayed}, nil
}

// GetJob implements gatewayv1.JobServiceServer.
func (s *service) GetJob(ctx context.Context, in *gatewayv1.GetJobRequest) (*gatewayv1.GetJobResponse, error) {
	ctx, me, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.o.Jobs.Get(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.GetJobResponse{Job: view(j, me)}, nil
}

// ListJobs implements gatewayv1.JobServiceServer.
func (s *service) ListJobs(ctx context.Context, in *gatewayv1.ListJobsRequest) (*gatewayv1.ListJobsResponse, error) {
	ctx, me, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := times(map[string]*timestamppb.Timestamp{
		"created_after": in.GetCreatedAfter(), "created_before": in.GetCreatedBefore(),
	}); err != nil {
		return nil, s.fail(ctx, err)
	}
	f := statusclient.ListFilter{
		Owner: in.GetOwner(),
		Kind:  job.Kind(in.GetKind()), CreatedAfter: wire.TimeFromProto(in.GetCreatedAfter()),
		CreatedBefore: wire.TimeFromProto(in.GetCreatedBefore()), PageSize: int(in.GetPageSize()), PageToken: in.GetPageToken(),
	}
	for _, state := range in.GetStates() {
		f.States = append(f.States, job.State(state))
	}
	page, err := s.o.Jobs.List(ctx, f)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &gatewayv1.ListJobsResponse{NextPageToken: page.NextPageToken}
	for _, j := range page.Jobs {
		out.Jobs = append(out.Jobs, wire.JobToProto(jobs.Brief(j, me)))
	}
	return out, nil
}

// CancelJob implements gatewayv1.JobServiceServer.
func (s *service) CancelJob(ctx context.Context, in *gatewayv1.CancelJobRequest) (*gatewayv1.CancelJobResponse, error) {
	ctx, me, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.o.Jobs.Cancel(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.CancelJobResponse{Job: view(j, me)}, nil
}

// RetryJob implements gatewayv1.JobServiceServer.
func (s *service) RetryJob(ctx context.Context, in *gatewayv1.RetryJobRequest) (*gatewayv1.RetryJobResponse, error) {
	ctx, me, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.o.Jobs.Retry(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.RetryJobResponse{Job: view(j, me)}, nil
}

// DeleteJob implements gatewayv1.JobServiceServer.
func (s *service) DeleteJob(ctx context.Context, in *gatewayv1.DeleteJobRequest) (*gatewayv1.DeleteJobResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.o.Jobs.Delete(ctx, in.GetId()); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.DeleteJobResponse{}, nil
}
