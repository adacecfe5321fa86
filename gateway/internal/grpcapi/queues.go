package grpcapi

import (
	"context"

	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// queueService implements statusv1.QueueServiceServer.
type queueService struct {
	statusv1.UnimplementedQueueServiceServer
	*service
	queues statusv1.QueueServiceClient
}

// ListQueues implements statusv1.QueueServiceServer.
func (s *queueService) ListQueues(ctx context.Context, in *statusv1.ListQueuesRequest) (*statusv1.ListQueuesResponse, error) {
	return forward(ctx, s.service, in, s.queues.ListQueues)
}

// PauseQueue implements statusv1.QueueServiceServer.
func (s *queueService) PauseQueue(ctx context.Context, in *statusv1.PauseQueueRequest) (*statusv1.PauseQueueResponse, error) {
	return forward(ctx, s.service, in, s.queues.PauseQueue)
}

// ResumeQueue implements statusv1.QueueServiceServer.
func (s *queueService) ResumeQueue(ctx context.Context, in *statusv1.ResumeQueueRequest) (*statusv1.ResumeQueueResponse, error) {
	return forward(ctx, s.service, in, s.queues.ResumeQueue)
}

// ListWorkers implements statusv1.QueueServiceServer.
func (s *queueService) ListWorkers(ctx context.Context, in *statusv1.ListWorkersRequest) (*statusv1.ListWorkersResponse, error) {
	return forward(ctx, s.service, in, s.queues.ListWorkers)
}

// DrainWorker implements statusv1.QueueServiceServer.
func (s *queueService) DrainWorker(ctx context.Context, in *statusv1.DrainWorkerRequest) (*statusv1.DrainWorkerResponse, error) {
	return forward(ctx, s.service, in, s.queues.DrainWorker)
}

// ListAudit implements statusv1.QueueServiceServer.
func (s *queueService) ListAudit(ctx context.Context, in *statusv1.ListAuditRequest) (*statusv1.ListAuditResponse, error) {
	return forward(ctx, s.service, in, s.queues.ListAudit)
}
