package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// die ends a run with a dead letter.
func (c *class) die(s *statusclient.Session, run job.ID, letter string) job.Job {
	c.t.Helper()
	n := c.grant(s, run).Attempt
	require.Equal(c.t, job.Dead, c.finish(s, run, n, failure("poison", false, true)).Action)
	j, err := c.client.Bury(c.t.Context(), run, statusclient.BuryInput{DeadLetter: letter, Attempt: n, Fault: poison()})
	require.NoError(c.t, err)
	return j
}

func (c *class) replay(run job.ID, letter string, edited *job.Request) job.Job {
	c.t.Helper()
	j, err := c.client.Replay(c.t.Context(), run, statusclient.ReplayInput{DeadLetter: letter, Request: edited})
	require.NoError(c.t, err)
	return j
}

// published claims and confirms what is to be published.
func (c *class) published(t *testing.T) (ids []job.ID) {
	t.Helper()
	entries := c.claim(t, 0)
	for _, e := range entries {
		ids = append(ids, e.JobID)
	}
	require.NoError(t, c.client.ConfirmOutbox(t.Context(), entries))
	return ids
}

// replayedShared: the replay of a run that several owners had puts all of them
// back to work, in one run again. With an edit it is the job of the letter
// alone: nobody else asked for that lesson.
func replayedShared(t *testing.T, c *class) {
	ids, first := c.ask(3)
	rest := slices.DeleteFunc(slices.Clone(ids), func(id job.ID) bool { return id == first })
	sess, _ := c.session("w")
	require.Equal(t, first, c.die(sess, first, "l1").ID)
	for _, id := range rest {
		require.Empty(t, c.state(id, job.Failed).DeadLetter)
	}
	for range 2 { // the second changes nothing
		require.Equal(t, job.Queued, c.replay(first, "l1", nil).State)
		for _, id := range rest {
			require.Len(t, c.state(id, job.Queued).History, 4, "accepted, started, failed, back to work")
		}
	}
	require.Equal(t, []job.ID{first}, c.published(t), "one run")
	again := func(id job.ID) {
		j, _, err := c.client.Retry(t.Context(), id, "", "")
		require.NoError(t, err)
		require.Equal(t, job.Queued, j.State)
	}

	require.Equal(t, first, c.die(sess, first, "l2").ID)
	edited := ask(job.Video)
	edited.Source = job.Source{URL: "https://example.org/moved"}
	require.Equal(t, edited, c.replay(first, "l2", &edited).Request)
	again(rest[0])
	again(rest[1])
	require.ElementsMatch(t, []job.ID{first, rest[0]}, c.published(t), "they asked for something else than what is made now")
	c.finish(sess, first, c.grant(sess, first).Attempt, success())
	c.state(first, job.Succeeded)
	for _, id := range rest {
		require.Equal(t, ask(job.Video), c.state(id, job.Queued).Request)
	}
	c.finish(sess, rest[0], c.grant(sess, rest[0]).Attempt, success())
	for _, id := range rest {
		c.state(id, job.Succeeded)
	}
}

// editedByHeir: the run of a job whose owner left belongs to another owner, and
// so does its letter's replay. What the first one wrote on its job is nothing to
// the other.
func editedByHeir(t *testing.T, c *class) {
	submit := func(owner string) statusclient.Created {
		r := ask(job.Video)
		r.Labels = map[string]string{"course": "of " + owner}
		made, err := c.client.Create(context.Background(), statusclient.CreateInput{Owner: owner, Request: r})
		require.NoError(t, err)
		return made
	}
	ada, ben := submit("ada"), submit("ben")
	require.NotNil(t, ada.Entry)
	require.Nil(t, ben.Entry, "one run")
	run := ada.Job.ID
	sess, _ := c.session("w")
	n := c.grant(sess, run).Attempt
	c.cancel(run)
	require.Equal(t, job.Dead, c.finish(sess, run, n, failure("poison", false, true)).Action)
	buried, err := c.client.Bury(t.Context(), run, statusclient.BuryInput{DeadLetter: "l1", Attempt: n, Fault: poison()})
	require.NoError(t, err)
	require.Equal(t, ben.Job.ID, buried.ID)
	require.Greater(t, len(buried.History), len(c.get(ben.Job.ID).History), "the history of the run, from its beginning")

	edited := ada.Job.Request // as the letter has it
	edited.Source, edited.Options.Length = job.Source{URL: "https://example.org/moved"}, "short"
	for range 2 { // the second changes nothing
		j := c.replay(run, "l1", &edited)
		require.Equal(t, ben.Job.ID, j.ID)
		require.Equal(t, "ben", j.Owner)
		require.Equal(t, job.Queued, j.State)
		require.Equal(t, edited.Source, j.Request.Source)
		require.Equal(t, edited.Options, j.Request.Options)
		require.Equal(t, map[string]string{"course": "of ben"}, j.Request.Labels, "its own")
	}
	carl := submit("carl")
	entries := c.claim(t, 0)
	require.Len(t, entries, 2, "the edited run is another lesson")
	slices.SortFunc(entries, func(a, b statusclient.OutboxEntry) int { return strings.Compare(a.Owner, b.Owner) })
	require.Equal(t, carl.Job.ID, entries[1].JobID)
	require.Equal(t, run, entries[0].JobID, "messages know the run by its name")
	require.Equal(t, "ben", entries[0].Owner)
	require.Equal(t, edited.Source, entries[0].Request.Source)
	g := c.grant(sess, run)
	require.Equal(t, n+1, g.Attempt)
	c.finish(sess, run, g.Attempt, success())
	c.state(ben.Job.ID, job.Succeeded)
	c.state(run, job.Cancelled)
	c.state(carl.Job.ID, job.Queued)
}
