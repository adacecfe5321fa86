package app_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
)

// causes says of which owners' jobs fail, and why: an owner stands for a cause.
type causes struct {
	mu    sync.Mutex
	fault map[string]func(n int) error
}

func newCauses() *causes { return &causes{fault: map[string]func(int) error{}} }

func (c *causes) breaks(owner, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault[owner] = func(n int) error { return fault.New(fault.Poison, "%s (case %d).", text, n) }
}

func (c *causes) mended(owners ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, owner := range owners {
		delete(c.fault, owner)
	}
}

func (c *causes) end(a *worker.Attempt) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.fault[a.Job.Owner]; f != nil {
		return f(a.Number)
	}
	return nil
}

// kill makes n jobs of an owner that die, and waits for their letters.
func (w *world) kill(owner string, n int) {
	w.t.Helper()
	before := len(w.list(deadletterclient.Filter{Owner: owner, PageSize: 200}))
	for range n {
		require.NoError(w.t, publish(context.Background(), w, w.create(owner)))
	}
	w.until(deadletterclient.Filter{Owner: owner, PageSize: 200}, func(all []deadletterclient.DeadLetter) bool {
		return len(all) == before+n && !slices.ContainsFunc(all, func(l deadletterclient.DeadLetter) bool { return !told(l) })
	})
}

// broken is a world in which the jobs of each owner die of a cause of their own.
func broken(t *testing.T, owners map[string]int) (*world, *causes, *runs) {
	t.Helper()
	w := newWorld(t).start()
	c, r := w.breaks(owners)
	return w, c, r
}

func (w *world) breaks(owners map[string]int) (*causes, *runs) {
	w.t.Helper()
	c := newCauses()
	r, _ := w.workOn(c.end)
	w.relay()
	for _, owner := range slices.Sorted(maps.Keys(owners)) {
		c.breaks(owner, "The "+owner+" is broken")
		w.kill(owner, owners[owner])
	}
	return c, r
}

func openOf(owner string) deadletterclient.Selection {
	return deadletterclient.Selection{Filter: deadletterclient.Filter{States: []string{deadletterclient.Open}, Owner: owner}}
}

func input(s deadletterclient.Selection) deadletterclient.ReplayInput {
	return deadletterclient.ReplayInput{Selection: s, Rate: 100, Author: "op", Reason: "it is mended"}
}

func (w *world) replay(in deadletterclient.ReplayInput) deadletterclient.Replay {
	w.t.Helper()
	c, err := w.letters.CreateReplay(context.Background(), in)
	require.NoError(w.t, err)
	require.False(w.t, c.Existed)
	return c.Replay
}

// over watches a replay until nothing about it changes any more.
func (w *world) over(id string) (last deadletterclient.Replay) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	seen := 0
	for p, err := range w.letters.WatchReplay(ctx, id) {
		require.NoError(w.t, err)
		require.Equal(w.t, p.Letters, p.Counts.Sum(), "the counts add up: %+v", p.Counts)
		last = p
		seen++
	}
	require.True(w.t, last.Settled(), "%+v", last)
	require.Positive(w.t, seen)
	return last
}

// TestGroupsAndPlan: five causes make five groups, and a dry run tells what a
// replay would do without doing it.
func TestGroupsAndPlan(t *testing.T) {
	t.Parallel()
	owners := map[string]int{"site": 12, "writer": 7, "store": 5, "worker": 3}
	w := newWorld(t).start()
	for i := range 2 {
		w.dead(message(i), reason)
	}
	w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool { return len(all) == 2 })
	w.breaks(owners)
	page, err := w.letters.Groups(t.Context(), deadletterclient.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Groups, 5)
	sizes := map[string]int{}
	for _, g := range page.Groups {
		sizes[g.Template] = g.Letters
		require.Len(t, g.Fingerprint, 16)
		require.Equal(t, string(fault.Poison), g.Fault)
		require.False(t, g.LastAt.Before(g.FirstAt))
		sample, err := w.letters.Get(t.Context(), g.Sample)
		require.NoError(t, err)
		require.Equal(t, g.Fingerprint, sample.Fingerprint)
		of := w.list(deadletterclient.Filter{Fingerprint: g.Fingerprint, PageSize: 200})
		require.Len(t, of, g.Letters)
		require.Equal(t, g.Sample, of[0].ID, "the newest")
	}
	require.Equal(t, map[string]int{
		"The site is broken (case <n>).": 12, "The writer is broken (case <n>).": 7, "The store is broken (case <n>).": 5,
		"The worker is broken (case <n>).": 3, "It can't be read.": 2,
	}, sizes)
	paged := w.groupPages(2)
	require.Equal(t, page.Groups, paged)
	text, err := w.letters.Groups(t.Context(), deadletterclient.Filter{Text: "WRITER IS"})
	require.NoError(t, err)
	require.Len(t, text.Groups, 1)

	in := input(deadletterclient.Selection{Filter: deadletterclient.Filter{States: []string{deadletterclient.Open}}})
	plan, err := w.letters.PlanReplay(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, 27, plan.Letters)
	require.Len(t, plan.Groups, 4)
	require.Equal(t, []deadletterclient.Skipped{{Why: deadletterclient.SkippedUndecodable, Letters: 2}}, plan.Skipped)
	require.Len(t, w.list(deadletterclient.Filter{States: []string{deadletterclient.Open}, PageSize: 200}), 29, "nothing was done")
	none, err := w.letters.ListReplays(t.Context(), deadletterclient.ReplayFilter{})
	require.NoError(t, err)
	require.Empty(t, none.Replays)
}

