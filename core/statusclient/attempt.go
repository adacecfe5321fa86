package statusclient

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// StartAnswer says whether a worker may run a job: exactly one field is set.
type StartAnswer struct {
	Granted *Granted
	Drop    string     // nothing to do any more, and why: acknowledge
	Wait    *Wait      // not now
	Bury    *job.Fault // it can't be run: to the dead letters
}

// Granted hands out an attempt.
type Granted struct {
	Attempt int     // the fence of all its writes
	Job     job.Job // without history; its request wins over the one in the message
	Timeout time.Duration
}

// Wait says when to ask again.
type Wait struct {
	Delay time.Duration // from now
	Why   string
}

type attemptKey struct {
	id      job.ID
	attempt int
}

type attemptProgress struct {
	stage   string
	percent float64
	unsent  bool
}

// Start asks for the next attempt of a job. startID is the caller's name for
// this start: an error leaves open whether an attempt was granted, and asking
// again with the same startID grants that attempt again instead of letting it
// run into its time limit with nobody at work. job.ErrSessionUnknown when the
// service forgot the session, which is then replaced: ask again in a moment.
func (s *Session) Start(ctx context.Context, id job.ID, startID string) (StartAnswer, error) {
	session := string(s.ID())
	resp, err := s.client.attempts.StartAttempt(ctx, &statusv1.StartAttemptRequest{
		SessionId: session, JobId: string(id), StartId: startID,
	})
	if err != nil {
		return StartAnswer{}, s.callError(err, session)
	}
	switch a := resp.GetAnswer().(type) {
	case *statusv1.StartAttemptResponse_Granted:
		g := &Granted{
			Attempt: int(a.Granted.GetAttempt()),
			Job:     wire.JobFromProto(a.Granted.GetJob()),
			Timeout: wire.DurationFromProto(a.Granted.GetTimeout()),
		}
		s.mu.Lock()
		s.attempts[attemptKey{id, g.Attempt}] = &attemptProgress{}
		s.mu.Unlock()
		return StartAnswer{Granted: g}, nil
	case *statusv1.StartAttemptResponse_Drop:
		return StartAnswer{Drop: cmp.Or(a.Drop.GetWhy(), "nothing to do any more")}, nil
	case *statusv1.StartAttemptResponse_Wait:
		return StartAnswer{Wait: &Wait{Delay: wire.DurationFromProto(a.Wait.GetDelay()), Why: a.Wait.GetWhy()}}, nil
	case *statusv1.StartAttemptResponse_Bury:
		f := wire.FaultFromProto(a.Bury.GetFault())
		if f == nil {
			f = &job.Fault{Kind: "poison", Text: "The status service refused the job without a reason."}
		}
		return StartAnswer{Bury: f}, nil
	}
	return StartAnswer{}, errors.New("the status service answered the start of an attempt with nothing this version knows")
}

// Finish stores the outcome of an attempt and returns how to settle its
// delivery. After an error nobody knows whether it was stored: finishing again
// with the same outcome is safe.
func (s *Session) Finish(ctx context.Context, id job.ID, attempt int, o job.Outcome) (job.Verdict, error) {
	session := string(s.ID())
	req := &statusv1.FinishAttemptRequest{SessionId: session, JobId: string(id), Attempt: int32(attempt)}
	wire.OutcomeToProto(o, req)
	resp, err := s.client.attempts.FinishAttempt(ctx, req)
	if err != nil {
		return job.Verdict{}, s.callError(err, session)
	}
	s.Forget(id, attempt)
	return wire.VerdictFromProto(resp)
}

// Progress tells how far an attempt is, 0 to 100 of the whole. It never
// blocks: only the latest value is kept and sent, at most every 250 ms. An
// attempt that was not started here, or was finished, is ignored.
func (s *Session) Progress(id job.ID, attempt int, stage string, percent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.attempts[attemptKey{id, attempt}]
	if a == nil {
		return
	}
	a.stage, a.percent, a.unsent = stage, percent, true
	s.nudge()
}

// Forget stops telling of an attempt that was given up without a Finish.
func (s *Session) Forget(id job.ID, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.attempts, attemptKey{id, attempt})
}

func (s *Session) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Session) takeProgress() []*statusv1.AttemptProgress {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ps []*statusv1.AttemptProgress
	for k, a := range s.attempts {
		if !a.unsent {
			continue
		}
		a.unsent = false
		ps = append(ps, &statusv1.AttemptProgress{
			JobId:    string(k.id),
			Attempt:  int32(k.attempt),
			Stage:    strings.ToValidUTF8(a.stage, ""),
			Progress: a.percent,
		})
	}
	slices.SortFunc(ps, func(a, b *statusv1.AttemptProgress) int { return cmp.Compare(a.GetJobId(), b.GetJobId()) })
	return ps
}

// callError maps an error and has a session replaced that the service forgot.
func (s *Session) callError(err error, session string) error {
	err = wire.ErrorFromStatus(err)
	if errors.Is(err, job.ErrSessionUnknown) {
		s.reopen(session)
	}
	return err
}
