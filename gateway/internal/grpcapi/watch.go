package grpcapi

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
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
