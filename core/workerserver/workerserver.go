// Package workerserver shows a worker to operators over gRPC: what it runs,
// and its drain. It is the edge at which a worker's state becomes proto.
package workerserver

import (
	"context"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/core/worker"
	workerv1 "github.com/studycast/studycast/proto/gen/studycast/worker/v1"
)

// Register adds the WorkerService of w to a server.
func Register(s grpc.ServiceRegistrar, w *worker.Worker) {
	workerv1.RegisterWorkerServiceServer(s, &server{worker: w})
}

type server struct {
	workerv1.UnimplementedWorkerServiceServer
	worker *worker.Worker
}

// GetWorker implements the service.
func (s *server) GetWorker(context.Context, *workerv1.GetWorkerRequest) (*workerv1.GetWorkerResponse, error) {
	return &workerv1.GetWorkerResponse{Worker: view(s.worker.State())}, nil
}

// unnamed is the reason of a drain whose caller gave none.
const unnamed = "asked for over gRPC"

// DrainWorker implements the service.
func (s *server) DrainWorker(_ context.Context, req *workerv1.DrainWorkerRequest) (*workerv1.DrainWorkerResponse, error) {
	reason := req.GetReason()
	if reason == "" {
		reason = unnamed
	}
	s.worker.Drain(reason)
	return &workerv1.DrainWorkerResponse{Worker: view(s.worker.State())}, nil
}

func view(s worker.State) *workerv1.Worker {
	w := &workerv1.Worker{
		Name: s.Name, Kind: string(s.Kind), Slots: int32(s.Slots),
		NotReady: s.NotReady, Draining: s.Draining,
		StartedAt: wire.TimeToProto(s.StartedAt), SessionId: string(s.Session),
	}
	for _, r := range s.Running {
		w.Running = append(w.Running, &workerv1.RunningAttempt{
			JobId: string(r.Job), Attempt: int32(r.Attempt), Stage: r.Stage, Progress: r.Percent,
			StartedAt: wire.TimeToProto(r.StartedAt), Deadline: wire.TimeToProto(r.Deadline),
		})
	}
	return w
}
