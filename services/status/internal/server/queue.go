package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// ListQueues says how it stands with every queue.
func (s *Server) ListQueues(ctx context.Context, _ *statusv1.ListQueuesRequest) (*statusv1.ListQueuesResponse, error) {
	qs, err := s.Ledger.Queues(ctx)
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListQueuesResponse{}
	for _, q := range qs {
		resp.Queues = append(resp.Queues, queueToProto(q))
	}
	return resp, nil
}

// PauseQueue lets no worker begin a job of a queue.
func (s *Server) PauseQueue(ctx context.Context, r *statusv1.PauseQueueRequest) (*statusv1.PauseQueueResponse, error) {
	q, err := s.Ledger.Pause(ctx, r.GetQueue(), ledger.Act{Author: r.GetAuthor(), Reason: r.GetReason()})
	if err != nil {
		return nil, notThere(err)
	}
	return &statusv1.PauseQueueResponse{Queue: queueToProto(q)}, nil
}

// ResumeQueue ends a pause.
func (s *Server) ResumeQueue(ctx context.Context, r *statusv1.ResumeQueueRequest) (*statusv1.ResumeQueueResponse, error) {
	q, err := s.Ledger.Resume(ctx, r.GetQueue(), ledger.Act{Author: r.GetAuthor(), Reason: r.GetReason()})
	if err != nil {
		return nil, notThere(err)
	}
	return &statusv1.ResumeQueueResponse{Queue: queueToProto(q)}, nil
}

// ListWorkers lists workers with what each runs.
func (s *Server) ListWorkers(ctx context.Context, r *statusv1.ListWorkersRequest) (*statusv1.ListWorkersResponse, error) {
	ws, err := s.Ledger.Workers(ctx, job.Kind(r.GetKind()))
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListWorkersResponse{}
	for _, w := range ws {
		resp.Workers = append(resp.Workers, workerToProto(w))
	}
	return resp, nil
}

// DrainWorker lets a worker finish what it runs and end.
func (s *Server) DrainWorker(ctx context.Context, r *statusv1.DrainWorkerRequest) (*statusv1.DrainWorkerResponse, error) {
	w, err := s.Ledger.DrainWorker(ctx, job.SessionID(r.GetId()), ledger.Act{Author: r.GetAuthor(), Reason: r.GetReason()})
	if err != nil {
		return nil, notThere(err)
	}
	return &statusv1.DrainWorkerResponse{Worker: workerToProto(w)}, nil
}

// ListAudit reads what was done.
func (s *Server) ListAudit(ctx context.Context, r *statusv1.ListAuditRequest) (*statusv1.ListAuditResponse, error) {
	rs, err := s.Ledger.Records(ctx, store.RecordFilter{
		Author: r.GetAuthor(), Actions: r.GetActions(), After: wire.TimeFromProto(r.GetAfter()),
		Before: wire.TimeFromProto(r.GetBefore()), BeforeID: r.GetBeforeId(), Limit: int(r.GetLimit()),
	})
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListAuditResponse{}
	for _, rec := range rs {
		resp.Records = append(resp.Records, &statusv1.AuditRecord{
			Id: rec.ID, At: wire.TimeToProto(rec.At), Author: rec.Author, Action: rec.Action, Reason: rec.Reason,
			Selection: rec.Selection, Outcome: rec.Outcome,
		})
	}
	return resp, nil
}

// notThere tells what it is that is not there, which core/job has no error for.
func notThere(err error) error {
	switch {
	case errors.Is(err, ledger.ErrQueueUnknown):
		return status.Error(codes.NotFound, fmt.Sprintf("%v: use %s", err, strings.Join(job.Queues(), " or ")))
	case errors.Is(err, ledger.ErrWorkerUnknown):
		return status.Error(codes.NotFound, fmt.Sprintf("%v: it may have ended, list the workers", err))
	}
	return err
}

func queueToProto(q ledger.Queue) *statusv1.Queue {
	p := &statusv1.Queue{
		Name: q.Kind.Queue(), Kind: string(q.Kind), Jobs: map[string]int64{}, InLine: int64(q.Load.InLine),
		OldestAt: wire.TimeToProto(q.Load.Oldest), Workers: int32(q.Workers), Slots: int32(q.Slots),
	}
	if by := q.Pause; by != nil {
		p.Pause = &statusv1.Pause{Author: by.Author, Reason: by.Reason, At: wire.TimeToProto(by.At)}
	}
	for s, n := range q.Load.Jobs {
		p.Jobs[string(s)] = int64(n)
	}
	for _, down := range q.Parking {
		p.Parking = append(p.Parking, parkingToProto(down))
	}
	return p
}

func parkingToProto(p store.Parking) *statusv1.Parking {
	out := &statusv1.Parking{
		Dependency: p.Dependency, Reason: p.Reason, Since: wire.TimeToProto(p.Since), Jobs: int64(p.Jobs),
		Recovering: !p.AnsweredAt.IsZero(),
	}
	if p.Trial == "" && p.AnsweredAt.IsZero() {
		out.NextTrialAt = wire.TimeToProto(p.Due)
	}
	return out
}

func workerToProto(w ledger.Worker) *statusv1.Worker {
	p := &statusv1.Worker{
		Id: string(w.ID), Name: w.Worker, Kind: string(w.Kind), Slots: int32(w.Slots), State: string(w.State),
		OpenedAt: wire.TimeToProto(w.OpenedAt), HeardAt: wire.TimeToProto(w.HeardAt),
	}
	for _, a := range w.Running {
		p.Running = append(p.Running, &statusv1.WorkerAttempt{
			JobId: string(a.JobID), Attempt: int32(a.Attempt), Stage: a.Stage, Progress: a.Progress,
			StartedAt: wire.TimeToProto(a.StartedAt),
		})
	}
	return p
}
