package statustest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// control is what operators changed.
type control struct {
	pauses map[job.Kind]*statusv1.Pause
	audit  []*statusv1.AuditRecord // oldest first
}

// orders sends a session what it was not told yet. The lock is held.
func (s *Server) orders(sess *session) {
	if now := s.control.pauses[sess.kind] != nil; now != sess.paused {
		sess.paused = now
		kind := statusclient.CommandResume
		if now {
			kind = statusclient.CommandPause
		}
		sess.commands <- &statusv1.Command{Kind: commands[kind]}
	}
	if sess.draining {
		sess.commands <- &statusv1.Command{Kind: commands[statusclient.CommandDrain]}
	}
}

// record writes down an act. The lock is held.
func (s *Server) record(author, action, reason, selection string) {
	s.control.audit = append(s.control.audit, &statusv1.AuditRecord{
		Id: fmt.Sprintf("record-%06d", len(s.control.audit)), At: wire.TimeToProto(time.Now()),
		Author: author, Action: action, Reason: reason, Selection: selection, Outcome: "done",
	})
	s.changed()
}

// ListQueues implements the service.
func (s *Server) ListQueues(context.Context, *statusv1.ListQueuesRequest) (*statusv1.ListQueuesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &statusv1.ListQueuesResponse{}
	for _, k := range job.Kinds() {
		resp.Queues = append(resp.Queues, s.queue(k))
	}
	slices.SortFunc(resp.Queues, func(a, b *statusv1.Queue) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return resp, nil
}

func (s *Server) queue(k job.Kind) *statusv1.Queue {
	q := &statusv1.Queue{Name: k.Queue(), Kind: string(k), Pause: s.control.pauses[k], Jobs: map[string]int64{}}
	for _, r := range s.jobs {
		if r.job.Request.Kind == k && !r.job.State.Final() {
			q.Jobs[string(r.job.State)]++
		}
	}
	for _, sess := range s.sessions {
		if sess.kind == k && !sess.draining {
			q.Workers++
			q.Slots += sess.slots
		}
	}
	return q
}

// PauseQueue implements the service.
func (s *Server) PauseQueue(_ context.Context, r *statusv1.PauseQueueRequest) (*statusv1.PauseQueueResponse, error) {
	q, err := s.steer(r.GetQueue(), statusclient.ActionPauseQueue, r.GetAuthor(), r.GetReason(), func(k job.Kind) {
		if s.control.pauses[k] == nil {
			s.control.pauses[k] = &statusv1.Pause{Author: r.GetAuthor(), Reason: r.GetReason(), At: wire.TimeToProto(time.Now())}
		}
	})
	return &statusv1.PauseQueueResponse{Queue: q}, err
}

// ResumeQueue implements the service.
func (s *Server) ResumeQueue(_ context.Context, r *statusv1.ResumeQueueRequest) (*statusv1.ResumeQueueResponse, error) {
	q, err := s.steer(r.GetQueue(), statusclient.ActionResumeQueue, r.GetAuthor(), r.GetReason(), func(k job.Kind) {
		delete(s.control.pauses, k)
	})
	return &statusv1.ResumeQueueResponse{Queue: q}, err
}

func (s *Server) steer(queue, action, author, reason string, change func(job.Kind)) (*statusv1.Queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range job.Kinds() {
		if k.Queue() != queue {
			continue
		}
		change(k)
		s.record(author, action, reason, queue)
		for _, sess := range s.sessions {
			s.orders(sess)
		}
		return s.queue(k), nil
	}
	return nil, status.Error(codes.NotFound, "no such queue")
}

// ListWorkers implements the service.
func (s *Server) ListWorkers(_ context.Context, r *statusv1.ListWorkersRequest) (*statusv1.ListWorkersResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &statusv1.ListWorkersResponse{}
	for id, sess := range s.sessions {
		if k := r.GetKind(); !sess.goodbye && (k == "" || k == string(sess.kind)) {
			resp.Workers = append(resp.Workers, s.worker(id, sess))
		}
	}
	slices.SortFunc(resp.Workers, func(a, b *statusv1.Worker) int { return cmp.Compare(a.GetId(), b.GetId()) })
	return resp, nil
}

func (s *Server) worker(id string, sess *session) *statusv1.Worker {
	w := &statusv1.Worker{Id: id, Name: sess.worker, Kind: string(sess.kind), Slots: sess.slots, State: statusclient.WorkerWorking}
	switch {
	case sess.draining:
		w.State = statusclient.WorkerDraining
	case sess.paused:
		w.State = statusclient.WorkerPaused
	}
	for _, r := range s.jobs {
		if r.job.State == job.Running && r.session == id {
			w.Running = append(w.Running, &statusv1.WorkerAttempt{JobId: string(r.job.ID), Attempt: int32(r.job.Attempt)})
		}
	}
	return w
}

// DrainWorker implements the service.
func (s *Server) DrainWorker(_ context.Context, r *statusv1.DrainWorkerRequest) (*statusv1.DrainWorkerResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess := s.sessions[r.GetId()]
	if sess == nil || sess.goodbye {
		return nil, status.Error(codes.NotFound, "no such worker")
	}
	s.record(r.GetAuthor(), statusclient.ActionDrainWorker, r.GetReason(), r.GetId())
	if !sess.draining {
		sess.draining = true
		s.orders(sess)
	}
	return &statusv1.DrainWorkerResponse{Worker: s.worker(r.GetId(), sess)}, nil
}

// ListAudit implements the service; it knows the filters author and before_id.
func (s *Server) ListAudit(_ context.Context, r *statusv1.ListAuditRequest) (*statusv1.ListAuditResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &statusv1.ListAuditResponse{}
	for _, rec := range slices.Backward(s.control.audit) {
		limit := int(cmp.Or(r.GetLimit(), 50))
		before := r.GetBeforeId() == "" || rec.GetId() < r.GetBeforeId()
		if author := r.GetAuthor(); before && (author == "" || author == rec.GetAuthor()) && len(resp.Records) < limit {
			resp.Records = append(resp.Records, rec)
		}
	}
	return resp, nil
}
