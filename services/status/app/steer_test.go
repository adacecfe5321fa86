package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

// TestWorkersObey: real workers, on one service with a file and on two replicas
// with a server, where the operator speaks to the one that the workers don't.
func TestWorkersObey(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		workersObey(t, s, s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server, err := postgres.Start()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Stop()) })
		shared := func(o *app.Options) { o.StoreURL = server.URL("") }
		workersObey(t, start(t, shared), start(t, shared))
	})
}

func workersObey(t *testing.T, theirs, ours *service) {
	p := openShop(t, theirs)
	one, oneEnded := p.hire(theirs, "one")
	two, twoEnded := p.hire(theirs, "two")
	running := []job.ID{p.submit(theirs), p.submit(theirs)}
	require.ElementsMatch(t, running, []job.ID{<-p.begun, <-p.begun})
	waiting := []job.ID{p.submit(theirs), p.submit(theirs), p.submit(theirs)}

	began := time.Now()
	ours.pause(videos)
	require.Eventually(t, func() bool { return p.paused(one) && p.paused(two) }, patience, tick)
	t.Logf("both workers were paused after %s", time.Since(began))
	p.free <- struct{}{}
	p.free <- struct{}{}
	for _, id := range running {
		theirs.untilState(t, id, job.Succeeded)
	}
	late, lateEnded := p.hire(theirs, "late")
	require.Eventually(t, func() bool { return p.paused(late) }, patience, tick, "who comes now is paused too")
	waiting = append(waiting, p.submit(ours))
	require.Never(t, func() bool { return len(p.begun) > 0 }, time.Second, 100*time.Millisecond)
	depth, err := p.broker.Depth(t.Context(), videos)
	require.NoError(t, err)
	require.LessOrEqual(t, depth.Ready+depth.InFlight, 2, "what was sent before, and no more")
	for _, id := range waiting {
		j := ours.state(id, job.Queued)
		require.Zero(t, j.Attempt+j.Spent)
	}

	began = time.Now()
	ours.resume(videos)
	<-p.begun
	<-p.begun
	<-p.begun
	t.Logf("three workers were at work again after %s", time.Since(began))
	require.Less(t, time.Since(began), patience)

	id := string(one.State().Session)
	info, err := ours.client.DrainWorker(t.Context(), id, "ada", "new image")
	require.NoError(t, err)
	require.Equal(t, statusclient.WorkerDraining, info.State)
	require.Len(t, info.Running, 1)
	require.Eventually(t, func() bool { return one.State().Draining }, patience, tick)
	require.Empty(t, oneEnded, "what runs goes on")
	for range 4 {
		p.free <- struct{}{}
	}
	require.NoError(t, <-oneEnded, "the end of a drain is no fault")
	for _, id := range waiting {
		require.Equal(t, 1, theirs.untilState(t, id, job.Succeeded).Attempt)
	}
	_, err = ours.client.DrainWorker(t.Context(), id, "ada", "again")
	require.ErrorIs(t, err, statusclient.ErrWorkerUnknown)
	ws, err := ours.client.Workers(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, ws, 2)
	require.Empty(t, twoEnded)
	require.Empty(t, lateEnded)
}

func TestPauseOutlivesTheService(t *testing.T) {
	t.Parallel()
	s := start(t)
	q := s.pause(videos)
	require.Nil(t, s.accept("ada").Entry)
	s.stop()
	s = startOn(t, s.path)
	require.Equal(t, q.Pause, s.queue(videos).Pause)
	require.Nil(t, s.accept("ada").Entry)
	require.Empty(t, s.claim(t, 0))
	s.resume(videos)
	require.Len(t, s.claim(t, 0), 2)
}
