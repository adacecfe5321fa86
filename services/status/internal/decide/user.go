package decide

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Create makes the row of a new job. A job that is due now is claimed for the
// caller when nobody waits; a scheduled one is promised for its time.
func Create(now time.Time, id job.ID, owner string, req job.Request, traceparent string) (Step, error) {
	s := begin(store.Row{
		Job:         job.Job{ID: id, Owner: owner, Request: req, CreatedAt: now},
		Traceparent: traceparent,
	})
	if req.RunAt.After(now) {
		s.Row.NotBefore = req.RunAt
		s.promise(req.RunAt)
		return *s, s.move(now, job.Scheduled, "accepted for later")
	}
	s.Promise = Promise{Do: ClaimForNow}
	return *s, s.move(now, job.Queued, "accepted")
}

// Cancel makes a job cancelled. A cancelled one stays as it is.
func Cancel(r store.Row, now time.Time, why string) (Step, error) {
	s := begin(r)
	switch r.State {
	case job.Cancelled:
		return *s, nil
	case job.Succeeded, job.Failed:
		return *s, &job.StateError{ID: r.ID, State: r.State, Wanted: "cancel", Remedy: "It is over: there is nothing to cancel."}
	case job.Running:
		s.Command = &store.Command{Kind: store.Cancel, JobID: Name(r), Attempt: r.Attempt}
		s.Tell = r.Session
	}
	if err := s.move(now, job.Cancelled, orElse(why, "cancelled")); err != nil {
		return *s, err
	}
	s.Row.Lost = false
	return *s, nil
}

// Retry queues a failed or cancelled job again with a fresh budget and claims
// it for the caller. What happened before stays in the history.
func Retry(r store.Row, now time.Time, why string) (Step, error) {
	s := begin(r)
	if r.State != job.Failed && r.State != job.Cancelled {
		remedy := "Only a failed or cancelled job can be tried again."
		switch {
		case r.State == job.Parked:
			remedy = "It waits for something that is down and goes on by itself."
		case !r.State.Final():
			remedy = "It is under way: wait for its end or cancel it first."
		}
		return *s, &job.StateError{ID: r.ID, State: r.State, Wanted: "retry", Remedy: remedy}
	}
	s.Promise = Promise{Do: ClaimForNow}
	return *s, s.anew(now, orElse(why, "tried again on request"))
}

// anew queues a final job with a fresh budget.
func (s *Step) anew(now time.Time, why string) error {
	n := &s.Row
	n.Spent, n.Fault, n.Stage, n.Progress, n.FinishedAt = 0, nil, "", 0, time.Time{}
	n.Ended, n.Lost, n.DeadLetter = store.Ended{}, false, ""
	return s.move(now, job.Queued, why)
}

// Delete says whether a job may be deleted.
func Delete(r store.Row) error {
	if r.State.Final() {
		return nil
	}
	return &job.StateError{ID: r.ID, State: r.State, Wanted: "delete", Remedy: "Cancel it first."}
}

// Claimed is what a claim of its promise does to a job: a scheduled one is
// queued and stands in line, any other stays as it is.
func Claimed(r store.Row, now time.Time) (Step, error) {
	s := begin(r)
	if r.State != job.Scheduled {
		return *s, nil
	}
	s.Promise = Promise{Do: StandInLine}
	return *s, s.move(now, job.Queued, "its time has come")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
