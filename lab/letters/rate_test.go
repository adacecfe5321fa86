//go:build linux

package letters

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/lab/labor"
)

const (
	replayRate  = 5.0 // letters a second, the default
	studentRate = 3   // jobs a second of students
	length      = 100 * time.Millisecond
	delayLimit  = 10 * time.Second // more than without a replay; the aim is one second
)

// A replay keeps to its rate, and students hardly notice it.
// It runs alone: what it measures is not the load of other tests.
func TestRateOfAReplay(t *testing.T) {
	long := 10 * time.Second
	if wanted := os.Getenv("STUDYCAST_REPLAY_TIME"); wanted != "" {
		var err error
		long, err = time.ParseDuration(wanted)
		require.NoError(t, err)
	}
	o := labWorkers(1)
	o.Env = []string{"VIDEO_SLOTS=2"}
	r := start(t, o)
	r.dying(r.college, int(replayRate*long.Seconds())+20, length)

	alone := r.students(long / 2)
	made, err := r.olga.letters.CreateReplay(t.Context(), deadletterclient.ReplayInput{
		Selection: deadletterclient.Selection{Filter: openLetters}, Author: r.olga.name, Reason: "measured", Rate: replayRate,
	})
	require.NoError(t, err)
	r.eventually("the first letters do not recover", func() bool {
		p, err := r.olga.letters.GetReplay(t.Context(), made.Replay.ID)
		return err == nil && p.CanaryPassed
	})
	beside := r.students(long)
	var p deadletterclient.Replay
	for p, err = range r.olga.letters.WatchReplay(t.Context(), made.Replay.ID) {
		require.NoError(t, err)
	}
	require.Equal(t, p.Letters, p.Counts.Recovered)
	taken := r.taken(made.Replay.ID)
	rate := float64(len(taken)-1) / taken[len(taken)-1].Sub(taken[0]).Seconds()
	t.Logf("%d letters went back to work at %.2f a second", len(taken), rate)
	require.Less(t, rate, 1.1*replayRate)
	require.Greater(t, rate, replayRate/2, "with the noise of a busy machine")
	p95 := func(waits []time.Duration) time.Duration { return waits[(len(waits)*95+99)/100-1] }
	t.Logf("students waited %s at p95 without a replay, %s beside it (%d and %d jobs)",
		p95(alone).Round(time.Millisecond), p95(beside).Round(time.Millisecond), len(alone), len(beside))
	require.Less(t, p95(beside)-p95(alone), delayLimit)
}

// students submit jobs for a while and return how long each waited for its
// start, the shortest wait first.
func (r *rig) students(long time.Duration) []time.Duration {
	t := r.t
	t.Helper()
	until := time.Now().Add(long)
	var ids []string
	pace := time.NewTicker(time.Second / studentRate)
	defer pace.Stop()
	for i := 0; time.Now().Before(until); i++ {
		j, err := r.school.Submit(t.Context(), labelled(fmt.Sprintf("Waves of %s,", until.Format(time.TimeOnly)), map[string]string{labor.LabelSleep: length.String()})(i))
		require.NoError(t, err)
		ids = append(ids, j.ID)
		<-pace.C
	}
	waits := make([]time.Duration, len(ids))
	for i, id := range ids {
		j, err := r.school.Wait(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, client.Succeeded, j.State)
		waits[i] = j.StartedAt.Sub(j.CreatedAt)
	}
	slices.Sort(waits)
	return waits
}

// taken returns when the letters of a replay were taken, without the first ones
// that went alone.
func (r *rig) taken(replay string) []time.Time {
	t := r.t
	t.Helper()
	var all []time.Time
	for token := ""; ; {
		page, err := r.olga.letters.List(t.Context(), deadletterclient.Filter{PageSize: 200, PageToken: token})
		require.NoError(t, err)
		for _, l := range page.Letters {
			if l.ReplayID == replay {
				all = append(all, l.ReplayedAt)
			}
		}
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	const canary = 3
	return all[canary:]
}
