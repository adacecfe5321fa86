package decide

import (
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Finish ends an attempt and says how to settle its delivery. Asking again
// because the answer was lost gives the same verdict.
func Finish(r store.Row, now time.Time, p job.Policy, attempt int, o job.Outcome) (Step, job.Verdict, error) {
	s := begin(r)
	switch {
	case attempt < 1 || attempt != r.Attempt:
		return *s, superseded(), nil
	case r.State == job.Cancelled:
		return *s, job.Verdict{Action: job.Ack, Reason: "cancelled"}, nil
	case r.State != job.Running && r.Ended.Attempt == attempt:
		return *s, again(r, now), nil
	case revivable(r, attempt):
		if err := s.revive(now); err != nil {
			return *s, job.Verdict{}, err
		}
	case r.State != job.Running:
		return *s, superseded(), nil
	}
	v, err := s.end(now, p, o)
	if err != nil {
		return *s, job.Verdict{}, err
	}
	s.forget()
	s.Row.Ended = store.Ended{Attempt: attempt, Action: v.Action, Reason: v.Reason}
	return *s, v, nil
}

func superseded() job.Verdict { return job.Verdict{Action: job.Ack, Reason: "superseded"} }

func again(r store.Row, now time.Time) job.Verdict {
	v := job.Verdict{Action: r.Ended.Action, Reason: r.Ended.Reason}
	if v.Action == job.Retry {
		v.After = max(0, r.NotBefore.Sub(now))
	}
	return v
}

func (s *Step) end(now time.Time, p job.Policy, o job.Outcome) (job.Verdict, error) {
	switch {
	case o.Succeeded != nil:
		return s.succeed(now, *o.Succeeded)
	case o.Failed != nil:
		return s.fail(now, p, *o.Failed)
	case o.Released != "":
		s.promise(now.Add(Net))
		return job.Verdict{Action: job.Release, Reason: o.Released}, s.move(now, job.Queued, o.Released)
	}
	return job.Verdict{}, fmt.Errorf("attempt %d of job %s ended without an outcome", s.Row.Attempt, s.Row.ID)
}

func (s *Step) succeed(now time.Time, o job.Success) (job.Verdict, error) {
	r := &s.Row
	r.Title, r.Artifacts, r.Notes = o.Title, o.Artifacts, o.Notes
	r.Fault, r.Progress = nil, 100
	return job.Verdict{Action: job.Ack, Reason: "succeeded"}, s.move(now, job.Succeeded, "finished")
}

func (s *Step) fail(now time.Time, p job.Policy, o job.Failure) (job.Verdict, error) {
	r := &s.Row
	f := o.Fault
	f.At = now
	f.Stage = orElse(f.Stage, r.Stage)
	r.Fault = &f // its text ends with what comes next
	if isDown(o) {
		s.Down = f.Text
		f.Text = waiting(f.Text)
		return s.park(now, o.Dependency)
	}
	r.Spent++
	if o.Retryable && !p.Exhausted(r.Spent) {
		f.Text = tryingAgain(f.Text)
		return s.retry(now, p, o.Delay, f)
	}
	if o.Retryable {
		f.Text = givenUp(f.Text, r.Spent)
	}
	v := job.Verdict{Action: job.Ack, Reason: f.Text}
	if o.DeadLetter {
		v.Action = job.Dead
	}
	return v, s.move(now, job.Failed, f.Text)
}

// retry leaves a short delay to the broker, with a promise behind it as a net;
// a long one is the promise itself.
func (s *Step) retry(now time.Time, p job.Policy, own time.Duration, f job.Fault) (job.Verdict, error) {
	delay := p.Delay(s.Row.Spent)
	if own > 0 {
		delay = min(own, MaxDelay)
	}
	due := now.Add(delay)
	if err := s.move(now, job.Retrying, f.Text); err != nil {
		return job.Verdict{}, err
	}
	s.Row.NotBefore = due
	if delay > LongDelay {
		s.promise(due)
		return job.Verdict{Action: job.Ack, Reason: "put off for " + delay.String()}, nil
	}
	s.promise(due.Add(Net))
	return job.Verdict{Action: job.Retry, After: delay, Reason: f.Text}, nil
}
