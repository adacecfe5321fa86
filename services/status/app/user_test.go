package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestCreateKeepsRequestAndClaimsMessage(t *testing.T) {
	t.Parallel()
	s := start(t)
	req := job.Request{
		Kind: job.Audio, Source: job.Source{Text: "# Heat\nHeat flows."}, Options: job.Options{Length: "short", Language: "de"},
		Labels: map[string]string{"course": "physics"},
	}
	c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: req, Traceparent: "00-abc-def-01"})
	require.NoError(t, err)
	require.False(t, c.Replayed)
	require.Equal(t, req, c.Job.Request)
	require.Equal(t, job.Queued, c.Job.State)
	require.EqualValues(t, 1, c.Job.Version)
	require.Len(t, c.Job.History, 1)
	require.Equal(t, &statusclient.OutboxEntry{
		JobID: c.Job.ID, Token: c.Entry.Token, Queue: "audio-generation", Owner: "ada", Request: req,
		Traceparent: "00-abc-def-01", Attempt: 1,
	}, c.Entry)
	got := s.get(c.Job.ID)
	require.NotNil(t, got.Line)
	got.Line = nil
	require.Equal(t, c.Job, got)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := statusclient.CreateInput{Owner: "ada", Request: ask(job.Video), IdempotencyKey: "k1"}
	first, err := s.client.Create(t.Context(), in)
	require.NoError(t, err)
	again, err := s.client.Create(t.Context(), in)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Nil(t, again.Entry)
	require.Equal(t, first.Job, again.Job)

	other := in
	other.Request.Options.Length = "long"
	_, err = s.client.Create(t.Context(), other)
	require.ErrorIs(t, err, job.ErrIdempotencyKeyReused)

	other.Owner = "ben"
	theirs, err := s.client.Create(t.Context(), other)
	require.NoError(t, err)
	require.NotEqual(t, first.Job.ID, theirs.Job.ID)
}

func TestIdempotencyKeyUsedAtOnceMakesOneJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := make(chan job.ID, 20)
	for range cap(ids) {
		go func() {
			c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video), IdempotencyKey: "k"})
			if err != nil {
				ids <- job.ID(err.Error())
				return
			}
			ids <- c.Job.ID
		}()
	}
	first := <-ids
	for range cap(ids) - 1 {
		require.Equal(t, first, <-ids)
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	ok := ask(job.Video)
	cases := []struct {
		name string
		in   statusclient.CreateInput
		path string
	}{
		{"no owner", statusclient.CreateInput{Request: ok}, "owner"},
		{"long owner", statusclient.CreateInput{Owner: strings.Repeat("a", 20_000), Request: ok}, "owner"},
		{"long key", statusclient.CreateInput{Owner: "ada", Request: ok, IdempotencyKey: strings.Repeat("k", 256)}, "idempotency_key"},
		{"unknown kind", statusclient.CreateInput{Owner: "ada", Request: job.Request{Kind: "film", Source: ok.Source}}, "kind"},
		{"no source", statusclient.CreateInput{Owner: "ada", Request: job.Request{Kind: job.Video}}, "source"},
		{"eternal", statusclient.CreateInput{Owner: "ada", Request: job.Request{
			Kind: job.Video, Source: ok.Source, Options: job.Options{Length: "eternal"},
		}}, "options.length"},
		{"far future", statusclient.CreateInput{Owner: "ada", Request: job.Request{
			Kind: job.Video, Source: ok.Source, RunAt: time.Now().AddDate(1, 0, 0),
		}}, "run_at"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.client.Create(t.Context(), c.in)
			var invalid *job.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, c.path, invalid.Fields[0].Path)
		})
	}
}

func TestAnotherOwnersJobIsNotFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	j := s.create("ada")
	ctx := t.Context()
	_, err := s.client.Get(ctx, j.ID, "ben")
	require.ErrorIs(t, err, job.ErrNotFound)
	_, err = s.client.Cancel(ctx, j.ID, "ben", "")
	require.ErrorIs(t, err, job.ErrNotFound)
	_, _, err = s.client.Retry(ctx, j.ID, "ben", "")
	require.ErrorIs(t, err, job.ErrNotFound)
	require.ErrorIs(t, s.client.Delete(ctx, j.ID, "ben"), job.ErrNotFound)
	for _, err := range s.client.WatchJob(ctx, j.ID, "ben", 0) {
		require.ErrorIs(t, err, job.ErrNotFound)
	}
	_, err = s.client.Get(ctx, job.ID(strings.Repeat("x", 20_000)), "")
	require.ErrorIs(t, err, job.ErrNotFound)
	s.state(j.ID, job.Queued)
}

