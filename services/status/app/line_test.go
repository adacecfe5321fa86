package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

// plant is a relay, a broker and workers around a status service.
type plant struct {
	*service
	broker chan statusclient.OutboxEntry
	ctx    context.Context

	mu     sync.Mutex
	starts []begun
}

// begun is the start of an attempt.
type begun struct {
	job.Job
	at time.Time
}

const lesson = 10 * time.Second // how long a job takes here

// build lets a relay and so many workers with one slot each run until the end of
// the test; take says how long a job takes.
func build(t *testing.T, s *service, workers int, take func() time.Duration) *plant {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &plant{service: s, broker: make(chan statusclient.OutboxEntry, 10_000), ctx: ctx}
	var wg sync.WaitGroup
	wg.Go(p.relay)
	for range workers {
		sess, err := s.client.OpenSession(ctx, statusclient.SessionOptions{
			Worker: "w", Kind: job.Video, Slots: 1, OnCommand: func(statusclient.Command) {},
		})
		require.NoError(t, err)
		wg.Go(func() {
			p.work(sess, take)
			sess.Close(ctx)
		})
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return p
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func (p *plant) relay() {
	for p.ctx.Err() == nil {
		entries, err := p.client.ClaimOutbox(p.ctx, 64, time.Minute)
		if err == nil {
			p.publish(entries...)
		}
	}
}

func (p *plant) publish(entries ...statusclient.OutboxEntry) {
	for _, e := range entries {
		p.broker <- e
	}
	if err := p.client.ConfirmOutbox(p.ctx, entries); err != nil && p.ctx.Err() == nil {
		p.t.Error(err)
	}
}

func (p *plant) work(sess *statusclient.Session, take func() time.Duration) {
	for {
		select {
		case e := <-p.broker:
			p.attempt(sess, e, take())
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *plant) attempt(sess *statusclient.Session, e statusclient.OutboxEntry, takes time.Duration) {
	a, err := sess.Start(p.ctx, e.JobID, "")
	if err != nil || a.Granted == nil {
		return // cancelled meanwhile, or the end
	}
	p.mu.Lock()
	p.starts = append(p.starts, begun{a.Granted.Job, time.Now()})
	p.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-p.ctx.Done():
	}
	if _, err := sess.Finish(p.ctx, e.JobID, a.Granted.Attempt, success()); err != nil && p.ctx.Err() == nil {
		p.t.Error(err)
	}
}

// submit creates a job as the gateway does.
func (p *plant) submit(owner string, change ...func(*job.Request)) job.Job {
	p.t.Helper()
	req := ask(job.Video)
	req.Fresh = true
	for _, c := range change {
		c(&req)
	}
	c, err := p.client.Create(p.ctx, statusclient.CreateInput{Owner: owner, Request: req})
	require.NoError(p.t, err)
	if c.Entry != nil {
		p.publish(*c.Entry)
	}
	return c.Job
}

func (p *plant) crowd(owner string, jobs int, change ...func(*job.Request)) (all []job.Job) {
	p.t.Helper()
	for range jobs {
		all = append(all, p.submit(owner, change...))
	}
	return all
}

func (p *plant) started() []begun {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.starts)
}

// startOf returns how long after a time a job started, and after how many
// others that started since.
func (p *plant) startOf(id job.ID, since time.Time) (wait time.Duration, others int) {
	p.t.Helper()
	for _, s := range p.started() {
		if s.ID == id {
			return s.at.Sub(since), others
		}
		if s.at.After(since) {
			others++
		}
	}
	require.Fail(p.t, "the job did not start")
	return 0, 0
}

func TestFirstJobOfAnotherOwnerDoesNotWaitForFiveHundred(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := build(t, start(t), 2, always(lesson))
		p.crowd("greedy", 500)
		time.Sleep(5*lesson + time.Second)
		began := time.Now()
		first := p.submit("ada")
		time.Sleep(5 * lesson)
		wait, others := p.startOf(first.ID, began)
		t.Logf("started after %s and %d others", wait, others)
		require.LessOrEqual(t, wait, 2*lesson)
		require.LessOrEqual(t, others, 3, "what was with the broker, and what starts beside it")
	})
}

