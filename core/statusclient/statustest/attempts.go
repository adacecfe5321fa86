package statustest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

const (
	heartbeat = 2 * time.Second
	lease     = 10 * time.Second
)

// Session implements the service.
func (s *Server) Session(st grpc.BidiStreamingServer[statusv1.SessionRequest, statusv1.SessionResponse]) error {
	first, err := st.Recv()
	if err != nil {
		return err
	}
	id, sess, err := s.hello(first.GetHello())
	if err != nil {
		return wire.StatusFromError(err)
	}
	err = st.Send(&statusv1.SessionResponse{Say: &statusv1.SessionResponse_Welcome{Welcome: &statusv1.Welcome{
		SessionId: id, Heartbeat: wire.DurationToProto(heartbeat), Lease: wire.DurationToProto(lease),
	}}})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.receive(st, sess) }()
	for {
		select {
		case err := <-ended:
			return err
		case c := <-sess.commands:
			if err := st.Send(&statusv1.SessionResponse{Say: &statusv1.SessionResponse_Command{Command: c}}); err != nil {
				return err
			}
		}
	}
}

func (s *Server) hello(h *statusv1.Hello) (string, *session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	s.hellos = append(s.hellos, h.GetSessionId())
	if id := h.GetSessionId(); id != "" {
		sess := s.sessions[id]
		if sess == nil {
			return "", nil, job.ErrSessionUnknown
		}
		s.orders(sess)
		return id, sess, nil
	}
	s.next++
	id := fmt.Sprintf("session-%d", s.next)
	sess := &session{
		commands: make(chan *statusv1.Command, 16), worker: h.GetWorker(), kind: job.Kind(h.GetKind()), slots: h.GetSlots(),
	}
	s.sessions[id] = sess
	s.orders(sess)
	return id, sess, nil
}

func (s *Server) receive(st grpc.BidiStreamingServer[statusv1.SessionRequest, statusv1.SessionResponse], sess *session) error {
	for {
		req, err := st.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		if req.GetGoodbye() != nil {
			sess.goodbye = true
		} else {
			sess.beats++
		}
		for _, p := range req.GetHeartbeat().GetProgress() {
			s.reports = append(s.reports, Report{job.ID(p.GetJobId()), int(p.GetAttempt()), p.GetStage(), p.GetProgress()})
		}
		s.changed()
		s.mu.Unlock()
	}
}

// StartAttempt implements the service.
func (s *Server) StartAttempt(_ context.Context, req *statusv1.StartAttemptRequest) (*statusv1.StartAttemptResponse, error) {
	id := job.ID(req.GetJobId())
	if s.OnStart != nil {
		if a, err, mine := s.OnStart(id); mine {
			return answer(a), wire.StatusFromError(err)
		}
	}
	a, err := s.start(id, req.GetSessionId(), req.GetStartId())
	if err == nil && s.AfterStart != nil {
		err = s.AfterStart(id)
	}
	if err != nil {
		return nil, wire.StatusFromError(err)
	}
	return answer(a), nil
}

func (s *Server) start(id job.ID, session, startID string) (statusclient.StartAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	if s.sessions[session] == nil {
		return statusclient.StartAnswer{}, job.ErrSessionUnknown
	}
	r := s.jobs[id]
	switch {
	case r == nil:
		return statusclient.StartAnswer{Bury: &job.Fault{Kind: "poison", Text: "no such job"}}, nil
	case r.job.State.Final():
		return statusclient.StartAnswer{Drop: "already " + string(r.job.State)}, nil
	case r.job.State == job.Running && r.session == session && r.startID == startID:
	case r.job.State == job.Running:
		return statusclient.StartAnswer{Wait: &statusclient.Wait{Delay: lease, Why: "it runs"}}, nil
	case s.sessions[session].paused:
		return statusclient.StartAnswer{Wait: &statusclient.Wait{Delay: time.Second, Why: "the queue is paused"}}, nil
	case time.Now().Before(r.job.NotBefore):
		return statusclient.StartAnswer{Wait: &statusclient.Wait{Delay: time.Until(r.job.NotBefore), Why: "not due"}}, nil
	default:
		r.job.Attempt++
		r.job.State, r.session, r.startID = job.Running, session, startID
	}
	return statusclient.StartAnswer{Granted: &statusclient.Granted{Attempt: r.job.Attempt, Job: r.job, Timeout: s.Timeout}}, nil
}