func (w *world) groupPages(size int) (all []deadletterclient.Group) {
	w.t.Helper()
	f := deadletterclient.Filter{PageSize: size}
	for {
		page, err := w.letters.Groups(context.Background(), f)
		require.NoError(w.t, err)
		all = append(all, page.Groups...)
		if f.PageToken = page.NextPageToken; f.PageToken == "" {
			return all
		}
	}
}

// TestCanary: a cause that is not mended stops its replay by itself with
// nothing else touched, one that is runs through.
func TestCanary(t *testing.T) {
	t.Parallel()
	w, c, r := broken(t, map[string]int{"site": 20, "writer": 20})
	c.mended("writer")
	halted := w.over(w.replay(input(openOf("site"))).ID)
	require.Equal(t, deadletterclient.ReplayStopped, halted.State)
	require.Contains(t, halted.Why, "failed again with the same fault")
	require.False(t, halted.CanaryPassed)
	require.Equal(t, 20, halted.Counts.Sum())
	require.LessOrEqual(t, halted.Counts.FailedAgain, 3)
	require.Equal(t, 17, halted.Counts.Skipped)
	w.until(deadletterclient.Filter{Owner: "site", PageSize: 200}, func(all []deadletterclient.DeadLetter) bool {
		return len(all) == 20+halted.Counts.FailedAgain // only the first died again
	})

	done := w.over(w.replay(input(openOf("writer"))).ID)
	require.Equal(t, deadletterclient.ReplayDone, done.State)
	require.True(t, done.CanaryPassed)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: 20}, done.Counts)
	for _, l := range w.list(deadletterclient.Filter{Owner: "writer", PageSize: 200}) {
		require.Equal(t, deadletterclient.Recovered, l.State)
		require.Equal(t, done.ID, l.ReplayID)
		started, succeeded := r.of(l.JobID)
		require.Equal(t, []int{2, 1}, []int{started, succeeded})
	}
	log, err := w.letters.Audit(t.Context(), deadletterclient.AuditFilter{Author: deadletterclient.Service})
	require.NoError(t, err)
	require.Len(t, log.Records, 1)
	require.Equal(t, deadletterclient.ActionReplayStop, log.Records[0].Action)
}

// TestCanaryTimeout: an outcome that does not come stops a replay, too.
func TestCanaryTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.CanaryTimeout = time.Millisecond
	w.start()
	_, stop := w.work(9)
	require.NoError(t, publish(t.Context(), w, w.create("ada")))
	w.one(told)
	stop() // nobody works any more
	p := w.replay(input(openOf("ada")))
	require.Eventually(t, func() bool {
		got, err := w.letters.GetReplay(context.Background(), p.ID)
		return err == nil && got.State == deadletterclient.ReplayStopped && got.Why != ""
	}, patience, tick)
}

// TestSteering: paused takes none, resumed goes on, stopped leaves the rest.
func TestSteering(t *testing.T) {
	t.Parallel()
	w, c, _ := broken(t, map[string]int{"site": 12})
	c.mended("site")
	in := input(openOf("site"))
	in.Rate, in.Canary = 0.1, deadletterclient.NoCanary // one at once, the next after 10 s
	p := w.replay(in)
	paused, err := w.letters.PauseReplay(t.Context(), p.ID, "op", "lunch")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.ReplayPaused, paused.State)
	require.Equal(t, "lunch", paused.Why)
	again, err := w.letters.PauseReplay(t.Context(), p.ID, "op", "still lunch")
	require.NoError(t, err)
	require.Equal(t, "lunch", again.Why)
	resumed, err := w.letters.ResumeReplay(t.Context(), p.ID, "op", "back")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.ReplayRunning, resumed.State)
	stopped, err := w.letters.StopReplay(t.Context(), p.ID, "op", "enough")
	require.NoError(t, err)
	require.Equal(t, deadletterclient.ReplayStopped, stopped.State)
	require.Zero(t, stopped.Counts.Waiting)
	last := w.over(p.ID)
	require.LessOrEqual(t, last.Counts.Recovered, 2)
	require.Equal(t, 12, last.Counts.Recovered+last.Counts.Skipped)
	_, err = w.letters.ResumeReplay(t.Context(), p.ID, "op", "no")
	var state *deadletterclient.ReplayStateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, deadletterclient.ReplayStopped, state.State)
	_, err = w.letters.StopReplay(t.Context(), "nothing", "op", "no")
	require.ErrorIs(t, err, deadletterclient.ErrReplayNotFound)

	log, err := w.letters.Audit(t.Context(), deadletterclient.AuditFilter{Author: "op"})
	require.NoError(t, err)
	var actions []string
	for _, a := range log.Records {
		actions = append(actions, a.Action)
	}
	require.Equal(t, []string{
		deadletterclient.ActionReplayStop, deadletterclient.ActionReplayResume, deadletterclient.ActionReplayPause,
		deadletterclient.ActionReplayCreate,
	}, actions)
}

