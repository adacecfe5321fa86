package app_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestAttemptIsFencedAndFinishIsIdempotent(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	g := s.grant(sess, id)
	require.Equal(t, 1, g.Attempt)
	require.Equal(t, job.Running, g.Job.State)
	require.Equal(t, 5*time.Minute, g.Timeout.Round(time.Second))

	stale, err := sess.Finish(t.Context(), id, 7, success())
	require.NoError(t, err)
	require.Equal(t, job.Verdict{Action: job.Ack, Reason: "superseded"}, stale)
	s.state(id, job.Running)

	v, err := sess.Finish(t.Context(), id, 1, success())
	require.NoError(t, err)
	done := s.state(id, job.Succeeded)
	again, err := sess.Finish(t.Context(), id, 1, success())
	require.NoError(t, err)
	require.Equal(t, v, again)
	require.Equal(t, done, s.get(id), "the second finish wrote nothing")
	require.Equal(t, "A title", done.Title)
	require.InDelta(t, 100, done.Progress, 0)

	a, err := sess.Start(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, "already succeeded", a.Drop)
}

func TestStartWhoseAnswerWasLostIsGrantedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	first, err := sess.Start(t.Context(), id, "delivery 1")
	require.NoError(t, err)
	again, err := sess.Start(t.Context(), id, "delivery 1")
	require.NoError(t, err)
	require.Equal(t, first.Granted.Attempt, again.Granted.Attempt)
	copied, err := sess.Start(t.Context(), id, "delivery 2")
	require.NoError(t, err)
	require.NotNil(t, copied.Wait, "a redelivered copy waits its turn")
	s.state(id, job.Running)
}

func TestManySessionsFightForOneJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	const fighters = 8
	var sessions [fighters]*statusclient.Session
	for i := range sessions {
		sessions[i], _ = s.session(fmt.Sprintf("w%d", i))
	}
	for range 10 {
		id := s.create("ada").ID
		var granted, waited atomic.Int32
		var wg sync.WaitGroup
		for _, sess := range sessions {
			for range 2 {
				wg.Go(func() {
					a, err := sess.Start(t.Context(), id, "")
					if err != nil {
						return
					}
					if a.Granted != nil {
						granted.Add(1)
					}
					if a.Wait != nil {
						waited.Add(1)
					}
				})
			}
		}
		wg.Wait()
		require.EqualValues(t, 1, granted.Load())
		require.EqualValues(t, 2*fighters-1, waited.Load())
		require.Equal(t, 1, s.state(id, job.Running).Attempt)
	}
}

func TestUnknownSessionAndUnknownJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	a, err := sess.Start(t.Context(), "0190-never-heard-of", "")
	require.NoError(t, err)
	require.Equal(t, "poison", a.Bury.Kind)

	id := s.create("ada").ID
	_, err = s.client.Cancel(t.Context(), id, "ada", "")
	require.NoError(t, err)
	require.NoError(t, s.client.Delete(t.Context(), id, "ada"))
	a, err = sess.Start(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, "deleted", a.Drop)
}

func TestRetriesFollowThePolicy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind   job.Kind
		delays []time.Duration
	}{
		{job.Video, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}},
		{job.Audio, []time.Duration{10 * time.Second, 20 * time.Second}},
	}
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t)
				sess, _ := s.session("w")
				made, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(c.kind)})
				require.NoError(t, err)
				id := made.Job.ID
				for i, delay := range c.delays {
					v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("internal", true, true))
					require.NoError(t, err)
					require.Equal(t, job.Retry, v.Action)
					require.Equal(t, delay, v.After)
					require.Equal(t, i+1, s.state(id, job.Retrying).Spent)

					a, err := sess.Start(t.Context(), id, "")
					require.NoError(t, err)
					require.NotNil(t, a.Wait, "no retry starts before its delay")
					require.Equal(t, delay, a.Wait.Delay)
					time.Sleep(delay)
				}
				v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("internal", true, true))
				require.NoError(t, err)
				require.Equal(t, job.Dead, v.Action)
				require.Equal(t, len(c.delays)+1, s.state(id, job.Failed).Attempt)

				a, err := sess.Start(t.Context(), id, "")
				require.NoError(t, err)
				require.NotNil(t, a.Bury, "a worker that died before it wrote the dead letter has a successor")
			})
		})
	}
}

func TestLostFinishAnswerKeepsTheRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.create("ada").ID
		g := s.grant(sess, id)
		_, err := sess.Finish(t.Context(), id, g.Attempt, failure("source", true, true))
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		v, err := sess.Finish(t.Context(), id, g.Attempt, failure("source", true, true))
		require.NoError(t, err)
		require.Equal(t, job.Verdict{Action: job.Retry, After: 3 * time.Second, Reason: "It broke. It is tried again."}, v)
	})
}

func TestLongRetryAfterGoesThroughTheOutbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.create("ada").ID
		o := failure("source", true, true)
		o.Failed.Delay = 90 * time.Second
		began := time.Now()
		v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, o)
		require.NoError(t, err)
		require.Equal(t, job.Ack, v.Action)

		require.Empty(t, s.claim(t, time.Hour), "a poll ends after a minute")
		entries := s.claim(t, time.Hour)
		require.Equal(t, 90*time.Second, time.Since(began))
		require.Len(t, entries, 1)
		require.Equal(t, 2, entries[0].Attempt)
		require.Equal(t, 2, s.grant(sess, id).Attempt)
	})
}

func TestReleaseSpendsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, job.Outcome{Released: "the worker drains"})
	require.NoError(t, err)
	require.Equal(t, job.Release, v.Action)
	j := s.state(id, job.Queued)
	require.Zero(t, j.Spent)
	require.Equal(t, "the worker drains", j.History[2].Why)
	require.Equal(t, 2, s.grant(sess, id).Attempt)
}

func TestGoodbyeReleasesWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	s.grant(sess, id)
	sess.Close(t.Context())
	j := s.state(id, job.Queued)
	require.Zero(t, j.Spent)
	other, _ := s.session("w2")
	require.Equal(t, 2, s.grant(other, id).Attempt)
}

func TestProgressOnlyGoesForward(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, commands := s.session("w")
	id := s.create("ada").ID
	s.grant(sess, id)
	tell := func(stage string, percent float64) job.Job {
		sess.Progress(id, 1, stage, percent)
		for j, err := range s.client.WatchJob(t.Context(), id, "", 0) {
			require.NoError(t, err)
			if j.Stage == stage || j.Progress >= 60 {
				return j
			}
		}
		return job.Job{}
	}
	require.InDelta(t, 10, tell("script", 10).Progress, 0)
	j := tell("encode", 60)
	require.Equal(t, "encode", j.Stage)
	require.Len(t, j.History, 2, "progress is no move")
	sess.Progress(id, 1, "script", 20)

	other := s.create("ada").ID
	s.grant(sess, other)
	sess.Progress(other, 1, "fetch", 1) // heard after the one above
	for j, err := range s.client.WatchJob(t.Context(), other, "", 0) {
		require.NoError(t, err)
		if j.Stage == "fetch" {
			break
		}
	}
	require.InDelta(t, 60, s.get(id).Progress, 0)
	require.Empty(t, commands)
}
