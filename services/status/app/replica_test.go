package app_test

import (
	"testing"

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
