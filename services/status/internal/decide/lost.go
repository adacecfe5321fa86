package decide

import (
	"math"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Rescue takes a running job from a worker that is gone, or that does not come
// to an end. One attempt is spent; the job is queued even when that was the
// last one, so that the next delivery buries it and leaves a dead letter. When
// net is over its message is published anew.
func Rescue(r store.Row, now time.Time, why string, net time.Duration) (Step, error) {
	s := begin(r)
	return *s, s.lose(now, why, net)
}

func (s *Step) lose(now time.Time, why string, net time.Duration) error {
	r := &s.Row
	if err := s.move(now, job.Queued, why); err != nil {
		return err
	}
	r.Spent++
	r.Lost = true
	r.Fault = &job.Fault{
		Kind:  string(fault.Internal),
		Text:  tryingAgain("The machine that made this lesson stopped answering. There is nothing to do for you."),
		Cause: why,
		Stage: r.Stage,
		At:    now,
	}
	s.Command = &store.Command{Kind: store.Superseded, JobID: Name(*r), Attempt: r.Attempt}
	s.Tell = r.Session
	s.promise(now.Add(net))
	return nil
}

// revive gives a rescued job back to the attempt that was thought lost, when
// nobody has taken it since: finished minutes are not thrown away.
func (s *Step) revive(now time.Time) error {
	if err := s.move(now, job.Running, "the worker came back"); err != nil {
		return err
	}
	r := &s.Row
	r.Spent--
	r.Lost, r.Fault = false, nil
	s.Command, s.Tell = nil, ""
	s.Promise = Promise{Do: DropPromise}
	return nil
}

func revivable(r store.Row, attempt int) bool {
	return r.State == job.Queued && r.Lost && r.Attempt == attempt
}

// Release gives a running job back because its worker ends in order. Nothing
// is spent.
func Release(r store.Row, now time.Time, why string) (Step, error) {
	s := begin(r)
	if err := s.move(now, job.Queued, why); err != nil {
		return *s, err
	}
	s.forget()
	s.promise(now.Add(Net))
	return *s, nil
}

// Report is what a session tells about one attempt.
type Report struct {
	Session store.Session
	Attempt int
	Stage   string
	Percent float64
}

// Progress takes a report, which never goes backwards within an attempt. An
// attempt that does not hold the job is answered with a command.
func Progress(r store.Row, now time.Time, p Report) (Step, error) {
	s := begin(r)
	if revivable(r, p.Attempt) {
		if err := s.revive(now); err != nil {
			return *s, err
		}
		s.Row.Session = p.Session.ID
	}
	switch {
	case s.Row.State == job.Running && r.Attempt == p.Attempt && s.Row.Session == p.Session.ID:
		s.report(now, p)
	case r.Ended.Attempt == p.Attempt:
		// The report was overtaken by the finish of its own attempt.
	case r.State == job.Cancelled && r.Attempt == p.Attempt:
		s.tell(store.Cancel, p)
	default:
		s.tell(store.Superseded, p)
	}
	return *s, nil
}

func (s *Step) tell(k store.CommandKind, p Report) {
	s.Command = &store.Command{Kind: k, JobID: Name(s.Row), Attempt: p.Attempt}
	s.Tell = p.Session.ID
}

func (s *Step) report(now time.Time, p Report) {
	r := &s.Row
	if math.IsNaN(p.Percent) || p.Percent < r.Progress {
		return
	}
	percent := min(p.Percent, 100)
	stage := orElse(p.Stage, r.Stage)
	if percent == r.Progress && stage == r.Stage {
		return
	}
	r.Progress, r.Stage = percent, stage
	s.touch(now)
}

// Recall lists the command that a session which comes back has missed, if any,
// about a job that still names it.
func Recall(r store.Row) *store.Command {
	switch r.State {
	case job.Running:
		return nil
	case job.Cancelled:
		return &store.Command{Kind: store.Cancel, JobID: Name(r), Attempt: r.Attempt}
	}
	return &store.Command{Kind: store.Superseded, JobID: Name(r), Attempt: r.Attempt}
}
