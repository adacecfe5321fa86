package ledger

import (
	"errors"
	"fmt"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// accept makes the first step of a new job: on its own, with another's run, or
// at its end already.
func (w *work) accept(in Input, id job.ID) (decide.Step, error) {
	r := store.Row{
		Job:         job.Job{ID: id, Owner: in.Owner, Request: in.Request, CreatedAt: w.now},
		Traceparent: in.Traceparent,
	}
	other, err := w.shareable(in.want)
	switch {
	case missing(err):
		step, err := decide.Create(w.now, id, in.Owner, in.Request, in.Traceparent)
		step.Row.WorkKey = in.want.Key
		return step, err
	case err != nil:
		return decide.Step{}, err
	case other.State.Final():
		return decide.Given(r, other, w.now)
	}
	r.WorkKey = in.want.Key
	return w.join(r, other, "accepted: the same lesson is already being made")
}

func (w *work) shareable(want store.Want) (store.Row, error) {
	if want.Key == "" {
		return store.Row{}, job.ErrNotFound
	}
	return w.Shareable(want)
}

// join makes a job follow another.
func (w *work) join(r, leader store.Row, why string) (decide.Step, error) {
	if err := w.unname(&r); err != nil {
		return decide.Step{}, err
	}
	step, err := decide.Join(r, leader, w.now, why)
	if err != nil {
		return step, err
	}
	leader.Followers++
	if err := w.UpdateJob(leader); err != nil || leader.State != job.Queued || leader.Sent {
		return step, err
	}
	return step, w.Hasten(leader.ID, r.Owner, leader.Request.Kind, w.l.step(r.Owner))
}

// spread does to the followers of a job what a step did to it.
func (w *work) spread(s decide.Step) error {
	if len(s.Moves) == 0 {
		return w.spreadProgress(s)
	}
	followers, err := w.Following(s.Row.ID)
	if err != nil {
		return err
	}
	for _, f := range followers {
		step, err := decide.Follow(f, s, w.now)
		if err != nil {
			return err
		}
		if _, _, err := w.apply(step, false); err != nil {
			return err
		}
	}
	return nil
}

// spreadProgress is cheap, for there may be many followers and it comes often.
func (w *work) spreadProgress(s decide.Step) error {
	claimants, err := w.Claimants(s.Row.ID)
	if err != nil {
		return err
	}
	last := int64(0)
	for _, c := range claimants {
		if last, err = w.NextSeq(); err != nil {
			return err
		}
		w.Note(store.Note{JobID: c.ID, Owner: c.Owner})
	}
	p := store.Progress{Stage: s.Row.Stage, Percent: s.Row.Progress, At: w.now}
	return w.Spread(s.Row.ID, p, last-int64(len(claimants)))
}

// cancel makes the step of a job that its owner wants no more. A follower
// leaves; in place of a leader its oldest follower goes on with the run.
func (w *work) cancel(r store.Row, why string) (decide.Step, error) {
	switch {
	case r.State.Final():
	case r.Leader != "":
		leader, err := w.Job(r.Leader)
		if err != nil {
			return decide.Step{}, fmt.Errorf("read the leader of job %s: %w", r.ID, err)
		}
		leader.Followers--
		if err := w.UpdateJob(leader); err != nil {
			return decide.Step{}, err
		}
		return decide.Part(r, w.now, why)
	case r.Followers > 0:
		left, err := w.bequeath(r)
		if err != nil {
			return decide.Step{}, err
		}
		return decide.Part(left, w.now, why)
	}
	return decide.Cancel(r, w.now, why)
}

// bequeath hands the run of a leader over, with its promise.
func (w *work) bequeath(r store.Row) (left store.Row, err error) {
	followers, err := w.Following(r.ID)
	if err != nil {
		return r, err
	}
	if len(followers) == 0 {
		return r, fmt.Errorf("job %s has lost its %d followers", r.ID, r.Followers)
	}
	heir, left := decide.Inherit(followers[0], r)
	// In this order, for an alias is unique.
	if err := errors.Join(w.UpdateJob(left), w.UpdateJob(heir), w.Follow(r.ID, heir.ID)); err != nil {
		return r, err
	}
	p, err := w.Promise(r.ID)
	if missing(err) {
		return left, nil
	}
	if err != nil {
		return r, err
	}
	// The token stays: who publishes the message confirms it by the same name.
	p.JobID, p.Owner = heir.ID, heir.Owner
	return left, errors.Join(w.DropPromise(r.ID), w.PutPromise(p))
}

// again makes the step of a final job that its owner wants to be tried again.
func (w *work) again(r store.Row, why string) (decide.Step, error) {
	step, err := decide.Retry(r, w.now, why)
	if err != nil {
		return step, err
	}
	heir, err := w.Known(r.ID)
	switch {
	case missing(err):
	case err != nil:
		return step, err
	case !heir.State.Final():
		// Two runs of one name would mix up their attempts.
		return w.join(r, heir, why)
	default:
		r.Attempt = max(r.Attempt, heir.Attempt)
		heir.Alias, heir.Files = "", keptFiles(heir)
		if err := w.UpdateJob(heir); err != nil {
			return step, err
		}
	}
	other, err := w.shareable(store.Want{Key: r.WorkKey, Owner: r.Owner, Attempt: r.Attempt})
	switch {
	case missing(err):
		return decide.Retry(r, w.now, why)
	case err != nil:
		return step, err
	}
	return w.join(r, other, why)
}

// rally puts the jobs that failed with a run back to work.
func (w *work) rally(failed store.Row) error {
	rest, err := w.FailedWith(failed)
	if err != nil {
		return err
	}
	for _, r := range rest {
		step, err := w.again(r, "an operator put the lesson back to work")
		if err != nil {
			return err
		}
		if _, _, err := w.apply(step, false); err != nil {
			return err
		}
	}
	return nil
}
