package storetest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// bury is the dead-letter service that hears of a dead letter, twice.
func (w *world) bury(j *knownJob, number int) {
	letter := ledger.Letter{ID: fmt.Sprint("letter", w.letters), Attempt: number, Fault: job.Fault{Text: "died"}}
	w.letters++
	before, err := w.l.Get(w.ctx, j.id, "")
	w.ok(err)
	got, err := w.l.Bury(w.ctx, j.id, letter)
	w.ok(err)
	again, err := w.l.Bury(w.ctx, j.id, letter)
	w.ok(err)
	require.Equal(w.t, got, again, "burying twice is not the same")
	old := number < j.fresh
	if got.Version == before.Version {
		before.Line = nil // reads show it, changes don't
		require.Equal(w.t, before, got)
		require.False(w.t, j.state == job.Failed && j.letter == "" && !old, "a failed job got no mark")
	} else {
		require.False(w.t, old, "a message of an earlier life buries the job")
		require.NotContains(w.t, []job.State{job.Succeeded, job.Cancelled, job.Scheduled}, before.State)
		require.Equal(w.t, job.Failed, got.State)
		require.Equal(w.t, letter.ID, got.DeadLetter)
		j.state, j.letter = job.Failed, letter.ID
	}
	if j.state == job.Failed && !old {
		j.owes = false
	}
}

// die lets the broker give up a message that was handed out too often.
func (w *world) die() {
	if len(w.queue) == 0 {
		return
	}
	i := w.pick("message", len(w.queue))
	m := w.queue[i]
	w.queue = append(w.queue[:i], w.queue[i+1:]...)
	if m.j.gone {
		_, err := w.l.Bury(w.ctx, m.j.id, ledger.Letter{ID: "late", Attempt: m.number})
		require.ErrorIs(w.t, err, job.ErrNotFound)
		return
	}
	w.bury(m.j, m.number)
}

// replay is an operator who replays a dead letter twice.
func (w *world) replay() {
	j := w.someJob()
	letter := j.letter
	if letter == "" {
		letter = "another"
	}
	got, err := w.l.Replay(w.ctx, j.id, letter, "", nil)
	switch {
	case j.gone:
		require.ErrorIs(w.t, err, job.ErrNotFound)
	case j.letter == "":
		require.ErrorAs(w.t, err, new(*job.StateError))
	default:
		w.ok(err)
		require.Equal(w.t, job.Queued, got.State)
		require.Zero(w.t, got.Spent)
		again, err := w.l.Replay(w.ctx, j.id, letter, "", nil)
		w.ok(err)
		require.Equal(w.t, got, again, "replayed twice it ran twice")
		w.anew(j)
	}
}

// anew is what a retry and a replay do.
func (w *world) anew(j *knownJob) {
	j.state, j.owes, j.letter, j.fresh = job.Queued, false, "", j.attempt+1
}
