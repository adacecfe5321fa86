package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func poison() job.Fault {
	return job.Fault{Kind: "poison", Text: "handed out more than 8 times without an answer", Cause: "delivery_limit"}
}

// TestBuriedJobIsReplayed: a message that died before any attempt fails its
// job, and a replay brings it to a relay that waits already.
func TestBuriedJobIsReplayed(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	c, err := s.client.Create(ctx, statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
	require.NoError(t, err)
	in := statusclient.BuryInput{DeadLetter: "l1", Attempt: c.Entry.Attempt, Fault: poison()}
	j, err := s.client.Bury(ctx, c.Job.ID, in)
	require.NoError(t, err)
	require.Equal(t, job.Failed, j.State)
	require.Equal(t, "l1", j.DeadLetter)
	require.Equal(t, "poison", j.Fault.Kind)
	require.Equal(t, "delivery_limit", j.Fault.Cause)
	again, err := s.client.Bury(ctx, c.Job.ID, in)
	require.NoError(t, err)
	require.Equal(t, j, again)
	require.Equal(t, j, s.get(j.ID))
	entries, err := s.client.ClaimOutbox(ctx, 10, 0)
	require.NoError(t, err)
	require.Empty(t, entries)

	claimed := make(chan []statusclient.OutboxEntry, 1)
	go func() {
		es, err := s.client.ClaimOutbox(context.WithoutCancel(ctx), 10, time.Minute)
		if err != nil {
			t.Error(err)
		}
		claimed <- es
	}()
	j, err = s.client.Replay(ctx, j.ID, statusclient.ReplayInput{DeadLetter: "l1", Why: "ops: fixed the worker"})
	require.NoError(t, err)
	require.Equal(t, job.Queued, j.State)
	require.Empty(t, j.DeadLetter)
	es := <-claimed
	require.Len(t, es, 1, "a relay that waits gets it at once")
	require.Equal(t, j.ID, es[0].JobID)
	again, err = s.client.Replay(ctx, j.ID, statusclient.ReplayInput{DeadLetter: "l1"})
	require.NoError(t, err)
	require.Equal(t, j, again)
	_, err = s.client.Replay(ctx, j.ID, statusclient.ReplayInput{DeadLetter: "l2"})
	var state *job.StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, "replay", state.Wanted)

	sess, _ := s.session("w")
	require.Equal(t, 1, s.grant(sess, j.ID).Attempt)
}

func TestBuryOfAnAttemptWithALiveLeaseChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	g := s.grant(sess, id)
	before := s.get(id)
	j, err := s.client.Bury(t.Context(), id, statusclient.BuryInput{DeadLetter: "l1", Attempt: g.Attempt, Fault: poison()})
	require.NoError(t, err)
	require.Equal(t, before, j)
	v, err := sess.Finish(t.Context(), id, g.Attempt, success())
	require.NoError(t, err)
	require.Equal(t, job.Ack, v.Action)
	j, err = s.client.Bury(t.Context(), id, statusclient.BuryInput{DeadLetter: "l1", Attempt: g.Attempt, Fault: poison()})
	require.NoError(t, err)
	require.Equal(t, job.Succeeded, j.State)
	require.Empty(t, j.DeadLetter)
}

func TestRetryByUserAndDeleteOfAJobWithADeadLetter(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	sess, _ := s.session("w")
	id := s.create("ada").ID
	v, err := sess.Finish(ctx, id, s.grant(sess, id).Attempt, failure("poison", false, true))
	require.NoError(t, err)
	require.Equal(t, job.Dead, v.Action)
	bury := func() job.Job {
		j, err := s.client.Bury(ctx, id, statusclient.BuryInput{DeadLetter: "l1", Attempt: 1, Fault: poison()})
		require.NoError(t, err)
		return j
	}
	j := bury()
	require.Equal(t, "l1", j.DeadLetter)
	require.Equal(t, "It broke.", j.Fault.Text, "the reason of its failure stays")
	j, _, err = s.client.Retry(ctx, id, "ada", "")
	require.NoError(t, err)
	require.Empty(t, j.DeadLetter)
	require.Equal(t, j, bury(), "a letter of the life before")

	_, err = sess.Finish(ctx, id, s.grant(sess, id).Attempt, failure("poison", false, true))
	require.NoError(t, err)
	_, err = s.client.Bury(ctx, id, statusclient.BuryInput{DeadLetter: "l2", Attempt: 2, Fault: poison()})
	require.NoError(t, err)
	require.NoError(t, s.client.Delete(ctx, id, "ada"))
	_, err = s.client.Bury(ctx, id, statusclient.BuryInput{DeadLetter: "l2", Attempt: 2, Fault: poison()})
	require.ErrorIs(t, err, job.ErrNotFound)
	_, err = s.client.Replay(ctx, id, statusclient.ReplayInput{DeadLetter: "l2"})
	require.ErrorIs(t, err, job.ErrNotFound)
}

func TestBadLettersAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.create("ada").ID
	for path, in := range map[string]statusclient.BuryInput{
		"dead_letter": {Fault: poison()},
		"attempt":     {DeadLetter: "l", Attempt: -1, Fault: poison()},
		"fault.kind":  {DeadLetter: "l", Fault: job.Fault{Kind: "boredom"}},
	} {
		_, err := s.client.Bury(t.Context(), id, in)
		var invalid *job.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, path, invalid.Fields[0].Path)
	}
	_, err := s.client.Replay(t.Context(), id, statusclient.ReplayInput{})
	require.ErrorAs(t, err, new(*job.InvalidError))
	_, err = s.client.Bury(t.Context(), "never heard of", statusclient.BuryInput{DeadLetter: "l", Fault: poison()})
	require.ErrorIs(t, err, job.ErrNotFound)
	s.state(id, job.Queued)
}
