package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestWatchJobSeesEveryChangeOfStateAndEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	versions := make(chan job.Job, 100)
	go func() {
		defer close(versions)
		for j, err := range s.client.WatchJob(t.Context(), id, "ada", 0) {
			if err != nil {
				return
			}
			versions <- j
		}
	}()
	require.Equal(t, job.Queued, (<-versions).State)
	g := s.grant(sess, id)
	require.Equal(t, job.Running, (<-versions).State)
	_, err := sess.Finish(t.Context(), id, g.Attempt, success())
	require.NoError(t, err)
	last := <-versions
	require.Equal(t, job.Succeeded, last.State)
	require.Equal(t, []job.State{job.Queued, job.Running, job.Succeeded},
		[]job.State{last.History[0].To, last.History[1].To, last.History[2].To})
	_, open := <-versions
	require.False(t, open, "a watch ends with the job")
}

func TestWatchJobResumes(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	seen := s.grant(sess, id).Job.Version
	got := make(chan job.Job)
	go func() {
		for j := range s.client.WatchJob(t.Context(), id, "", seen) {
			got <- j
		}
		close(got)
	}()
	_, err := s.client.Cancel(t.Context(), id, "", "")
	require.NoError(t, err)
	j := <-got
	require.Equal(t, job.Cancelled, j.State, "what was seen is not sent again")
	<-got
	for j := range s.client.WatchJob(t.Context(), id, "", j.Version) {
		require.Equal(t, job.Cancelled, j.State, "the end is always told")
	}
}

func TestSlowWatcherHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	blocked := make(chan struct{})
	resume := make(chan struct{})
	seen := make(chan job.ID, 1000)
	go func() {
		defer close(seen)
		first := true
		for e, err := range s.client.WatchOwner(ctx, "ada", 0) {
			if err != nil {
				return
			}
			if first {
				first = false
				close(blocked)
				<-resume
			}
			if e.Job.State.Final() {
				seen <- e.Job.ID
			}
		}
	}()
	ids := map[job.ID]bool{}
	for i := range 100 {
		id := s.create("ada").ID
		if i == 0 {
			<-blocked
		}
		_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, success())
		require.NoError(t, err)
		ids[id] = true
	}
	close(resume)
	for len(ids) > 0 {
		delete(ids, <-seen)
	}
	cancel()
}

func TestWatchOwnerSnapshotChangesDeletesAndResume(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.create("ada")
	s.create("ben")
	b := s.create("ada")
	next := s.events(t, "ada", 0)
	e1, e2 := next(), next()
	require.Equal(t, []job.ID{a.ID, b.ID}, []job.ID{e1.Job.ID, e2.Job.ID})
	_, err := s.client.Cancel(t.Context(), a.ID, "", "")
	require.NoError(t, err)
	e3 := next()
	require.Equal(t, job.Cancelled, e3.Job.State)
	require.Greater(t, e3.Seq, e2.Seq)
	require.NoError(t, s.client.Delete(t.Context(), a.ID, ""))
	e4 := next()
	require.Equal(t, a.ID, e4.Deleted)

	resumed := s.events(t, "ada", e1.Seq)
	require.Equal(t, b.ID, resumed().Job.ID)
	require.Equal(t, a.ID, resumed().Deleted, "the latest of each job, in order")
	resumed = s.events(t, "ada", e4.Seq)
	c := s.create("ada")
	require.Equal(t, c.ID, resumed().Job.ID)

	other := s.events(t, "ada", 1<<40)
	require.Equal(t, b.ID, other().Job.ID, "a seq of another store means a snapshot")
	all := s.events(t, "", 0)
	owners := map[string]bool{}
	for range 3 {
		owners[all().Job.Owner] = true
	}
	require.Len(t, owners, 2)
}

func TestWatchOwnerOfEmptyStoreSeesTheFirstJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	next := s.events(t, "ada", 0)
	j := s.create("ada")
	require.Equal(t, j.ID, next().Job.ID)
}

// events reads a stream one event at a time.
func (s *service) events(t *testing.T, owner string, after int64) func() statusclient.OwnerEvent {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	events := make(chan statusclient.OwnerEvent)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e, err := range s.client.WatchOwner(ctx, owner, after) {
			if err != nil {
				return
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return func() statusclient.OwnerEvent {
		t.Helper()
		select {
		case e := <-events:
			return e
		case <-done:
			t.Fatal("the watch ended")
			return statusclient.OwnerEvent{}
		}
	}
}