func TestCancelInEachState(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, commands := s.session("w")
	cancel := func(id job.ID) (job.Job, error) { return s.client.Cancel(t.Context(), id, "ada", "changed my mind") }

	t.Run("queued, then again", func(t *testing.T) {
		id := s.create("ada").ID
		j, err := cancel(id)
		require.NoError(t, err)
		require.Equal(t, job.Cancelled, j.State)
		require.Equal(t, "changed my mind", j.History[1].Why)
		again, err := cancel(id)
		require.NoError(t, err)
		require.Equal(t, j, again)
		a, err := sess.Start(t.Context(), id, "")
		require.NoError(t, err)
		require.Equal(t, "already cancelled", a.Drop)
	})
	t.Run("scheduled", func(t *testing.T) {
		req := ask(job.Video)
		req.RunAt = time.Now().Add(time.Hour)
		c, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: req})
		require.NoError(t, err)
		require.Equal(t, job.Scheduled, c.Job.State)
		require.Nil(t, c.Entry)
		_, err = cancel(c.Job.ID)
		require.NoError(t, err)
	})
	t.Run("running", func(t *testing.T) {
		id := s.create("ada").ID
		g := s.grant(sess, id)
		_, err := cancel(id)
		require.NoError(t, err)
		require.Equal(t, statusclient.Command{Kind: statusclient.CommandCancel, JobID: id, Attempt: 1}, <-commands)
		v, err := sess.Finish(t.Context(), id, g.Attempt, success())
		require.NoError(t, err)
		require.Equal(t, job.Verdict{Action: job.Ack, Reason: "cancelled"}, v)
		s.state(id, job.Cancelled)
	})
	t.Run("retrying", func(t *testing.T) {
		id := s.create("ada").ID
		_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("internal", true, true))
		require.NoError(t, err)
		s.state(id, job.Retrying)
		_, err = cancel(id)
		require.NoError(t, err)
	})
	t.Run("succeeded", func(t *testing.T) {
		id := s.create("ada").ID
		_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, success())
		require.NoError(t, err)
		_, err = cancel(id)
		var state *job.StateError
		require.ErrorAs(t, err, &state)
		require.Equal(t, job.Succeeded, state.State)
	})
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	var want []job.ID
	for range 25 {
		want = append([]job.ID{s.create("ada").ID}, want...)
		s.create("ben")
	}
	f := statusclient.ListFilter{Owner: "ada", PageSize: 10, States: []job.State{job.Queued, job.Running}, Kind: job.Video}
	var got []job.ID
	for {
		page, err := s.client.List(t.Context(), f)
		require.NoError(t, err)
		for _, j := range page.Jobs {
			require.Empty(t, j.History)
			got = append(got, j.ID)
		}
		if page.NextPageToken == "" {
			break
		}
		f.PageToken = page.NextPageToken
	}
	require.Equal(t, want, got)

	var invalid *job.InvalidError
	f.Owner = "ben"
	_, err := s.client.List(t.Context(), f)
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "page_token", invalid.Fields[0].Path)
	_, err = s.client.List(t.Context(), statusclient.ListFilter{PageSize: 201})
	require.ErrorAs(t, err, &invalid)
	_, err = s.client.List(t.Context(), statusclient.ListFilter{States: []job.State{"lost"}})
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "states", invalid.Fields[0].Path)
}

func TestRetryByUser(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	_, _, err := s.client.Retry(t.Context(), id, "ada", "")
	var state *job.StateError
	require.ErrorAs(t, err, &state)
	v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("request", false, false))
	require.NoError(t, err)
	require.Equal(t, job.Ack, v.Action)
	failed := s.state(id, job.Failed)
	require.Equal(t, "It broke.", failed.Fault.Text)

	j, entry, err := s.client.Retry(t.Context(), id, "ada", "page is back")
	require.NoError(t, err)
	require.Equal(t, job.Queued, j.State)
	require.Zero(t, j.Spent)
	require.Nil(t, j.Fault)
	require.Equal(t, 2, entry.Attempt)
	require.Equal(t, "It broke.", j.History[2].Why, "the old fault stays in the history")
	require.Equal(t, 2, s.grant(sess, id).Attempt)
}