// TestOverlappingReplays: two operators at once, and no letter is in both.
func TestOverlappingReplays(t *testing.T) {
	t.Parallel()
	w, c, r := broken(t, map[string]int{"site": 40})
	c.mended("site")
	all := w.list(deadletterclient.Filter{PageSize: 200})
	var ids []string
	for _, l := range all {
		ids = append(ids, l.ID)
	}
	made := make(chan deadletterclient.Replay, 2)
	var wg sync.WaitGroup
	for i, part := range [][]string{ids[:25], ids[15:]} {
		wg.Go(func() {
			in := input(deadletterclient.Selection{IDs: part})
			in.Author = fmt.Sprintf("op-%d", i)
			created, err := w.letters.CreateReplay(context.Background(), in)
			if err != nil {
				t.Error(err)
				return
			}
			made <- created.Replay
		})
	}
	wg.Wait()
	close(made)
	letters, skipped := 0, 0
	for p := range made {
		last := w.over(p.ID)
		letters += last.Letters
		require.Equal(t, last.Letters, last.Counts.Recovered)
		for _, s := range last.Skipped {
			skipped += s.Letters
		}
	}
	require.Equal(t, 40, letters)
	require.Equal(t, 10, skipped)
	for _, l := range all {
		started, succeeded := r.of(l.JobID)
		require.Equal(t, []int{2, 1}, []int{started, succeeded})
	}
}

// TestIdempotencyKey: the same key makes one replay, with another request it is
// refused.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	w, c, _ := broken(t, map[string]int{"site": 2})
	c.mended("site")
	in := input(openOf("site"))
	in.IdempotencyKey = "k"
	first := w.replay(in)
	second, err := w.letters.CreateReplay(t.Context(), in)
	require.NoError(t, err)
	require.True(t, second.Existed)
	require.Equal(t, first.ID, second.Replay.ID)
	in.Rate = 7
	_, err = w.letters.CreateReplay(t.Context(), in)
	require.ErrorIs(t, err, deadletterclient.ErrKeyReused)
	w.over(first.ID)
}

// TestRate: 4 s at 5 a second are 20 letters, give or take a tenth. It runs by
// itself, because it measures time.
func TestRate(t *testing.T) {
	const letters, perSecond = 21, 5.0
	w, c, _ := broken(t, map[string]int{"site": letters})
	c.mended("site")
	in := input(openOf("site"))
	in.Rate, in.Canary = perSecond, deadletterclient.NoCanary
	p := w.over(w.replay(in).ID)
	require.Equal(t, letters, p.Counts.Recovered)
	took := p.EndedAt.Sub(p.CreatedAt).Seconds() - 1/perSecond // the look for a further letter
	require.Greater(t, took, 0.9*(letters-1)/perSecond)
	require.Less(t, took, 2*(letters-1)/perSecond, "with the noise of a busy machine")
}

// TestCancelledAndDeleted are outcomes, too.
func TestCancelledAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	_, stop := w.work(9)
	for range 2 {
		require.NoError(t, publish(t.Context(), w, w.create("ada")))
	}
	all := w.until(deadletterclient.Filter{}, func(all []deadletterclient.DeadLetter) bool {
		return len(all) == 2 && told(all[0]) && told(all[1])
	})
	stop()
	in := input(openOf("ada"))
	in.Canary = deadletterclient.NoCanary
	p := w.replay(in)
	w.becomes(all[0].JobID, job.Queued)
	w.becomes(all[1].JobID, job.Queued)
	for _, l := range all {
		_, err := w.status.Cancel(t.Context(), l.JobID, "", "not wanted any more")
		require.NoError(t, err)
	}
	require.NoError(t, w.status.Delete(t.Context(), all[0].JobID, ""))
	require.Equal(t, deadletterclient.ReplayCounts{Cancelled: 2}, w.over(p.ID).Counts)
}
