package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// die makes a job that died once and would succeed next time.
func (w *world) die() (*runs, job.ID, deadletterclient.DeadLetter) {
	w.t.Helper()
	r, _ := w.work(1)
	w.relay()
	e := w.create("ada")
	require.NoError(w.t, publish(context.Background(), w, e))
	return r, e.JobID, w.one(told)
}

// replayed reports whether a letter is back at work, or was: its job may be
// over at once.
func replayed(state string) bool {
	return state == deadletterclient.Replayed || state == deadletterclient.Recovered
}

// outcomes counts letters by their outcome.
func outcomes(all []deadletterclient.DeadLetter) map[string]int {
	by := map[string]int{}
	for _, l := range all {
		by[l.Outcome]++
	}
	return by
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	r, id, l := w.die()
	after, j, err := w.letters.Replay(t.Context(), l.ID, "op", "the site is back")
	require.NoError(t, err)
	require.True(t, replayed(after.State), after.State)
	require.Equal(t, "op", after.ReplayedBy)
	require.Equal(t, "the site is back", after.ReplayReason)
	require.False(t, after.ReplayedAt.IsZero())
	require.NotEmpty(t, after.Body, "the answer is whole")
	require.Equal(t, lesson, *after.Request)
	require.Equal(t, id, j.ID)
	require.Equal(t, job.Queued, j.State)
	require.Empty(t, j.DeadLetter, "the mark is gone")
	require.Zero(t, j.Spent, "a fresh budget")
	j = w.becomes(id, job.Succeeded)
	require.Equal(t, 2, j.Attempt)
	started, succeeded := r.of(id)
	require.Equal(t, []int{2, 1}, []int{started, succeeded})
	var why []string
	for _, m := range j.History {
		why = append(why, m.Why)
	}
	require.Contains(t, strings.Join(why, "\n"), "replayed by op: the site is back")

	_, _, err = w.letters.Replay(t.Context(), l.ID, "eve", "again")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	require.True(t, replayed(state.State), state.State)
	require.Contains(t, state.Why, "op replayed it")
	recovered := w.one(func(l deadletterclient.DeadLetter) bool { return l.State == deadletterclient.Recovered })
	require.Equal(t, deadletterclient.OutcomeRecovered, recovered.Outcome)
	require.Equal(t, string(job.Succeeded), recovered.JobState)
	require.False(t, recovered.OutcomeAt.IsZero())
	_, _, err = w.letters.Replay(t.Context(), "nothing", "op", "why not")
	require.ErrorIs(t, err, deadletterclient.ErrNotFound)
	_, err = w.letters.Get(t.Context(), "nothing")
	require.ErrorIs(t, err, deadletterclient.ErrNotFound)
}

