package grpcapi

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/internal/jobs"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// WatchJob implements gatewayv1.JobServiceServer. It outlives restarts of the
// status service.
func (s *service) WatchJob(in *gatewayv1.WatchJobRequest, stream grpc.ServerStreamingServer[gatewayv1.WatchJobResponse]) error {
	ctx, me, err := s.enter(stream.Context())
	if err != nil {
		return err
	}
	from, more, err := s.o.Jobs.Follow(ctx, in.GetId(), in.GetAfterVersion())
	if err != nil {
		return s.fail(ctx, err)
	}
	if !more {
		return nil
	}
	closed, err := s.o.Streams.Open(me)
	if err != nil {
		return s.fail(ctx, err)
	}
	defer closed()
	ctx, cancel := s.untilDrain(ctx)
	defer cancel()
	for j, err := range s.o.Jobs.Watch(ctx, in.GetId(), from) {
		if err != nil {
			return s.fail(ctx, s.ended(err))
		}
		if err := stream.Send(&gatewayv1.WatchJobResponse{Job: view(j, me)}); err != nil {
			return fmt.Errorf("send a version of job %s: %w", j.ID, err)
		}
	}
	return nil
}

// WatchJobs implements gatewayv1.JobServiceServer. It outlives restarts of the
// status service.
func (s *service) WatchJobs(in *gatewayv1.WatchJobsRequest, stream grpc.ServerStreamingServer[gatewayv1.WatchJobsResponse]) error {
	ctx, me, err := s.enter(stream.Context())
	if err != nil {
		return err
	}
	if err := s.o.Jobs.MayWatch(ctx, in.GetOwner()); err != nil {
		return s.fail(ctx, err)
	}
	closed, err := s.o.Streams.Open(me)
	if err != nil {
		return s.fail(ctx, err)
	}
	defer closed()
	ctx, cancel := s.untilDrain(ctx)
	defer cancel()
	for e, err := range s.o.Jobs.WatchAll(ctx, in.GetOwner(), in.GetAfterSeq()) {
		if err != nil {
			return s.fail(ctx, s.ended(err))
		}
		out := &gatewayv1.WatchJobsResponse{Deleted: string(e.Deleted), Seq: e.Seq}
		if e.Job != nil {
			out.Job = wire.JobToProto(jobs.Brief(*e.Job, me))
		}
		if err := stream.Send(out); err != nil {
			return fmt.Errorf("send an event: %w", err)
		}
	}
	return nil
}

// untilDrain returns a context that ends with the server, too.
func (s *service) untilDrain(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.o.Draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// ended tells a watch that the server ended from one that its caller left.
func (s *service) ended(err error) error {
	select {
	case <-s.o.Draining:
		return job.ErrUnavailable
	default:
		return err
	}
}
