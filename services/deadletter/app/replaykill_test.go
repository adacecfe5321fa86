package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

const inReplay = 300

// TestReplayAndKills: a replay of 300 is made once, and the service is killed
// with kill -9 at the worst moments, and from outside. Each letter ends once,
// each job runs once more, and the counts add up.
func TestReplayAndKills(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.manyDie(inReplay)
	w.takeAll(ids)
	w.broker = memory(t) // the one with the dead queues belongs to the service
	r, _ := w.work(1)
	w.relay()

	first := w.spawn("after-freeze-before-run")
	in := input(deadletterclient.Selection{Filter: deadletterclient.Filter{States: []string{deadletterclient.Open}}})
	in.IdempotencyKey = "the night of the fire"
	w.reachable()
	_, err := w.letters.CreateReplay(context.Background(), in)
	require.ErrorIs(t, err, deadletterclient.ErrUnavailable)
	first.killed(w)
	for _, moment := range []string{
		"after-replaying-before-replay:2", "after-canary-before-rest", "after-replaying-before-replay:40",
		"after-replay-before-replayed:40",
	} {
		w.spawn(moment).killed(w)
	}
	c := w.spawn("after-last-before-done")
	w.reachable()
	again, err := w.letters.CreateReplay(context.Background(), in)
	require.NoError(t, err)
	require.True(t, again.Existed, "the key makes one replay")
	w.recovered(again.Replay.ID, 150, c.ended) // or it dies at the end of the rest, before all outcomes are known
	c.kill()
	w.spawn("after-last-before-done").killed(w)
	w.spawn("")
	w.reachable()
	last := w.over(again.Replay.ID)
	require.Equal(t, deadletterclient.ReplayDone, last.State)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: inReplay}, last.Counts)
	for _, id := range ids {
		require.Equal(t, 2, w.becomes(id, job.Succeeded).Attempt, id)
		started, succeeded := r.of(id)
		require.Equal(t, []int{1, 1}, []int{started, succeeded}, "job %s ran and succeeded once after its replay", id)
	}
	require.Len(t, w.list(deadletterclient.Filter{PageSize: 200, States: []string{deadletterclient.Recovered}}), inReplay)
}

// reachable waits until the service answers.
func (w *world) reachable() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		_, err := w.letters.ListReplays(context.Background(), deadletterclient.ReplayFilter{})
		return err == nil
	}, patience, tick)
}

// recovered waits until so many letters of a replay are recovered, or until gone
// is closed.
func (w *world) recovered(id string, n int, gone <-chan struct{}) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		select {
		case <-gone:
			return true
		default:
		}
		p, err := w.letters.GetReplay(context.Background(), id)
		return err == nil && p.Counts.Recovered >= n
	}, patience, tick)
}