// TestReplayAtOnce: many operators at once, and the job runs once more.
func TestReplayAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	r, id, l := w.die()
	var wg sync.WaitGroup
	var done atomic.Int64
	for range 20 {
		wg.Go(func() {
			_, _, err := w.letters.Replay(context.Background(), l.ID, "op", "at once")
			var state *deadletterclient.StateError
			switch {
			case err == nil:
				done.Add(1)
			case !errors.As(err, &state) || !replayed(state.State):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Positive(t, done.Load())
	w.becomes(id, job.Succeeded)
	w.empty()
	started, succeeded := r.of(id)
	require.Equal(t, []int{2, 1}, []int{started, succeeded})
}

// TestDeathAfterReplay is another letter, and that can be replayed too.
func TestDeathAfterReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	r, _ := w.work(3)
	w.relay()
	e := w.create("ada")
	require.NoError(t, publish(t.Context(), w, e))
	for n := 1; n <= 3; n++ {
		open := w.until(deadletterclient.Filter{States: []string{deadletterclient.Open}, JobID: e.JobID},
			func(all []deadletterclient.DeadLetter) bool { return len(all) == 1 && told(all[0]) })
		require.Equal(t, n, open[0].Attempt)
		_, _, err := w.letters.Replay(t.Context(), open[0].ID, "op", "once more")
		require.NoError(t, err)
	}
	w.becomes(e.JobID, job.Succeeded)
	started, succeeded := r.of(e.JobID)
	require.Equal(t, []int{4, 1}, []int{started, succeeded})
	for outcome, n := range map[string]int{deadletterclient.OutcomeFailedAgain: 2, deadletterclient.OutcomeRecovered: 1} {
		w.until(deadletterclient.Filter{JobID: e.JobID}, func(all []deadletterclient.DeadLetter) bool {
			return len(all) == 3 && outcomes(all)[outcome] == n
		})
	}
}

// TestReplayThatTheJobRefuses: its owner was quicker. The letter is recovered
// without a replay, with the reason in the answer.
func TestReplayThatTheJobRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	_, id, l := w.die()
	_, entry, err := w.status.Retry(t.Context(), id, "ada", "I try it again")
	require.NoError(t, err)
	require.NoError(t, publish(t.Context(), w, *entry))
	w.becomes(id, job.Succeeded)
	_, _, err = w.letters.Replay(t.Context(), l.ID, "op", "too late")
	var state *deadletterclient.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, deadletterclient.Recovered, state.State)
	require.Contains(t, state.Why, "succeeded")
	require.NotEmpty(t, state.Remedy)
	after := w.one(told)
	require.Equal(t, deadletterclient.Recovered, after.State)
	require.Equal(t, deadletterclient.OutcomeRecovered, after.Outcome)
	require.Equal(t, string(job.Succeeded), after.JobState)
	require.Empty(t, after.ReplayedBy, "nothing was replayed")
	require.True(t, after.ReplayedAt.IsZero())
	_, _, err = w.letters.Replay(t.Context(), l.ID, "op", "once more")
	require.ErrorAs(t, err, &state)
	require.Contains(t, state.Why, "without")
}

// TestReplayWhileTheStatusServiceIsAway: the decision stands and is carried out
// when it is back.
func TestReplayWhileTheStatusServiceIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	r, id, l := w.die()
	w.stopStatus()
	_, _, err := w.letters.Replay(t.Context(), l.ID, "op", "the site is back")
	require.ErrorIs(t, err, deadletterclient.ErrUnavailable)
	require.Equal(t, deadletterclient.Replaying, w.one(told).State)
	w.startStatus()
	after := w.one(func(l deadletterclient.DeadLetter) bool { return replayed(l.State) })
	require.Equal(t, "op", after.ReplayedBy)
	w.becomes(id, job.Succeeded)
	started, _ := r.of(id)
	require.Equal(t, 2, started)
}

func TestBadCallsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	for i := range 3 {
		w.dead(message(i), reason)
	}
	w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 3 })
	page, err := w.letters.List(t.Context(), deadletterclient.Filter{PageSize: 1})
	require.NoError(t, err)
	require.NotEmpty(t, page.NextPageToken)
	require.Len(t, w.list(deadletterclient.Filter{PageSize: 1}), 3)
	for path, f := range map[string]deadletterclient.Filter{
		"page_size":  {PageSize: 201},
		"page_token": {PageToken: page.NextPageToken, Kind: job.Audio},
		"kind":       {Kind: "hologram"},
		"states":     {States: []string{deadletterclient.Open, "lost"}},
	} {
		_, err := w.letters.List(t.Context(), f)
		refused(t, err, path)
	}
	_, err = w.letters.List(t.Context(), deadletterclient.Filter{PageToken: "x"})
	refused(t, err, "page_token")
	_, _, err = w.letters.Replay(t.Context(), page.Letters[0].ID, " ", strings.Repeat("x", 1001))
	refused(t, err, "author", "reason")
}

// refused checks that err names exactly these fields.
func refused(t *testing.T, err error, paths ...string) {
	t.Helper()
	var invalid *job.InvalidError
	require.ErrorAs(t, err, &invalid)
	var got []string
	for _, f := range invalid.Fields {
		require.NotEmpty(t, f.Message)
		got = append(got, f.Path)
	}
	require.Equal(t, paths, got)
}
