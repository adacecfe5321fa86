package capacity_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/capacity"
)

func TestTheDocumentHasTheTables(t *testing.T) {
	t.Parallel()
	const path = "../../docs/capacity.md"
	doc, err := os.ReadFile(path)
	require.NoError(t, err)
	want, err := capacity.Fill(doc)
	require.NoError(t, err)
	require.Equal(t, string(want), string(doc), "run make generate")
	_, err = capacity.Fill([]byte("no marks"))
	require.Error(t, err)
}

func TestSharesAreWhole(t *testing.T) {
	t.Parallel()
	var sum float64
	for _, l := range capacity.Measured().Lessons {
		sum += l.Share
	}
	require.InDelta(t, 1, sum, 1e-9)
}

// Each deployment holds what it was drawn for, and not the next step.
func TestEachStepHasItsDeployment(t *testing.T) {
	t.Parallel()
	steps := capacity.Deployments()
	worst := func(d capacity.Deployment, students float64) float64 {
		return d.Strain(capacity.Plan(students, capacity.Measured(), capacity.Supposed()))[0].Share
	}
	require.Less(t, worst(steps[1], 1e6), 1.)
	require.Greater(t, worst(steps[0], 1e6), 1.)
	require.Less(t, worst(steps[2], 100e6), 1.)
	require.Greater(t, worst(steps[1], 100e6), 1.)
}

// The waits of a line with exponential arrivals and lengths are those that Erlang
// found (1917): the formula is in every book on queues.
func TestSimulationAgainstErlang(t *testing.T) {
	t.Parallel()
	const slots, busy, jobs = 4, .8, 400_000
	mean := time.Second
	r := rand.New(rand.NewPCG(3, 4))
	all := make([]capacity.Arrival, jobs)
	at := 0.
	for i := range all {
		at += r.ExpFloat64() / (slots * busy)
		all[i] = capacity.Arrival{At: seconds(at), Takes: seconds(r.ExpFloat64() * mean.Seconds())}
	}
	var waited time.Duration
	for i, o := range capacity.Simulate(capacity.Workers{Slots: slots}, all) {
		waited += o.Start - all[i].At
	}
	offered := slots * busy
	sum, term := 0., 1.
	for k := range slots {
		sum += term
		term *= offered / float64(k+1)
	}
	full := term / (1 - busy)
	want := full / (sum + full) / (slots * (1 - busy)) // mean wait in mean lengths
	require.InEpsilon(t, want, waited.Seconds()/jobs, .05)
}

func TestRetriesWaitAndCome(t *testing.T) {
	t.Parallel()
	w := capacity.Workers{Slots: 1, Backoff: 5 * time.Second, Overhead: time.Second}
	out := capacity.Simulate(w, []capacity.Arrival{
		{At: 0, Takes: 2 * time.Second, Fails: 2},
		{At: time.Second, Takes: 3 * time.Second},
	})
	// Fails at 2, runs 7 to 9 and fails, runs 19 to 21; the other runs 3 to 6.
	require.Equal(t, []capacity.Outcome{
		{Start: 0, End: 21 * time.Second},
		{Start: 3 * time.Second, End: 6 * time.Second},
	}, out)
}

func TestTrafficIsOfTheRate(t *testing.T) {
	t.Parallel()
	c, u := capacity.Measured(), capacity.Supposed()
	jobs := capacity.Traffic(2, c, u, 7)
	require.InEpsilon(t, 7200, len(jobs), .05)
	var took time.Duration
	failed := 0
	for _, j := range jobs {
		took += j.Takes
		failed += j.Fails
	}
	require.InEpsilon(t, capacity.MeanCPU(c).Seconds(), took.Seconds()/float64(len(jobs)), .05)
	require.InDelta(t, u.Tries-1, float64(failed)/float64(len(jobs)), .01)
	require.Equal(t, jobs, capacity.Traffic(2, c, u, 7), "the same seed, the same hour")
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }
