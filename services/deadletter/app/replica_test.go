package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/deadletter/app"
)

// second starts a replica beside the first and returns a client of it.
func (w *world) second() *deadletterclient.Client {
	w.t.Helper()
	o := w.options
	o.Listener = w.listen("second.sock")
	a, err := app.New(context.Background(), o)
	require.NoError(w.t, err)
	goRun(w.t, a.Run)
	require.Eventually(w.t, func() bool { return a.Ready() == nil }, patience, tick)
	return deadletterclient.New(w.dial("second.sock"), deadletterclient.Options{})
}

// TestReplicas share the letters in PostgreSQL, in the schema of the status
// service: each letter is there once, and replayed in both at once its job runs
// once more.
func TestReplicas(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	w := newWorldOn(t, server.URL(""))
	w.start()
	other := w.second()
	r, _ := w.work(1)
	w.relay()
	const jobs = 40
	for i := range jobs {
		require.NoError(t, publish(t.Context(), w, w.create(fmt.Sprintf("owner-%d", i))))
	}
	all := w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool {
		for _, l := range all {
			if !told(l) {
				return false
			}
		}
		return len(all) == jobs
	})
	var wg sync.WaitGroup
	for _, l := range all {
		for _, c := range []*deadletterclient.Client{w.letters, other} {
			wg.Go(func() {
				_, _, err := c.Replay(context.Background(), l.ID, "op", "at once")
				var state *deadletterclient.StateError
				if err != nil && (!errors.As(err, &state) || !replayed(state.State)) {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for _, l := range all {
		require.Equal(t, 2, w.becomes(l.JobID, job.Succeeded).Attempt)
		started, succeeded := r.of(l.JobID)
		require.Equal(t, []int{2, 1}, []int{started, succeeded})
	}
}

// TestReplicasShareReplays: each replay runs in one of them, and when that one
// ends the other goes on.
func TestReplicasShareReplays(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	w := newWorldOn(t, server.URL(""))
	w.start()
	other := w.second()
	c, r := w.breaks(map[string]int{"site": 60})
	c.mended("site")
	in := input(openOf("site"))
	in.Rate = 30
	p := w.replay(in)
	w.recovered(p.ID, 10, nil)
	w.stopLetters()
	w.letters = other
	last := w.over(p.ID)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: 60}, last.Counts)
	for _, l := range w.list(deadletterclient.Filter{PageSize: 200}) {
		started, succeeded := r.of(l.JobID)
		require.Equal(t, []int{2, 1}, []int{started, succeeded})
	}
}
