package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

// TestSharing runs every case on both stores.
func TestSharing(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	share := func(o *app.Options) { o.ShareLessons, o.ShareFinishedFor = true, 10*time.Minute }
	for name, run := range map[string]func(*testing.T, *class){
		"fifty at once": fiftyAtOnce, "one stays": oneStays, "all leave": allLeave, "first is deleted": firstIsDeleted,
		"worker is lost": workerIsLost, "tried again": triedAgain, "replayed": replayedShared, "edited by its heir": editedByHeir, "given": given, "opted out": optedOut, "key": keyOfAFollower,
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("sqlite", func(t *testing.T) {
				t.Parallel()
				run(t, newClass(t, share))
			})
			t.Run("postgres", func(t *testing.T) {
				t.Parallel()
				address, err := server.Schema(t.Context())
				require.NoError(t, err)
				run(t, newClass(t, share, func(o *app.Options) { o.StoreURL = address }))
			})
		})
	}
}

// class is students of one lesson.
type class struct {
	*service
	mu      sync.Mutex
	removed []job.ID
	gone    chan struct{} // has a value after a removal
}

func newClass(t *testing.T, change ...func(*app.Options)) *class {
	c := &class{gone: make(chan struct{}, 100)}
	change = append(change, func(o *app.Options) {
		o.RemoveArtifacts = func(_ context.Context, id job.ID) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.removed = append(c.removed, id)
			c.gone <- struct{}{}
			return nil
		}
	})
	c.service = start(t, change...)
	return c
}

func (c *class) isRemoved(id job.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.removed, id)
}

func owner(i int) string { return fmt.Sprint("student-", i) }

// ask has n students ask at once, and returns their jobs and the one that was
// to be published.
func (c *class) ask(n int) (ids []job.ID, first job.ID) {
	c.t.Helper()
	ids = make([]job.ID, n)
	entries := make([]*statusclient.OutboxEntry, n)
	var g errgroup.Group
	for i := range n {
		g.Go(func() error {
			made, err := c.client.Create(c.t.Context(), statusclient.CreateInput{Owner: owner(i), Request: ask(job.Video)})
			ids[i], entries[i] = made.Job.ID, made.Entry
			return err
		})
	}
	require.NoError(c.t, g.Wait())
	entries = slices.DeleteFunc(entries, func(e *statusclient.OutboxEntry) bool { return e == nil })
	require.Len(c.t, entries, 1, "one run")
	return ids, entries[0].JobID
}

func (c *class) cancel(id job.ID) {
	c.t.Helper()
	_, err := c.client.Cancel(c.t.Context(), id, "", "changed my mind")
	require.NoError(c.t, err)
}

func (c *class) finish(s *statusclient.Session, id job.ID, attempt int, o job.Outcome) job.Verdict {
	c.t.Helper()
	v, err := s.Finish(c.t.Context(), id, attempt, o)
	require.NoError(c.t, err)
	return v
}

func fiftyAtOnce(t *testing.T, c *class) {
	ids, first := c.ask(50)
	sess, _ := c.session("w")
	require.Equal(t, 1, c.grant(sess, first).Attempt)
	for _, id := range ids {
		c.state(id, job.Running)
	}
	sess.Progress(first, 1, "draw", 40)
	for j, err := range c.client.WatchJob(t.Context(), ids[7], owner(7), 0) {
		require.NoError(t, err)
		if j.Progress == 40 {
			break
		}
	}
	require.Equal(t, "succeeded", c.finish(sess, first, 1, success()).Reason)
	for i, id := range ids {
		j := c.state(id, job.Succeeded)
		require.Equal(t, success().Succeeded.Artifacts, j.Artifacts)
		require.Equal(t, "A title", j.Title)
		require.Equal(t, owner(i), j.Owner)
		require.Len(t, j.History, 3)
		all, err := json.Marshal(j)
		require.NoError(t, err)
		for k, other := range ids {
			if k != i {
				require.NotContains(t, string(all), string(other), "what belongs to somebody else")
				require.NotContains(t, string(all), owner(k)+`"`)
			}
		}
		_, err = c.client.Get(t.Context(), id, owner(i+1))
		require.ErrorIs(t, err, job.ErrNotFound)
	}
	require.Empty(t, c.claim(t, 0))
}

func oneStays(t *testing.T, c *class) {
	ids, first := c.ask(50)
	sess, commands := c.session("w")
	c.grant(sess, first)
	last := ids[0]
	if last == first {
		last = ids[1]
	}
	var g errgroup.Group
	for _, id := range ids {
		if id != last {
			g.Go(func() error {
				_, err := c.client.Cancel(t.Context(), id, "", "")
				return err
			})
		}
	}
	require.NoError(t, g.Wait())
	require.Empty(t, commands, "nobody stops it")
	c.state(last, job.Running)
	require.Equal(t, "succeeded", c.finish(sess, first, 1, success()).Reason)
	require.Equal(t, success().Succeeded.Artifacts, c.state(last, job.Succeeded).Artifacts)
	for _, id := range ids {
		if id != last {
			c.state(id, job.Cancelled)
		}
	}
}

