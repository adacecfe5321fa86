package replayer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/internal/outcomes"
	"github.com/studycast/studycast/services/deadletter/store"
)

// finish carries out what was decided.
func (r *Replayer) finish(ctx context.Context, l store.Letter) (store.Letter, job.Job, error) {
	switch {
	case l.State != deadletterclient.Replaying:
		return l, job.Job{}, nil
	case l.ResentTo != "":
		l, err := r.publish(ctx, l)
		return l, job.Job{}, err
	}
	j, err := r.Status.Replay(ctx, l.JobID, statusclient.ReplayInput{
		DeadLetter: l.ID, Why: deadletterclient.Why(l.ID, l.ReplayedBy, l.ReplayReason),
		Request: letter.Edited(l),
	})
	if err != nil {
		return r.failed(ctx, l, err)
	}
	r.Failpoint(AfterReplay)
	first := false
	after, err := r.Store.Change(ctx, l.ID, func(l *store.Letter) error {
		// Somebody who found the replay cut short may have been quicker, and the
		// outcome, too.
		if first = l.State == deadletterclient.Replaying; !first {
			return nil
		}
		l.State, l.JobState = deadletterclient.Replayed, string(j.State)
		l.RunJob, l.JobVersion = j.ID, j.Version
		outcomes.Settle(l, j, r.Clock.Now()) // one that was cut short may be over
		return nil
	})
	if err != nil {
		r.later()
		return l, j, err
	}
	if !first {
		return after, j, nil
	}
	r.Metrics.Replay(metrics.Replayed)
	r.Logger.InfoContext(letter.InTrace(ctx, l), "a dead letter is replayed", "dead_letter", l.ID, "job", l.JobID)
	if after.Outcome == "" {
		r.Replayed(ctx, after)
	}
	return after, j, nil
}

// failed undoes the decision on a letter whose job can't be put to work; after any
// other error the replay stays decided on and is finished later.
func (r *Replayer) failed(ctx context.Context, l store.Letter, err error) (store.Letter, job.Job, error) {
	var state *job.StateError
	var invalid *job.InvalidError
	var refusal error
	jobState := deadletterclient.JobUnknown
	l.State = deadletterclient.Open
	switch {
	case errors.As(err, &state):
		jobState = string(state.State)
		if state.State == job.Succeeded { // its owner was quicker
			l.State = deadletterclient.Recovered
		}
		refusal = refuse(l, fmt.Sprintf("its job %s is %s", l.JobID, state.State), state.Remedy)
	case errors.Is(err, job.ErrNotFound), errors.As(err, &invalid):
		refusal = refuse(l, fmt.Sprintf("the status service knows no job %s", l.JobID),
			"Its owner or retention removed it, or it never was one; nothing to replay.")
	default:
		r.Metrics.Replay(metrics.Unavailable)
		r.later()
		return store.Letter{}, job.Job{}, fmt.Errorf("replay dead letter %s: %w", l.ID, err)
	}
	return store.Letter{}, job.Job{}, r.undo(ctx, l, jobState, refusal)
}

// undo takes back a decision that can't be carried out and returns why. The letter
// gets the state of l: nothing is left to decide when its job succeeded without
// the replay.
func (r *Replayer) undo(ctx context.Context, l store.Letter, jobState string, refusal error) error {
	action := deadletterclient.ActionLetterReplay
	if l.ResentTo != "" {
		action = deadletterclient.ActionResend
	}
	var records []deadletterclient.AuditRecord
	if l.ReplayID == "" { // that of a replay is told by its item
		record, err := audit.Record(r.Clock.Now(), action, l.ReplayedBy, l.ReplayReason, "dead letter "+l.ID, "refused: "+refusal.Error())
		if err != nil {
			return err
		}
		records = append(records, record)
	}
	state := l.State
	_, err := r.Store.Change(ctx, l.ID, func(l *store.Letter) error {
		if l.State != deadletterclient.Replaying {
			return errDone
		}
		l.State, l.JobState, l.Item.Why = state, jobState, refusal.Error()
		if state == deadletterclient.Recovered {
			l.Outcome, l.OutcomeAt = deadletterclient.OutcomeRecovered, r.Clock.Now().UTC().Truncate(time.Microsecond)
		}
		l.ReplayedAt, l.ReplayedBy, l.ReplayReason = time.Time{}, "", ""
		l.ReplayID, l.ResentTo, l.EditedBody = "", "", nil
		return nil
	}, records...)
	if err != nil && !errors.Is(err, errDone) {
		r.later()
		return err
	}
	r.Metrics.Replay(metrics.Refused)
	return refusal
}

// errDone: somebody else was quicker.
var errDone = errors.New("it was finished")
