package decide

import (
	"fmt"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Answer says whether a worker may run a job: exactly one field is set.
type Answer struct {
	Granted bool
	Drop    string
	Wait    *Wait
	Bury    *job.Fault
}

// Wait says when to ask again.
type Wait struct {
	Delay time.Duration
	Why   string
}

// Ask is a worker's wish to start a job.
type Ask struct {
	Now     time.Time
	Policy  job.Policy
	Session store.Session  // of the asking worker; alive
	StartID string         // repeated when an answer was lost; "" = none
	Holder  *store.Session // of the running attempt; nil when that is dead
}

// minWait keeps a worker from asking in a tight loop.
const minWait = 100 * time.Millisecond

// pausedWait is for a worker that was not told of its orders yet. Once it is it
// gives the delivery back without asking.
const pausedWait = time.Second

// Start decides on a worker's wish to run a job.
func Start(r store.Row, a Ask) (Step, Answer, error) {
	s := begin(r)
	if r.State.Final() {
		return *s, over(r), nil
	}
	if r.State == job.Parked {
		return *s, Answer{Drop: "it is parked: " + r.Dependency + " is down"}, nil
	}
	if r.State == job.Running {
		if ans, held := heldBy(r, a); held {
			return *s, ans, nil
		}
		if err := s.lose(a.Now, "the worker was lost", Net); err != nil {
			return *s, Answer{}, err
		}
	}
	if a.StartID != "" && a.StartID == s.Row.StartID && revivable(s.Row, s.Row.Attempt) {
		return s.regrant(a)
	}
	if why := a.stop(); why != "" {
		return *s, Answer{Wait: &Wait{Delay: pausedWait, Why: why}}, nil
	}
	if wait := s.Row.NotBefore.Sub(a.Now); wait > 0 {
		return *s, Answer{Wait: &Wait{Delay: wait, Why: "it is not due yet"}}, nil
	}
	if a.Policy.Exhausted(s.Row.Spent) {
		return s.bury(a.Now)
	}
	return s.grant(a)
}

// stop says why the asking worker may begin nothing; "" = it may.
func (a Ask) stop() string {
	switch {
	case a.Session.Draining:
		return "the worker is to end"
	case a.Session.Paused:
		return "the queue is paused"
	}
	return ""
}

// over answers for a final job. One whose dead letter may not have been
// written, because the worker died between verdict and settling, is buried
// again: a second letter is better than none.
func over(r store.Row) Answer {
	if r.State == job.Failed && r.Ended.Action == job.Dead && r.DeadLetter == "" && r.Fault != nil {
		f := *r.Fault
		return Answer{Bury: &f}
	}
	return Answer{Drop: "already " + string(r.State)}
}

// heldBy answers while a live session holds the job.
func heldBy(r store.Row, a Ask) (Answer, bool) {
	if a.Holder == nil {
		return Answer{}, false
	}
	if a.Holder.ID != a.Session.ID {
		return Answer{Wait: &Wait{Delay: max(minWait, a.Holder.EndsAt.Sub(a.Now)), Why: "another worker runs it"}}, true
	}
	if a.StartID != "" && a.StartID == r.StartID {
		return Answer{Granted: true}, true
	}
	return Answer{Wait: &Wait{Delay: Lease, Why: "this worker runs it already"}}, true
}

func (s *Step) grant(a Ask) (Step, Answer, error) {
	if s.Row.State == job.Scheduled {
		if err := s.move(a.Now, job.Queued, "its time has come"); err != nil {
			return *s, Answer{}, err
		}
	}
	r := &s.Row
	s.Waited = a.Now.Sub(later(r.Since, r.NotBefore))
	r.Attempt++
	r.Session, r.Worker, r.StartID = a.Session.ID, a.Session.Worker, a.StartID
	r.Stage, r.Progress, r.StartedAt = "", 0, a.Now
	r.Files = r.Alias
	r.Lost, r.Ended = false, store.Ended{}
	s.Promise = Promise{Do: DropPromise}
	return *s, Answer{Granted: true}, s.move(a.Now, job.Running, "started")
}

// regrant hands out a lost attempt once more to the worker that still asks for
// it: the answer never arrived, so it never ran and nothing is spent.
func (s *Step) regrant(a Ask) (Step, Answer, error) {
	r := &s.Row
	r.Worker = a.Session.Worker
	if err := s.revive(a.Now); err != nil {
		return *s, Answer{}, err
	}
	r.Session, r.StartedAt = a.Session.ID, a.Now
	return *s, Answer{Granted: true}, nil
}

// bury ends a job whose attempts were all spent before this start: its workers
// were lost, for a failure ends the job when it is reported.
func (s *Step) bury(now time.Time) (Step, Answer, error) {
	r := &s.Row
	f := job.Fault{
		Kind: string(fault.Internal),
		Text: fmt.Sprintf("This lesson was given up after %d tries: the last one took its worker down. "+
			"Try another source or a shorter length; we look into it.", r.Spent),
		Cause: fmt.Sprintf("worker lost in attempt %d, all tries spent", r.Attempt),
		Stage: r.Stage,
		At:    now,
	}
	r.Fault, r.Lost = &f, false
	r.Ended = store.Ended{Attempt: r.Attempt, Action: job.Dead, Reason: f.Text}
	err := s.move(now, job.Failed, f.Cause)
	return *s, Answer{Bury: &f}, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