func allLeave(t *testing.T, c *class) {
	ids, first := c.ask(50)
	sess, commands := c.session("w")
	c.grant(sess, first)
	var last time.Time
	for _, id := range ids {
		require.Empty(t, commands)
		last = time.Now()
		c.cancel(id)
	}
	require.Equal(t, statusclient.Command{Kind: statusclient.CommandCancel, JobID: first, Attempt: 1}, <-commands)
	require.Less(t, time.Since(last), patience)
	require.True(t, c.finish(sess, first, 1, success()).Refused())
	for _, id := range ids {
		c.state(id, job.Cancelled)
	}
}

func firstIsDeleted(t *testing.T, c *class) {
	ids, first := c.ask(3)
	rest := slices.DeleteFunc(ids, func(id job.ID) bool { return id == first })
	sess, _ := c.session("w")
	c.grant(sess, first)
	c.cancel(first)
	require.NoError(t, c.client.Delete(t.Context(), first, ""))
	require.Equal(t, "succeeded", c.finish(sess, first, 1, success()).Reason)
	for i, id := range rest {
		c.state(id, job.Succeeded)
		require.False(t, c.isRemoved(first), "the files of the others")
		require.NoError(t, c.client.Delete(t.Context(), id, ""))
		if i == 0 {
			<-c.gone // the folder of the deleted job itself
		}
	}
	for !c.isRemoved(first) {
		<-c.gone
	}
}

func workerIsLost(t *testing.T, c *class) {
	ids, first := c.ask(3)
	rest := slices.DeleteFunc(slices.Clone(ids), func(id job.ID) bool { return id == first })
	w := c.mustRaw(t, "")
	require.NotNil(t, c.startRaw(t, w.id, first).GetGranted())
	c.cancel(first)
	w.end()
	for _, id := range rest {
		require.Equal(t, 1, c.untilState(t, id, job.Queued).Spent)
	}
	sess, _ := c.session("another")
	require.Equal(t, 2, c.grant(sess, first).Attempt)
	require.True(t, c.finish(sess, first, 1, success()).Refused(), "the attempt that was lost")
	require.Equal(t, "succeeded", c.finish(sess, first, 2, success()).Reason)
	for _, id := range rest {
		require.Equal(t, 2, c.state(id, job.Succeeded).Attempt)
	}
	c.state(first, job.Cancelled)
}

func triedAgain(t *testing.T, c *class) {
	ids, first := c.ask(4)
	sess, _ := c.session("w")
	c.grant(sess, first)
	c.finish(sess, first, 1, failure("request", false, false))
	var published *statusclient.OutboxEntry
	for i, id := range ids[:3] {
		require.Contains(t, c.state(id, job.Failed).Fault.Text, "It broke.")
		j, entry, err := c.client.Retry(t.Context(), id, owner(i), "")
		require.NoError(t, err)
		require.Equal(t, job.Queued, j.State)
		require.Equal(t, i == 0, entry != nil, "one run for all who try again")
		if entry != nil {
			published = entry
		}
	}
	c.finish(sess, published.JobID, c.grant(sess, published.JobID).Attempt, success())
	for _, id := range ids[:3] {
		c.state(id, job.Succeeded)
	}
	c.state(ids[3], job.Failed)
}

func given(t *testing.T, c *class) {
	_, first := c.ask(1)
	sess, _ := c.session("w")
	c.grant(sess, first)
	c.finish(sess, first, 1, success())
	made, err := c.client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
	require.NoError(t, err)
	require.Nil(t, made.Entry)
	require.Equal(t, job.Succeeded, made.Job.State)
	require.Equal(t, c.get(first).Artifacts, made.Job.Artifacts)
	require.Contains(t, made.Job.Notes[0], "made at ")
	for j, err := range c.client.WatchJob(t.Context(), made.Job.ID, "ada", 0) {
		require.NoError(t, err)
		require.Equal(t, made.Job, j)
	}
	require.NoError(t, c.client.Delete(t.Context(), made.Job.ID, "ada"))
	c.state(first, job.Succeeded)
}

func optedOut(t *testing.T, c *class) {
	c.ask(1)
	fresh, short := ask(job.Video), ask(job.Video)
	fresh.Fresh, short.Options.Length = true, "short"
	for i, r := range []job.Request{fresh, short} {
		made, err := c.client.Create(t.Context(), statusclient.CreateInput{Owner: owner(10 + i), Request: r})
		require.NoError(t, err)
		require.NotNil(t, made.Entry)
	}
}

func keyOfAFollower(t *testing.T, c *class) {
	_, first := c.ask(1)
	in := statusclient.CreateInput{Owner: "ada", Request: ask(job.Video), IdempotencyKey: "k"}
	one, err := c.client.Create(t.Context(), in)
	require.NoError(t, err)
	two, err := c.client.Create(t.Context(), in)
	require.NoError(t, err)
	require.True(t, two.Replayed)
	require.Equal(t, one.Job.ID, two.Job.ID)
	require.NotEqual(t, first, one.Job.ID)
	var state *job.StateError
	require.True(t, errors.As(c.client.Delete(t.Context(), one.Job.ID, "ada"), &state))
}
