package app_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

const videos, audios = "video-generation", "audio-generation"

func (s *service) pause(queue string) statusclient.Queue {
	s.t.Helper()
	q, err := s.client.PauseQueue(s.t.Context(), queue, "ada", "the disk is full")
	require.NoError(s.t, err)
	return q
}

func (s *service) resume(queue string) statusclient.Queue {
	s.t.Helper()
	q, err := s.client.ResumeQueue(s.t.Context(), queue, "ben", "mended")
	require.NoError(s.t, err)
	return q
}

func (s *service) queue(name string) statusclient.Queue {
	s.t.Helper()
	qs, err := s.client.Queues(s.t.Context())
	require.NoError(s.t, err)
	require.Len(s.t, qs, 2)
	require.Equal(s.t, []string{audios, videos}, []string{qs[0].Name, qs[1].Name}, "by name")
	if name == audios {
		return qs[0]
	}
	return qs[1]
}

func (s *service) accept(owner string, change ...func(*job.Request)) statusclient.Created {
	s.t.Helper()
	req := ask(job.Video)
	req.Fresh = true
	for _, c := range change {
		c(&req)
	}
	c, err := s.client.Create(s.t.Context(), statusclient.CreateInput{Owner: owner, Request: req})
	require.NoError(s.t, err)
	return c
}

func TestPausedQueueGivesOutNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.sessionOf("w", 1)
		sent := s.accept("ada")
		require.NoError(t, s.client.ConfirmOutbox(t.Context(), []statusclient.OutboxEntry{*sent.Entry}))
		waits := s.accept("ada")
		require.Nil(t, waits.Entry)
		q := s.pause(videos)
		require.Equal(t, &statusclient.Pause{Author: "ada", Reason: "the disk is full", At: time.Now().UTC()}, q.Pause)
		require.Equal(t, q, s.queue(videos))
		require.Nil(t, s.queue(audios).Pause)

		a, err := sess.Start(t.Context(), sent.Job.ID, "once")
		require.NoError(t, err)
		require.Equal(t, &statusclient.Wait{Delay: time.Second, Why: "the queue is paused"}, a.Wait)
		require.Nil(t, s.accept("eve").Entry, "accepted, and in line")
		for range 10 {
			require.Empty(t, s.claim(t, time.Minute), "idle workers are no sign of a lost message")
		}
		j := s.state(sent.Job.ID, job.Queued)
		require.Zero(t, j.Attempt+j.Spent)
		q = s.queue(videos)
		require.Equal(t, map[job.State]int{job.Queued: 3}, q.Jobs)
		require.Equal(t, 2, q.InLine)
		require.Equal(t, sent.Job.CreatedAt, q.OldestAt)
		require.Equal(t, []int{1, 1}, []int{q.Workers, q.Slots})

		claimed := make(chan []statusclient.OutboxEntry)
		go func() { claimed <- s.claim(t, time.Minute) }()
		synctest.Wait()
		q = s.resume(videos)
		require.Nil(t, q.Pause)
		began := time.Now()
		s.grant(sess, sent.Job.ID)
		entries := <-claimed
		require.Zero(t, time.Since(began), "the line is woken")
		require.Len(t, entries, 1, "one slot, one turn; what was confirmed is not sent again")
		require.Equal(t, waits.Job.ID, entries[0].JobID)
	})
}

func TestResumedQueueSendsWhatWasHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		late := s.accept("ada").Job.ID
		o := failure("source", true, true)
		o.Failed.Delay = 2 * time.Minute
		_, err := sess.Finish(t.Context(), late, s.grant(sess, late).Attempt, o)
		require.NoError(t, err)
		scheduled := s.accept("ben", func(r *job.Request) { r.RunAt = time.Now().Add(time.Minute) }).Job.ID
		s.pause(videos)
		for range 5 {
			require.Empty(t, s.claim(t, time.Minute))
		}
		s.state(scheduled, job.Queued)
		s.state(late, job.Retrying)
		require.Equal(t, 1, s.queue(videos).InLine, "who was scheduled stands in line")
		claimed := make(chan []statusclient.OutboxEntry)
		go func() { claimed <- s.claim(t, time.Minute) }()
		synctest.Wait()
		s.resume(videos)
		began := time.Now()
		var ids []job.ID
		for _, e := range <-claimed {
			ids = append(ids, e.JobID)
		}
		require.Zero(t, time.Since(began), "the line is woken")
		require.ElementsMatch(t, []job.ID{late, scheduled}, ids)
	})
}

func TestPlaceInAPausedQueueHasNoEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		done := s.accept("ada").Job.ID
		g := s.grant(sess, done)
		time.Sleep(30 * time.Second)
		_, err := sess.Finish(t.Context(), done, g.Attempt, success())
		require.NoError(t, err)
		waits := s.accept("ada").Job.ID
		time.Sleep(time.Second)
		require.False(t, s.get(waits).Line.LatestStart.IsZero())
		s.pause(videos)
		time.Sleep(time.Second)
		line := s.get(waits).Line
		require.Equal(t, 1, line.Position)
		require.True(t, line.LatestStart.IsZero() && line.LatestFinish.IsZero(), "%+v", line)
		require.Equal(t, time.Now().UTC().Add(30*time.Second), line.EarliestFinish)
		s.resume(videos)
		time.Sleep(time.Second)
		require.False(t, s.get(waits).Line.LatestStart.IsZero())
	})
}

// TestGrantBeforeThePauseIsGivenAgain: the attempt is under way for the service,
// and its worker asks only because the answer was lost.
func TestGrantBeforeThePauseIsGivenAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.accept("ada").Job.ID
		first, err := sess.Start(t.Context(), id, "once")
		require.NoError(t, err)
		s.pause(videos)
		again, err := sess.Start(t.Context(), id, "once")
		require.NoError(t, err)
		require.Equal(t, first.Granted.Attempt, again.Granted.Attempt)
		sess.Progress(id, 1, "draw", 40)
		time.Sleep(3 * time.Second)
		require.InDelta(t, 40, s.get(id).Progress, 0, "what runs goes on")
		v, err := sess.Finish(t.Context(), id, 1, success())
		require.NoError(t, err)
		require.Equal(t, job.Ack, v.Action)
	})
}

func TestQueueCallsAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	var invalid *job.InvalidError
	_, err := s.client.PauseQueue(ctx, "holograms", "ada", "r")
	require.ErrorIs(t, err, statusclient.ErrQueueUnknown)
	require.ErrorContains(t, err, "use video-generation or audio-generation")
	_, err = s.client.ResumeQueue(ctx, "", "ada", "r")
	require.ErrorIs(t, err, statusclient.ErrQueueUnknown)
	_, err = s.client.DrainWorker(ctx, "nobody", "ada", "r")
	require.ErrorIs(t, err, statusclient.ErrWorkerUnknown)
	require.NotErrorIs(t, err, job.ErrNotFound)
	for _, who := range []string{"", " ", strings.Repeat("x", 300)} {
		_, err = s.client.PauseQueue(ctx, videos, who, "")
		require.ErrorAs(t, err, &invalid)
		require.Len(t, invalid.Fields, 2)
		_, err = s.client.DrainWorker(ctx, "nobody", who, "")
		require.ErrorAs(t, err, &invalid)
	}
	_, err = s.client.Workers(ctx, "hologram")
	require.ErrorAs(t, err, &invalid)
	_, err = s.client.Audit(ctx, statusclient.AuditFilter{Limit: 201})
	require.ErrorAs(t, err, &invalid)
	require.Empty(t, s.audit(statusclient.AuditFilter{}), "nothing was done")
}

func (s *service) audit(f statusclient.AuditFilter) []statusclient.AuditRecord {
	s.t.Helper()
	rs, err := s.client.Audit(s.t.Context(), f)
	require.NoError(s.t, err)
	return rs
}

func TestEveryActIsOnRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		sess, _ := s.session("w")
		id := s.accept("ada").Job.ID
		s.grant(sess, id)
		s.accept("ada")
		s.pause(videos)
		time.Sleep(90 * time.Second)
		s.pause(videos)
		s.resume(videos)
		s.resume(videos)
		for range 2 {
			_, err := s.client.DrainWorker(t.Context(), string(sess.ID()), "cleo", "new image")
			require.NoError(t, err)
		}
		s.stop()
		s = startOn(t, s.path)
		var got [][]string
		all := s.audit(statusclient.AuditFilter{})
		for _, r := range all {
			got = append(got, []string{r.Author, r.Action, r.Reason, r.Selection, r.Outcome})
		}
		worker := string(sess.ID()) + " (w)"
		require.Equal(t, [][]string{
			{"cleo", statusclient.ActionDrainWorker, "new image", worker, "nothing changed: it was draining"},
			{"cleo", statusclient.ActionDrainWorker, "new image", worker, "draining: 1 running to their end"},
			{"ben", statusclient.ActionResumeQueue, "mended", videos, "nothing changed: it was not paused"},
			{"ben", statusclient.ActionResumeQueue, "mended", videos, "resumed: it was paused by ada for 1m30s"},
			{"ada", statusclient.ActionPauseQueue, "the disk is full", videos, "nothing changed: it was paused by ada"},
			{"ada", statusclient.ActionPauseQueue, "the disk is full", videos, "paused: 1 queued, 1 running to their end"},
		}, got)
		page := s.audit(statusclient.AuditFilter{Limit: 2})
		require.Equal(t, all[:2], page)
		require.Equal(t, all[2:4], s.audit(statusclient.AuditFilter{Limit: 2, BeforeID: page[1].ID}))
		require.Equal(t, all[2:4], s.audit(statusclient.AuditFilter{Author: "ben"}))
		require.Equal(t, all[2:], s.audit(statusclient.AuditFilter{Actions: []string{statusclient.ActionPauseQueue, statusclient.ActionResumeQueue}}))
		require.Equal(t, all[5:], s.audit(statusclient.AuditFilter{Before: all[4].At}))
		require.Equal(t, all[:5], s.audit(statusclient.AuditFilter{After: all[4].At}))
	})
}

func TestWorkersAreListed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		list := func(k job.Kind) []statusclient.WorkerInfo {
			ws, err := s.client.Workers(t.Context(), k)
			require.NoError(t, err)
			return ws
		}
		require.Empty(t, list(""))
		opened := time.Now().UTC()
		one, _ := s.session("video one")
		two, _ := s.session("video two")
		s.sessionOfKind("audio one", job.Audio)
		var ids []job.ID
		for range 2 {
			id := s.accept("ada").Job.ID
			s.grant(one, id)
			ids = append(ids, id)
			time.Sleep(time.Second)
		}
		one.Progress(ids[0], 1, "draw", 42)
		time.Sleep(time.Second)
		ws := list("")
		require.Len(t, ws, 3)
		require.Equal(t, []string{"audio one", "video one", "video two"}, []string{ws[0].Name, ws[1].Name, ws[2].Name})
		require.Equal(t, ws[1:], list(job.Video))
		w := ws[1]
		require.Equal(t, string(one.ID()), w.ID)
		require.Equal(t, []any{job.Video, 2, statusclient.WorkerWorking, opened}, []any{w.Kind, w.Slots, w.State, w.OpenedAt})
		require.WithinDuration(t, time.Now(), w.HeardAt, 2*time.Second)
		require.Equal(t, []statusclient.WorkerAttempt{
			{JobID: ids[0], Attempt: 1, Stage: "draw", Progress: 42, StartedAt: opened},
			{JobID: ids[1], Attempt: 1, StartedAt: opened.Add(time.Second)},
		}, w.Running)
		require.Empty(t, ws[2].Running)

		s.pause(videos)
		drained, err := s.client.DrainWorker(t.Context(), string(two.ID()), "ada", "r")
		require.NoError(t, err)
		require.Equal(t, statusclient.WorkerDraining, drained.State)
		states := func() (all []string) {
			for _, w := range list("") {
				all = append(all, w.State)
			}
			return all
		}
		require.Equal(t, []string{"working", "paused", "draining"}, states())
		require.Equal(t, 1, s.queue(videos).Workers, "who ends takes no more jobs")
		a, err := two.Start(t.Context(), s.accept("ada").Job.ID, "")
		require.NoError(t, err)
		require.Equal(t, "the worker is to end", a.Wait.Why)
	})
}

// TestSilentWorkerIsListedSo: its machine is gone, its session still counts.
func TestSilentWorkerIsListedSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := &standing{}
		s := start(t, func(o *app.Options) { o.Clock = clock })
		s.session("w")
		state := func() string {
			ws, err := s.client.Workers(t.Context(), "")
			require.NoError(t, err)
			return ws[0].State
		}
		require.Equal(t, statusclient.WorkerWorking, state())
		clock.passed.Add(int64(6 * time.Second))
		require.Equal(t, statusclient.WorkerSilent, state())
	})
}

// standing is a clock that moves when it is told to.
type standing struct{ passed atomic.Int64 }

func (c *standing) Now() time.Time { return time.Unix(1_800_000_000, c.passed.Load()) }
