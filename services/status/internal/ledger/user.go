package ledger

import (
	"context"
	"strings"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// Get reads a job with its history. Another owner's is job.ErrNotFound.
func (l *Ledger) Get(ctx context.Context, id job.ID, owner string) (job.Job, error) {
	var j job.Job
	var row store.Row
	err := l.store.View(ctx, func(r store.Reader) (err error) {
		if row, err = owned(r, id, owner); err != nil {
			return err
		}
		j, err = full(r, row)
		return err
	})
	if err == nil {
		l.show(ctx, row, &j)
	}
	return j, err
}

// Cancel makes a job cancelled and tells the session that runs it.
func (l *Ledger) Cancel(ctx context.Context, id job.ID, owner, why string) (job.Job, error) {
	j, _, err := l.change(ctx, id, owner, func(w *work, r store.Row) (decide.Step, error) {
		return w.cancel(r, clip(why))
	})
	return j, err
}

// Retry queues a failed or cancelled job again. The entry is to be published
// at once.
func (l *Ledger) Retry(ctx context.Context, id job.ID, owner, why string) (job.Job, *Entry, error) {
	return l.change(ctx, id, owner, func(w *work, r store.Row) (decide.Step, error) {
		return w.again(r, clip(why))
	})
}

func (l *Ledger) change(
	ctx context.Context, id job.ID, owner string, decision func(*work, store.Row) (decide.Step, error),
) (j job.Job, entry *Entry, err error) {
	err = l.update(ctx, func(w *work) error {
		row, err := owned(w, id, owner)
		if err != nil {
			return err
		}
		step, err := decision(w, row)
		if err != nil {
			return err
		}
		j, entry, err = w.done(step)
		return err
	})
	return j, entry, err
}

// done applies a step and reads the job as it is then.
func (w *work) done(step decide.Step) (job.Job, *Entry, error) {
	row, entry, err := w.apply(step, false)
	if err != nil {
		return job.Job{}, nil, err
	}
	j, err := full(w, row)
	return j, entry, err
}

// Delete removes a final job. Its artifacts go soon after, by Sweep.
func (l *Ledger) Delete(ctx context.Context, id job.ID, owner string) error {
	return l.update(ctx, func(w *work) error {
		row, err := owned(w, id, owner)
		if err != nil {
			return err
		}
		if err := decide.Delete(row); err != nil {
			return err
		}
		return w.remove(row)
	})
}

// remove replaces a job by its tombstone.
func (w *work) remove(r store.Row) error {
	seq, err := w.NextSeq()
	if err != nil {
		return err
	}
	sweep, err := w.leave(r)
	if err != nil {
		return err
	}
	w.Note(store.Note{JobID: r.ID, Owner: r.Owner, Deadline: w.now})
	t := store.Tombstone{JobID: r.ID, Owner: r.Owner, Seq: seq, DeletedAt: w.now}
	if sweep {
		t.SweepAt = w.now
	}
	return w.PutTombstone(t)
}

// maxWhyBytes bounds a reason that a caller gives for the history.
const maxWhyBytes = 500

func clip(why string) string {
	if len(why) > maxWhyBytes {
		return strings.ToValidUTF8(why[:maxWhyBytes], "")
	}
	return why
}
