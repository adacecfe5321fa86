package decide

import (
	"slices"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Times of what is down.
const (
	// FirstTrial is when a job is sent to try a dependency that was found down.
	// Workers that have found it down ask it again sooner than that.
	FirstTrial = 5 * time.Second
	// LongestPause is between two trials at most.
	LongestPause = time.Minute
	// TrialNet is how often a job that tries a dependency is looked after.
	TrialNet = time.Minute
)

// Pause is the wait after so many trials in a row that found a dependency down.
func Pause(tries int) time.Duration {
	p := FirstTrial
	for range tries {
		if p *= 2; p >= LongestPause {
			return LongestPause
		}
	}
	return p
}

// Trial is how it goes with the job that tries a dependency.
type Trial string

// The states of a trial.
const (
	Underway  Trial = "underway"
	Answered  Trial = "answered"  // it got past the dependency
	StillDown Trial = "down"      // it was parked again
	Untold    Trial = "cancelled" // it ended before it came to the dependency
)

// isDown reports whether a failure parks its job.
func isDown(o job.Failure) bool {
	return fault.Kind(o.Fault.Kind) == fault.Dependency && slices.Contains(fault.Dependencies(), o.Dependency)
}

// park puts a job aside that can't get on before a dependency answers again.
// Nothing is spent, and its message is needed no more.
func (s *Step) park(now time.Time, dependency string) (job.Verdict, error) {
	if err := s.move(now, job.Parked, s.Row.Fault.Text); err != nil {
		return job.Verdict{}, err
	}
	s.Row.Dependency = dependency
	s.Promise = Promise{Do: DropPromise}
	return job.Verdict{Action: job.Ack, Reason: "parked: " + dependency + " is down"}, nil
}

// Try sends a parked job ahead to try its dependency, past those in line.
func Try(r store.Row, now time.Time) (Step, error) {
	s := begin(r)
	dependency := r.Dependency
	if err := s.move(now, job.Queued, "it tries whether "+dependency+" answers again"); err != nil {
		return *s, err
	}
	s.Row.Trial, s.Row.Sent = dependency, true
	s.promise(now)
	return *s, nil
}

// Unpark queues a parked job whose dependency answers again.
func Unpark(r store.Row, now time.Time) (Step, error) {
	s := begin(r)
	why := r.Dependency + " answers again"
	s.Promise = Promise{Do: StandInLine}
	return *s, s.move(now, job.Queued, why)
}

// Met writes down that an attempt found a dependency down, and was parked by s.
// Attempts that began before it answered tell nothing about it.
func Met(p store.Parking, s Step, now time.Time) store.Parking {
	r := s.Row
	switch {
	case p.Since.IsZero():
		p = store.Parking{Kind: r.Request.Kind, Dependency: r.Dependency, Since: now, Due: now.Add(FirstTrial)}
	case r.Trial == p.Dependency:
		p.Tries++
		p.Trial, p.Due = "", now.Add(Pause(p.Tries))
	case p.AnsweredAt.IsZero():
	case r.StartedAt.After(p.AnsweredAt):
		p.Since, p.AnsweredAt, p.Tries, p.Due, p.Owner = now, time.Time{}, 0, now.Add(FirstTrial), ""
	}
	p.Reason, p.Stage = s.Down, r.Fault.Stage
	return p
}

// Tell says what the trial of a dependency has shown, by what has just happened
// to the job that is its trial. One that ended in an earlier stage than that in
// which the dependency is needed never came to it.
func Tell(p store.Parking, r store.Row) Trial {
	stage := r.Stage
	switch r.State {
	case job.Succeeded:
		return Answered
	case job.Cancelled:
		return Untold
	case job.Parked, job.Failed, job.Retrying:
		if r.Dependency == p.Dependency {
			return StillDown
		}
		if r.Fault != nil {
			stage = r.Fault.Stage
		}
		if compareStages(r.Request.Kind, stage, p.Stage) < 0 {
			return Untold
		}
		return Answered
	case job.Running:
		if compareStages(r.Request.Kind, stage, p.Stage) > 0 {
			return Answered
		}
	}
	return Underway
}

// compareStages compares by the order in which an attempt comes to them; those
// that are not known are equal to all.
func compareStages(k job.Kind, a, b string) int {
	all := job.Stages(k)
	i, j := slices.Index(all, a), slices.Index(all, b)
	if i < 0 || j < 0 {
		return 0
	}
	return i - j
}

// Conclude writes down what a trial has shown.
func Conclude(p store.Parking, t Trial, now time.Time) store.Parking {
	p.Trial, p.Due = "", now
	if t == Answered {
		p.AnsweredAt, p.Tries, p.Owner = now, 0, ""
	}
	return p
}

// Flow says when the next job may go on after one went, at a rate for each
// second. Time in which nobody was there to let them go is not made up for.
func Flow(due, now time.Time, rate int) time.Time {
	if now.Sub(due) > time.Second {
		due = now
	}
	return due.Add(time.Second / time.Duration(rate))
}
