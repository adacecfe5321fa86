package ledger

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Started is the answer to a worker that wants to run a job.
type Started struct {
	decide.Answer
	Kind    job.Kind // "" when the job is unknown
	Job     job.Job  // when granted, without history
	Timeout time.Duration
}

// Start hands out the next attempt of a job, or says why not.
// job.ErrSessionUnknown when the session is not alive.
func (l *Ledger) Start(ctx context.Context, session job.SessionID, id job.ID, startID string) (Started, error) {
	var out Started
	err := l.update(ctx, func(w *work) error {
		asks, err := w.alive(session)
		if err != nil {
			return err
		}
		row, has, err := w.run(id)
		if missing(err) {
			out = Started{}
			out.Answer, err = w.unknown(id)
			return err
		}
		if err != nil {
			return err
		}
		if !has {
			out = Started{Kind: row.Request.Kind, Answer: decide.Answer{Drop: "it shares the run of another job"}}
			return nil
		}
		out, err = l.start(w, row, asks, startID)
		out.Kind = row.Request.Kind
		return err
	})
	return out, err
}

func (l *Ledger) start(w *work, row store.Row, asks store.Session, startID string) (Started, error) {
	policy := l.policies[row.Request.Kind]
	ask := decide.Ask{Now: w.now, Policy: policy, Session: asks, StartID: startID}
	if row.State == job.Running {
		holder, err := w.alive(row.Session)
		if err == nil {
			ask.Holder = &holder
		} else if !isUnknown(err) {
			return Started{}, err
		}
	}
	step, answer, err := decide.Start(row, ask)
	if err != nil {
		return Started{}, err
	}
	row, _, err = w.apply(step, false)
	if err != nil || !answer.Granted {
		return Started{Answer: answer}, err
	}
	w.Note(store.Note{Deadline: row.StartedAt.Add(policy.AttemptTimeout + decide.Overdue)})
	return Started{Answer: answer, Job: row.Job, Timeout: policy.AttemptTimeout - w.now.Sub(row.StartedAt)}, nil
}

// unknown answers for a job without a row.
func (w *work) unknown(id job.ID) (decide.Answer, error) {
	_, err := w.Tombstone(id)
	if err == nil {
		return decide.Answer{Drop: "deleted"}, nil
	}
	if !missing(err) {
		return decide.Answer{}, err
	}
	return decide.Answer{Bury: &job.Fault{
		Kind: string(fault.Poison), Text: "The status service has never heard of this job.", At: w.now,
	}}, nil
}

// Finish ends an attempt and says how to settle its delivery. The attempt
// number is the fence: the session may have been replaced meanwhile.
func (l *Ledger) Finish(ctx context.Context, id job.ID, attempt int, o job.Outcome) (job.Verdict, error) {
	var v job.Verdict
	err := l.update(ctx, func(w *work) error {
		var err error
		if v, err = l.finish(w, id, attempt, o); err != nil || !v.Refused() || o.Succeeded == nil {
			return err
		}
		kept, err := w.Kept(id)
		if kept {
			v.Reason = "others have what was made"
		}
		return err
	})
	return v, err
}

func (l *Ledger) finish(w *work, id job.ID, attempt int, o job.Outcome) (job.Verdict, error) {
	row, has, err := w.run(id)
	switch {
	case missing(err):
		return job.Verdict{Action: job.Ack, Reason: job.RefusedDeleted}, nil
	case err != nil:
		return job.Verdict{}, err
	case !has:
		return job.Verdict{Action: job.Ack, Reason: job.RefusedSuperseded}, nil
	}
	step, v, err := decide.Finish(row, w.now, l.policies[row.Request.Kind], attempt, o)
	if err != nil {
		return v, err
	}
	_, _, err = w.apply(step, false)
	return v, err
}
