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

// TestReplicasActAsOne: a worker and a watcher of one replica see what users do
// at the other.
func TestReplicasActAsOne(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	shared := func(o *app.Options) { o.StoreURL = server.URL("") }
	one, two := start(t, shared), start(t, shared)

	sess, commands := one.session("w")
	id := two.create("ada").ID
	seen := make(chan job.Job, 100)
	go func() {
		defer close(seen)
		for j, err := range two.client.WatchJob(t.Context(), id, "ada", 0) {
			if err != nil {
				return
			}
			seen <- j
		}
	}()
	require.Equal(t, job.Queued, (<-seen).State)
	g := one.grant(sess, id)
	require.Equal(t, job.Running, (<-seen).State)
	_, err = two.client.Cancel(t.Context(), id, "ada", "")
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, (<-seen).State)
	c := <-commands
	require.Equal(t, id, c.JobID)
	require.Equal(t, g.Attempt, c.Attempt)
	require.Equal(t, statusclient.CommandCancel, c.Kind)
	one.state(id, job.Cancelled)

	next := one.create("ada").ID
	one.stop()
	two.state(next, job.Queued)
}

// TestReplicasWakeEachOther: a worker of one replica makes room for those whose
// turn the relay waits for at another one.
func TestReplicasWakeEachOther(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	shared := func(o *app.Options) { o.StoreURL = server.URL("") }
	one, two := start(t, shared), start(t, shared)
	sess, _ := one.sessionOf("w", 1)
	var line []job.ID
	for i := range 10 {
		c, err := []*service{one, two}[i%2].client.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
		require.NoError(t, err)
		require.Equal(t, i == 0, c.Entry != nil, "the first is published at once, all others wait")
		if c.Entry != nil {
			require.NoError(t, two.client.ConfirmOutbox(t.Context(), []statusclient.OutboxEntry{*c.Entry}))
		}
		line = append(line, c.Job.ID)
	}
	require.Empty(t, two.claim(t, 0))
	for i, id := range line[:len(line)-1] {
		claimed := make(chan []statusclient.OutboxEntry, 1)
		began := time.Now()
		go func() { claimed <- two.claim(t, 30*time.Second) }()
		g := one.grant(sess, id)
		entries := <-claimed
		require.Less(t, time.Since(began), 5*time.Second, "woken, not found by chance")
		require.Len(t, entries, 1)
		require.Equal(t, line[i+1], entries[0].JobID)
		require.NoError(t, one.client.ConfirmOutbox(t.Context(), entries))
		_, err := sess.Finish(t.Context(), id, g.Attempt, success())
		require.NoError(t, err)
	}
}
