package ledger

import (
	"context"
	"errors"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// unname takes the name of its run from a job. Whoever gets it next goes on
// counting where its attempts ended.
func (w *work) unname(r *store.Row) error {
	if r.Alias == "" {
		return nil
	}
	named, err := w.Job(r.Alias)
	r.Alias, r.Files = "", keptFiles(*r)
	if missing(err) {
		return nil
	}
	if err != nil || named.Attempt >= r.Attempt {
		return err
	}
	named.Attempt = r.Attempt
	return w.UpdateJob(named)
}

// keptFiles: what attempts left that made nothing goes with their folder.
func keptFiles(r store.Row) job.ID {
	if r.State == job.Succeeded {
		return r.Files
	}
	return ""
}

// run reads the job that has the run which messages and workers know as id.
// has is false when the job of that id has no run of that name.
func (w *work) run(id job.ID) (row store.Row, has bool, err error) {
	row, err = w.Job(id)
	if err != nil && !missing(err) {
		return row, false, err
	}
	if err == nil && !row.State.Final() && row.Leader == "" && row.Alias == "" {
		return row, true, nil
	}
	heir, none := w.Known(id)
	switch {
	case none == nil:
		return heir, true, nil
	case !missing(none):
		return row, false, none
	}
	return row, row.Leader == "" && row.Alias == "", err
}

// history is that of a run: of the job with which it began, too.
func (w *work) history(r store.Row) ([]job.Move, error) {
	own, err := w.Moves(r.ID)
	if err != nil || r.Alias == "" {
		return own, err
	}
	before, err := w.Moves(r.Alias)
	return append(before, own...), err
}

// changeRun is change for the job that has the run which messages know as id.
func (l *Ledger) changeRun(
	ctx context.Context, id job.ID, decision func(w *work, r store.Row, has bool) (decide.Step, error),
) (j job.Job, err error) {
	err = l.update(ctx, func(w *work) error {
		row, has, err := w.run(id)
		if err != nil {
			return err
		}
		step, err := decision(w, row, has)
		if err != nil {
			return err
		}
		j, _, err = w.done(step)
		return err
	})
	return j, err
}

// leave deletes a job and has the folder swept that its artifacts were in, if
// they were the last there. It says whether its own folder may be swept.
func (w *work) leave(r store.Row) (sweep bool, err error) {
	nameless := r
	if err := errors.Join(w.unname(&nameless), w.DeleteJob(r.ID)); err != nil {
		return false, err
	}
	if r.Files != "" {
		if err := w.sweepLast(r.Files); err != nil {
			return false, err
		}
	}
	used, err := w.Used(r.ID)
	return !used, err
}

func (w *work) sweepLast(folder job.ID) error {
	used, err := w.Used(folder)
	if used || err != nil {
		return err
	}
	t, err := w.Tombstone(folder)
	if missing(err) {
		t = store.Tombstone{JobID: folder, DeletedAt: w.now}
		t.Seq, err = w.NextSeq()
	}
	if err != nil {
		return err
	}
	t.SweepAt, t.Sweeps = w.now, 0
	return w.PutTombstone(t)
}