func answer(a statusclient.StartAnswer) *statusv1.StartAttemptResponse {
	switch {
	case a.Granted != nil:
		return &statusv1.StartAttemptResponse{Answer: &statusv1.StartAttemptResponse_Granted{Granted: &statusv1.Granted{
			Attempt: int32(a.Granted.Attempt),
			Job:     wire.JobToProto(a.Granted.Job), Timeout: wire.DurationToProto(a.Granted.Timeout),
		}}}
	case a.Wait != nil:
		return &statusv1.StartAttemptResponse{Answer: &statusv1.StartAttemptResponse_Wait{Wait: &statusv1.Wait{
			Delay: wire.DurationToProto(a.Wait.Delay), Why: a.Wait.Why,
		}}}
	case a.Bury != nil:
		return &statusv1.StartAttemptResponse{Answer: &statusv1.StartAttemptResponse_Bury{Bury: &statusv1.Bury{Fault: wire.FaultToProto(a.Bury)}}}
	case a.Drop != "":
		return &statusv1.StartAttemptResponse{Answer: &statusv1.StartAttemptResponse_Drop{Drop: &statusv1.Drop{Why: a.Drop}}}
	}
	return &statusv1.StartAttemptResponse{}
}

// FinishAttempt implements the service.
func (s *Server) FinishAttempt(_ context.Context, req *statusv1.FinishAttemptRequest) (*statusv1.FinishAttemptResponse, error) {
	o, err := wire.OutcomeFromProto(req)
	if err != nil {
		return nil, wire.StatusFromError(&job.InvalidError{Fields: []job.FieldError{{Path: "outcome", Message: err.Error()}}})
	}
	f := Finish{Session: job.SessionID(req.GetSessionId()), JobID: job.ID(req.GetJobId()), Attempt: int(req.GetAttempt()), Outcome: o}
	if s.OnFinish != nil {
		if err := s.OnFinish(f); err != nil {
			return nil, wire.StatusFromError(err)
		}
	}
	if f.Verdict, err = s.finish(f); err != nil {
		return nil, wire.StatusFromError(err)
	}
	if s.AfterFinish != nil {
		if err := s.AfterFinish(f); err != nil {
			return nil, wire.StatusFromError(err)
		}
	}
	return wire.VerdictToProto(f.Verdict), nil
}

func (s *Server) finish(f Finish) (job.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	r := s.jobs[f.JobID]
	switch {
	case s.sessions[string(f.Session)] == nil:
		return job.Verdict{}, job.ErrSessionUnknown
	case r == nil:
		return job.Verdict{}, job.ErrNotFound
	}
	v, again := r.ended[f.Attempt]
	switch {
	case again:
	case f.Attempt != r.job.Attempt || r.job.State != job.Running:
		v = job.Verdict{Action: job.Ack, Reason: "superseded"}
	default:
		v = s.decide(&r.job, f.Outcome)
	}
	r.ended[f.Attempt] = v
	f.Verdict = v
	s.finishes = append(s.finishes, f)
	s.log("finish %s", f.JobID)
	return v, nil
}

// decide is the verdict on the outcome of the current attempt.
func (s *Server) decide(j *job.Job, o job.Outcome) job.Verdict {
	switch {
	case o.Succeeded != nil:
		j.State, j.Title, j.Artifacts, j.Notes = job.Succeeded, o.Succeeded.Title, o.Succeeded.Artifacts, o.Succeeded.Notes
		return job.Verdict{Action: job.Ack, Reason: "succeeded"}
	case o.Released != "":
		j.State = job.Queued
		return job.Verdict{Action: job.Release, Reason: o.Released}
	}
	fault := o.Failed.Fault
	j.Fault = &fault
	if o.Failed.Dependency != "" {
		j.State, j.Dependency = job.Parked, o.Failed.Dependency
		return job.Verdict{Action: job.Ack, Reason: "parked"}
	}
	j.Spent++
	if o.Failed.Retryable && j.Spent <= s.Retries {
		delay := max(s.Backoff, o.Failed.Delay)
		j.State, j.NotBefore = job.Retrying, time.Now().Add(delay)
		return job.Verdict{Action: job.Retry, After: delay, Reason: fault.Text}
	}
	j.State = job.Failed
	if o.Failed.DeadLetter {
		return job.Verdict{Action: job.Dead, Reason: fault.Text}
	}
	return job.Verdict{Action: job.Ack, Reason: fault.Text}
}
