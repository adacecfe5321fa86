package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// maxLetterBytes bounds the id of a dead letter.
const maxLetterBytes = 200

// Letter is a dead letter that the message of a job became.
type Letter struct {
	ID      string
	Attempt int // in which the message died; 0 = not known
	Fault   job.Fault
}

// Bury marks a job whose message became a dead letter, and fails it when
// nothing will run it any more. Burying again changes nothing. The history of
// the answer is that of the run, which may have begun with another job.
func (l *Ledger) Bury(ctx context.Context, id job.ID, letter Letter) (job.Job, error) {
	if err := letter.check(); err != nil {
		return job.Job{}, err
	}
	var history []job.Move
	j, err := l.changeRun(ctx, id, func(w *work, r store.Row, has bool) (decide.Step, error) {
		if !has {
			history = nil
			return decide.Step{Row: r}, nil
		}
		d, err := w.letter(r, letter)
		if err != nil {
			return decide.Step{}, err
		}
		step, err := decide.Bury(r, w.now, d)
		history = slices.Concat(d.History, step.Moves)
		return step, err
	})
	if history != nil {
		j.History = history
	}
	return j, err
}

// letter reads what decides about a dead letter.
func (w *work) letter(r store.Row, letter Letter) (decide.Letter, error) {
	d := decide.Letter{ID: letter.ID, Attempt: letter.Attempt, Fault: letter.Fault}
	var err error
	if d.History, err = w.history(r); err != nil {
		return d, err
	}
	if r.State == job.Running {
		_, err := w.alive(r.Session)
		if err != nil && !isUnknown(err) {
			return d, err
		}
		d.Held = err == nil
	}
	p, err := w.Promise(r.ID)
	if missing(err) {
		return d, nil
	}
	d.Pending = p.Token == r.Seq
	return d, err
}

// Replay queues a job that failed with this dead letter again, from now on with
// another request of its kind unless edited is nil. Those that failed with its
// run go back to work with it, but not for an edit: nobody else asked for that
// lesson. Replaying again changes nothing.
func (l *Ledger) Replay(ctx context.Context, id job.ID, letter, why string, edited *job.Request) (job.Job, error) {
	if err := checkLetterID(letter); err != nil {
		return job.Job{}, err
	}
	if edited != nil {
		if err := edited.Validate(l.Now()); err != nil {
			return job.Job{}, err
		}
	}
	return l.changeRun(ctx, id, func(w *work, r store.Row, _ bool) (decide.Step, error) {
		step, err := decide.Replay(r, w.now, letter, clip(why))
		if err == nil && step.Changed && edited != nil {
			err = step.Edit(*edited)
		}
		return step, err
	})
}

func (l Letter) check() error {
	if err := checkLetterID(l.ID); err != nil {
		return err
	}
	var bad []job.FieldError
	if l.Attempt < 0 {
		bad = append(bad, job.FieldError{Path: "attempt", Message: "is negative: use 0 when it is not known"})
	}
	if k := l.Fault.Kind; k != "" && !fault.Kind(k).Valid() {
		bad = append(bad, job.FieldError{Path: "fault.kind", Message: fmt.Sprintf("is unknown: use one of %v", fault.Kinds())})
	}
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

func checkLetterID(id string) error {
	if n := len(id); n == 0 || n > maxLetterBytes {
		return &job.InvalidError{Fields: []job.FieldError{{
			Path: "dead_letter", Message: fmt.Sprintf("needs 1 to %d bytes", maxLetterBytes),
		}}}
	}
	return nil
}