func TestOwnersStartInProportionToTheirWeights(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, func(o *app.Options) { o.OwnerWeights = map[string]int{"ben": 2, "*": 1, "cleo": 4} })
		p := build(t, s, 2, always(lesson))
		for range 120 {
			for _, owner := range []string{"ada", "ben", "cleo"} {
				p.submit(owner)
			}
		}
		time.Sleep(75 * lesson)
		counts := map[string]int{}
		for _, s := range p.started()[:140] {
			counts[s.Owner]++
		}
		t.Log(counts)
		for owner, share := range map[string]int{"ada": 1, "ben": 2, "cleo": 4} {
			require.InDelta(t, 140*share/7, counts[owner], 4, owner)
		}
	})
}

func TestScheduledHerdStandsInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := build(t, start(t), 2, always(lesson))
		at := time.Now().Add(time.Minute)
		p.crowd("greedy", 150, func(r *job.Request) { r.RunAt = at })
		time.Sleep(time.Minute + time.Second)
		began := time.Now()
		first := p.submit("ada")
		time.Sleep(5 * lesson)
		wait, _ := p.startOf(first.ID, began)
		require.LessOrEqual(t, wait, 2*lesson)
		require.GreaterOrEqual(t, len(p.started()), 10, "the herd is worked off")
	})
}

func TestCancelledCrowdMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := build(t, start(t), 1, always(lesson))
		for _, j := range p.crowd("greedy", 500) {
			_, err := p.client.Cancel(p.ctx, j.ID, "greedy", "")
			require.NoError(t, err)
		}
		time.Sleep(lesson)
		p.crowd("ben", 20)
		began := time.Now()
		again := p.submit("greedy")
		time.Sleep(10 * lesson)
		_, others := p.startOf(again.ID, began)
		require.LessOrEqual(t, others, 3, "what was cancelled costs no turns")
	})
}

func TestLineOutlivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		for range 30 {
			s.create("ada")
		}
		s.stop()
		p := build(t, startOn(t, s.path), 2, always(lesson))
		time.Sleep(20 * lesson)
		require.Len(t, p.started(), 30)
	})
}

func TestRetriesDoNotWaitInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.create("ada").ID
		o := failure("source", true, true)
		o.Failed.Delay = 2 * time.Minute
		_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, o)
		require.NoError(t, err)
		for range 50 {
			s.create("greedy")
		}
		began := time.Now()
		for {
			entries := s.claim(t, time.Minute)
			require.NoError(t, s.client.ConfirmOutbox(t.Context(), entries))
			if slices.ContainsFunc(entries, func(e statusclient.OutboxEntry) bool { return e.JobID == id }) {
				break
			}
		}
		require.Equal(t, 2*time.Minute, time.Since(began))
	})
}

func TestReplayedJobStandsInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.create("ada").ID
		_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("poison", false, true))
		require.NoError(t, err)
		_, err = s.client.Bury(t.Context(), id, statusclient.BuryInput{DeadLetter: "letter", Attempt: 1})
		require.NoError(t, err)
		claimed := make(chan []statusclient.OutboxEntry)
		go func() { claimed <- s.claim(t, time.Minute) }()
		synctest.Wait()
		_, err = s.client.Replay(t.Context(), id, statusclient.ReplayInput{DeadLetter: "letter"})
		require.NoError(t, err)
		entries := <-claimed
		require.Len(t, entries, 1, "there is room: it is released at once")
		require.Equal(t, id, entries[0].JobID)
	})
}

func TestLostMessageIsPublishedAnewWhileWorkersAreIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.sessionOf("w", 1)
		busy := s.create("ada").ID
		g := s.grant(sess, busy)
		c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
		require.NoError(t, err)
		require.NoError(t, s.client.ConfirmOutbox(t.Context(), []statusclient.OutboxEntry{*c.Entry}))
		next := s.create("ben").ID // stands in line behind a message that is lost
		time.Sleep(10 * time.Second)
		require.Empty(t, s.claim(t, time.Minute))
		require.Empty(t, s.claim(t, time.Minute), "no worker has asked for it: all are busy")

		_, err = sess.Finish(t.Context(), busy, g.Attempt, success())
		require.NoError(t, err)
		began := time.Now()
		again := s.claim(t, time.Minute)
		require.Len(t, again, 1)
		require.Equal(t, c.Job.ID, again[0].JobID)
		require.LessOrEqual(t, time.Since(began), time.Minute)
		require.NoError(t, s.client.ConfirmOutbox(t.Context(), again))
		s.grant(sess, c.Job.ID)
		released := s.claim(t, 0)
		require.Len(t, released, 1)
		require.Equal(t, next, released[0].JobID)
	})
}

func TestPlaceInLineIsShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w") // 2 slots
		var greedy []job.ID
		for range 6 {
			greedy = append(greedy, s.create("greedy").ID)
		}
		ada := s.create("ada").ID
		place := func(id job.ID) int {
			t.Helper()
			j := s.get(id)
			require.NotNil(t, j.Line)
			require.Equal(t, time.Now().UTC(), j.Line.EarliestStart)
			return j.Line.Position
		}
		require.Equal(t, 3, place(greedy[2]))
		require.Equal(t, 4, place(ada), "behind what is sent and the first in line")
		require.Equal(t, 5, place(greedy[3]))
		require.False(t, s.get(greedy[1]).Line.LatestStart.IsZero(), "two slots are free")
		require.True(t, s.get(greedy[1]).Line.EarliestFinish.IsZero(), "nothing is known of how long jobs take")

		g := s.grant(sess, greedy[0])
		require.Nil(t, s.get(greedy[0]).Line, "it runs")
		time.Sleep(30 * time.Second)
		_, err := sess.Finish(t.Context(), greedy[0], g.Attempt, success())
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Equal(t, 2, place(greedy[2]), "everybody moves up")
		require.Equal(t, time.Now().UTC().Add(30*time.Second), s.get(greedy[1]).Line.EarliestFinish)

		page, err := s.client.List(t.Context(), statusclient.ListFilter{Owner: "ada"})
		require.NoError(t, err)
		require.Equal(t, 3, page.Jobs[0].Line.Position)
		for e, err := range s.client.WatchOwner(t.Context(), "ada", 0) {
			require.NoError(t, err)
			require.Equal(t, 3, e.Job.Line.Position)
			break
		}
	})
}

// TestExpectedTimesComeTrue compares what 200 jobs of several owners were told
// when they came with when they started and ended.
func TestExpectedTimesComeTrue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slots, jobs = 3, 200
		r, arrivals := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(5, 6))
		var mu sync.Mutex
		take := func() time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return time.Duration((20 + 20*r.Float64()) * float64(time.Second))
		}
		p := build(t, start(t), slots, take)
		p.crowd("before", 30)
		time.Sleep(30 * 30 * time.Second / slots)
		told, asked := map[job.ID]job.Line{}, map[job.ID]time.Time{}
		for i := range jobs {
			id := p.submit(fmt.Sprint("owner", i%5)).ID
			if line := p.get(id).Line; line != nil {
				told[id], asked[id] = *line, time.Now()
			}
			time.Sleep(time.Duration(arrivals.ExpFloat64() * float64(8*time.Second)))
		}
		time.Sleep(jobs * 30 * time.Second / slots)
		var off []float64
		in := 0
		for _, s := range p.started() {
			line, ok := told[s.ID]
			if !ok {
				continue
			}
			middle := line.EarliestStart.Add(line.LatestStart.Sub(line.EarliestStart) / 2)
			off = append(off, s.at.Sub(middle).Abs().Seconds()/max(s.at.Sub(asked[s.ID]).Seconds(), lesson.Seconds()))
			if !s.at.Before(line.EarliestStart) && !s.at.After(line.LatestStart) {
				in++
			}
		}
		slices.Sort(off)
		median, p90 := off[len(off)/2], off[len(off)*9/10]
		t.Logf("%d jobs: median error %.0f %% of the wait, p90 %.0f %%, in range %.0f %%",
			len(off), 100*median, 100*p90, 100*float64(in)/float64(len(off)))
		require.Greater(t, len(off), jobs*3/4)
		require.Less(t, median, 0.3)
		require.Less(t, p90, 0.8)
	})
}
