// Package server is the gRPC edge of the status service: it turns calls into
// those of the ledger and back. Nothing is decided here.
package server

import (
	"context"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// Options are what a Server needs.
type Options struct {
	Ledger  *ledger.Ledger
	Hub     *hub.Hub
	Logger  *slog.Logger
	Started func(ledger.Started) // hears of every answer to a start; may be nil
}

// Server serves the services of the status service.
type Server struct {
	Options
	statusv1.UnimplementedStatusServiceServer
	statusv1.UnimplementedAttemptServiceServer
	statusv1.UnimplementedOutboxServiceServer
	statusv1.UnimplementedDeadLetterServiceServer
	statusv1.UnimplementedWebhookServiceServer
	statusv1.UnimplementedQueueServiceServer
	quit  chan struct{}
	drain sync.Once
}

// New returns a Server; Register makes it known to gRPC.
func New(o Options) *Server {
	if o.Started == nil {
		o.Started = func(ledger.Started) {}
	}
	return &Server{Options: o, quit: make(chan struct{})}
}

// Register adds the services to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	statusv1.RegisterStatusServiceServer(r, s)
	statusv1.RegisterAttemptServiceServer(r, s)
	statusv1.RegisterOutboxServiceServer(r, s)
	statusv1.RegisterDeadLetterServiceServer(r, s)
	statusv1.RegisterWebhookServiceServer(r, s)
	statusv1.RegisterQueueServiceServer(r, s)
}

// Drain ends every stream and long poll with job.ErrUnavailable, so that their
// callers go elsewhere or come back. Sessions keep their lease.
func (s *Server) Drain() { s.drain.Do(func() { close(s.quit) }) }

// wait returns nil when c has something.
func (s *Server) wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.quit:
		return job.ErrUnavailable
	}
}

// CreateJob accepts a job.
func (s *Server) CreateJob(ctx context.Context, r *statusv1.CreateJobRequest) (*statusv1.CreateJobResponse, error) {
	c, err := s.Ledger.Create(ctx, ledger.Input{
		Owner: r.GetOwner(), Request: wire.RequestFromProto(r.GetRequest()),
		Key: r.GetIdempotencyKey(), Traceparent: r.GetTraceparent(), SourceVersion: r.GetSourceVersion(),
		OnlyKnown: r.GetOnlyKnown(),
	})
	if err != nil {
		return nil, err
	}
	return &statusv1.CreateJobResponse{Job: wire.JobToProto(c.Job), Replayed: c.Replayed, Entry: entryToProto(c.Entry)}, nil
}

// GetJob reads one job.
func (s *Server) GetJob(ctx context.Context, r *statusv1.GetJobRequest) (*statusv1.GetJobResponse, error) {
	j, err := s.Ledger.Get(ctx, job.ID(r.GetId()), r.GetOwner())
	if err != nil {
		return nil, err
	}
	return &statusv1.GetJobResponse{Job: wire.JobToProto(j)}, nil
}

// ListJobs reads a page of jobs.
func (s *Server) ListJobs(ctx context.Context, r *statusv1.ListJobsRequest) (*statusv1.ListJobsResponse, error) {
	jobs, next, err := s.Ledger.List(ctx, filterFromProto(r), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListJobsResponse{NextPageToken: next, Jobs: make([]*jobv1.Job, len(jobs))}
	for i, j := range jobs {
		resp.Jobs[i] = wire.JobToProto(j)
	}
	return resp, nil
}

// CancelJob makes a job cancelled.
func (s *Server) CancelJob(ctx context.Context, r *statusv1.CancelJobRequest) (*statusv1.CancelJobResponse, error) {
	j, err := s.Ledger.Cancel(ctx, job.ID(r.GetId()), r.GetOwner(), r.GetWhy())
	if err != nil {
		return nil, err
	}
	return &statusv1.CancelJobResponse{Job: wire.JobToProto(j)}, nil
}

// RetryJob queues a failed or cancelled job again.
func (s *Server) RetryJob(ctx context.Context, r *statusv1.RetryJobRequest) (*statusv1.RetryJobResponse, error) {
	j, entry, err := s.Ledger.Retry(ctx, job.ID(r.GetId()), r.GetOwner(), r.GetWhy())
	if err != nil {
		return nil, err
	}
	return &statusv1.RetryJobResponse{Job: wire.JobToProto(j), Entry: entryToProto(entry)}, nil
}

// DeleteJob removes a final job.
func (s *Server) DeleteJob(ctx context.Context, r *statusv1.DeleteJobRequest) (*statusv1.DeleteJobResponse, error) {
	if err := s.Ledger.Delete(ctx, job.ID(r.GetId()), r.GetOwner()); err != nil {
		return nil, err
	}
	return &statusv1.DeleteJobResponse{}, nil
}
