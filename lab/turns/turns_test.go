//go:build linux

package turns

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// One owner with 500 jobs in line does not hold up another owner's first job.
func TestAnothersFirstJobStartsSoon(t *testing.T) {
	const length = 400 * time.Millisecond
	owners := system(t, nil, "many", "one")
	crowd := submit(t, owners["many"], 500, always(length))
	require.Eventually(t, func() bool {
		j, err := owners["many"].Get(t.Context(), crowd[0].ID)
		return err == nil && j.Attempt > 0
	}, patience, tick)
	j := submit(t, owners["one"], 1, always(length))
	first := finished(t, owners["one"], j)[0]
	before := 0
	for c, err := range owners["many"].List(t.Context(), client.Filter{States: []string{client.Running, client.Succeeded}}) {
		require.NoError(t, err)
		if c.StartedAt.After(first.CreatedAt) && c.StartedAt.Before(first.StartedAt) {
			before++
		}
	}
	wait := first.StartedAt.Sub(first.CreatedAt)
	t.Logf("500 jobs of %s by one owner, %d slots: another's first job started after %s, %.2f job lengths and %d starts",
		length, slots, wait.Round(time.Millisecond), float64(wait)/float64(length), before)
	require.LessOrEqual(t, before, 2*slots, "two job lengths")
}

// Owners with a backlog start jobs in proportion to their weights.
func TestWeights(t *testing.T) {
	const each, looked = 120, 70
	weights := map[string]int{"one": 1, "two": 2, "four": 4}
	owners := system(t, []string{"OWNER_WEIGHTS=service:one=1,service:two=2,service:four=4"}, "one", "two", "four")
	var all []start
	var mu sync.Mutex
	var wg sync.WaitGroup
	jobs := map[string][]client.Job{}
	for name, c := range owners {
		wg.Go(func() {
			made := submit(t, c, each, always(100*time.Millisecond))
			mu.Lock()
			defer mu.Unlock()
			jobs[name] = made
		})
	}
	wg.Wait()
	backlog := time.Now()
	for name, c := range owners {
		for _, j := range finished(t, c, jobs[name]) {
			if j.StartedAt.After(backlog) { // before it, not everybody had one
				all = append(all, start{name, j.StartedAt})
			}
		}
	}
	slices.SortFunc(all, func(a, b start) int { return a.at.Compare(b.at) })
	share := map[string]int{}
	for _, s := range all[:looked] {
		share[s.owner]++
	}
	t.Logf("of %d starts: %v, weights %v", looked, share, weights)
	for name, w := range weights {
		require.InDelta(t, looked*w/7, share[name], 4, name)
	}
}

type start struct {
	owner string
	at    time.Time
}

// The forecast in a job's line against what happened: 200 jobs of random
// length, by three owners, read once while they wait.
func TestForecast(t *testing.T) {
	const jobs, least, most = 200, 100, 300 // ms
	names := []string{"ann", "ben", "cem"}
	owners := system(t, nil, names...)
	random := rand.New(rand.NewPCG(1, 2))
	lengths := make([]time.Duration, jobs)
	for i := range lengths {
		lengths[i] = time.Duration(least+random.IntN(most-least)) * time.Millisecond
	}
	// What is known of lengths comes from jobs that ended before.
	finished(t, owners["ann"], submit(t, owners["ann"], 20, func(i int) time.Duration { return lengths[i] }))
	var made [3][]client.Job
	for k, name := range names {
		part := lengths[k*jobs/3 : (k+1)*jobs/3]
		made[k] = submit(t, owners[name], len(part), func(i int) time.Duration { return part[i] })
	}
	var seen []sight
	for k, name := range names {
		for _, j := range made[k] {
			at := time.Now()
			now, err := owners[name].Get(t.Context(), j.ID)
			require.NoError(t, err)
			if now.Line != nil && !now.Line.LatestStart.IsZero() && !now.Line.LatestFinish.IsZero() {
				seen = append(seen, sight{owner: name, id: j.ID, at: at, line: *now.Line})
			}
		}
	}
	require.Greater(t, len(seen), jobs/2, "jobs that waited and had a forecast")
	var off, part []float64
	starts, ends := 0, 0
	for _, s := range seen {
		j := finished(t, owners[s.owner], []client.Job{{ID: s.id}})[0]
		middle := s.line.EarliestStart.Add(s.line.LatestStart.Sub(s.line.EarliestStart) / 2)
		miss := math.Abs(j.StartedAt.Sub(middle).Seconds())
		off = append(off, miss)
		part = append(part, miss/max(j.StartedAt.Sub(s.at).Seconds(), 0.1))
		if within(j.StartedAt, s.line.EarliestStart, s.line.LatestStart) {
			starts++
		}
		if within(j.FinishedAt, s.line.EarliestFinish, s.line.LatestFinish) {
			ends++
		}
	}
	t.Logf("%d forecasts: start off by %.2f s median, %.2f s p90 (%.0f %% and %.0f %% of the wait); inside the range: %d %% of starts, %d %% of ends",
		len(seen), quantile(off, .5), quantile(off, .9), 100*quantile(part, .5), 100*quantile(part, .9),
		100*starts/len(seen), 100*ends/len(seen))
	require.Less(t, quantile(part, .5), .25, "half of the forecasts within a quarter of the wait")
	require.Greater(t, starts, len(seen)/2)
}

// sight is what an owner was told of a waiting job.
type sight struct {
	owner, id string
	at        time.Time
	line      client.Line
}

func within(at, from, to time.Time) bool { return !at.Before(from) && !at.After(to) }

func quantile[T cmp.Ordered](all []T, q float64) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(q*float64(len(sorted)-1))]
}
