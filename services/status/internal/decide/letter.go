package decide

import (
	"fmt"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Letter is a dead letter, and what has to be known of the job besides its row.
type Letter struct {
	ID      string
	Attempt int // in which the message died; 0 = not known
	Fault   job.Fault
	History []job.Move
	// Held: a session with a live lease runs the latest attempt.
	Held bool
	// Pending: the promise of the job was not claimed since the latest change
	// of the job, so that no newer message than the last can be under way.
	Pending bool
}

// Bury takes note of a dead letter. The job fails when its newest message died
// and nothing runs it; a job that failed before only takes the letter's mark. A
// letter of an older message changes nothing: a newer one, or its promise,
// brings the job to its end.
func Bury(r store.Row, now time.Time, l Letter) (Step, error) {
	s := begin(r)
	if l.ID == r.DeadLetter || l.ID == r.Replayed || stale(r, l) {
		return *s, nil
	}
	if r.State == job.Failed {
		if r.DeadLetter == "" {
			s.touch(now)
			s.Row.DeadLetter = l.ID
		}
		return *s, nil
	}
	if r.State == job.Running {
		if err := s.lose(now, "the worker was lost", Net); err != nil {
			return *s, err
		}
	}
	f := l.Fault
	f.Kind, f.Stage = orElse(f.Kind, string(fault.Poison)), orElse(f.Stage, r.Stage)
	f.At = now
	s.Row.Fault, s.Row.Lost, s.Row.DeadLetter = &f, false, l.ID
	return *s, s.move(now, job.Failed, f.Text)
}

// stale reports whether the job stays as it is. Messages are numbered by the
// attempt that they would start, so that a message keeps its number when it is
// handed out again although the attempts go on: only a number at or below what
// was there before is too old for certain.
func stale(r store.Row, l Letter) bool {
	switch {
	case l.Attempt != 0 && l.Attempt <= before(l.History):
		return true
	case r.State == job.Failed:
		return false
	case r.State.Final(), r.State == job.Scheduled, r.State == job.Parked, l.Held:
		return true
	case l.Attempt != 0 && l.Attempt == r.Attempt && r.Ended.Action == job.Ack: // it had its end when the job was parked
		return true
	case l.Attempt == 0, l.Attempt > r.Attempt:
		return false
	case l.Attempt < r.Attempt, r.State == job.Retrying:
		return true
	}
	return r.State == job.Queued && !l.Pending
}

// before returns the number of the last attempt before the job was put to work
// anew by a retry or a replay; 0 when it never was.
func before(history []job.Move) int {
	last, latest := 0, 0
	for _, m := range history {
		if m.From.Final() {
			last = latest
		}
		latest = max(latest, m.Attempt)
	}
	return last
}

// Replay queues a job that failed with a dead letter again, with a fresh
// budget, and with it those that failed with its run; the relay publishes it.
// Replaying the same letter again changes nothing.
func Replay(r store.Row, now time.Time, letter, why string) (Step, error) {
	s := begin(r)
	if letter == r.Replayed {
		return *s, nil
	}
	if r.State != job.Failed || r.DeadLetter != letter {
		return *s, &job.StateError{ID: r.ID, State: r.State, Wanted: "replay", Remedy: replayRemedy(r)}
	}
	s.Row.Replayed, s.Rally = letter, &r
	s.Promise = Promise{Do: StandInLine}
	return *s, s.anew(now, orElse(why, "replayed by an operator"))
}

// Edit gives a replayed job the source and the options of another request. It
// asks for another lesson then, so nobody shares its run, nor goes back to work
// with it. The rest of its request stays: the letter of a run that began with
// somebody else's job has that one's labels.
func (s *Step) Edit(r job.Request) error {
	if r.Kind != s.Row.Request.Kind {
		return &job.InvalidError{Fields: []job.FieldError{{
			Path: "request.kind", Message: fmt.Sprintf("is %s, the job's is %s: it can't be changed", r.Kind, s.Row.Request.Kind),
		}}}
	}
	s.Row.Request.Source, s.Row.Request.Options, s.Row.WorkKey = r.Source, r.Options, ""
	s.Rally = nil
	return nil
}

func replayRemedy(r store.Row) string {
	switch {
	case !r.State.Final():
		return "It was put to work again since: wait for its end."
	case r.State != job.Failed:
		return "Only a job that failed can be replayed."
	case r.DeadLetter == "":
		return "This dead letter is not the reason of its failure: let its owner try it again."
	}
	return "Its failure belongs to dead letter " + r.DeadLetter + ": replay that one."
}
