package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/pgstore"
)

// crew is workers, each at a job of its own.
type crew struct {
	t        *testing.T
	client   *statusclient.Client
	sessions []*statusclient.Session
	jobs     []job.ID
}

func hire(t *testing.T, c *statusclient.Client, workers int) *crew {
	t.Helper()
	k := &crew{t: t, client: c}
	for i := range workers {
		created, err := c.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)})
		require.NoError(t, err)
		s, err := c.OpenSession(t.Context(), statusclient.SessionOptions{Worker: fmt.Sprint("w", i), Kind: job.Video, Slots: 1})
		require.NoError(t, err)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			s.Close(ctx)
		})
		a, err := s.Start(t.Context(), created.Job.ID, "once")
		require.NoError(t, err)
		require.NotNil(t, a.Granted)
		k.sessions, k.jobs = append(k.sessions, s), append(k.jobs, created.Job.ID)
	}
	return k
}

// finish ends every attempt; none may have been taken away meanwhile.
func (k *crew) finish() {
	k.t.Helper()
	for i, id := range k.jobs {
		v, err := k.sessions[i].Finish(k.t.Context(), id, 1, success())
		require.NoError(k.t, err)
		require.Equal(k.t, job.Verdict{Action: job.Ack, Reason: "succeeded"}, v)
		j, err := k.client.Get(k.t.Context(), id, "")
		require.NoError(k.t, err)
		require.Equal(k.t, job.Succeeded, j.State)
		require.Equal(k.t, 1, j.Attempt)
		var path []job.State
		for _, m := range j.History {
			path = append(path, m.To)
		}
		require.Equal(k.t, []job.State{job.Queued, job.Running, job.Succeeded}, path, "a running job was taken for lost")
	}
}

// heard waits until every session was heard of after a time.
func (k *crew) heard(s store.Store, after time.Time) {
	k.t.Helper()
	ready := func() (all bool) {
		err := s.Update(k.t.Context(), func(tx store.Tx) error {
			all = true
			for _, sess := range k.sessions {
				row, err := tx.Session(sess.ID())
				all = all && err == nil && row.HeardAt.After(after)
			}
			return nil
		})
		return err == nil && all
	}
	require.Eventually(k.t, ready, 20*time.Second, 50*time.Millisecond, "a session does not come back")
}

func ownServer(t *testing.T) *postgres.Server {
	t.Helper()
	s, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// TestKilledReplicaRestartsNoJob: the workers of a replica that is killed go on
// at the other one, under the same sessions.
func TestKilledReplicaRestartsNoJob(t *testing.T) {
	t.Parallel()
	server := ownServer(t)
	one, first := startChild(t, server.URL(""))
	two, second := startChild(t, server.URL(""))
	t.Cleanup(func() {
		require.NoError(t, two.Process.Kill())
		require.Error(t, two.Wait())
	})
	conn, err := rpc.Dial(first+","+second, rpc.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	k := hire(t, statusclient.New(conn, statusclient.Options{}), 8)
	s, err := pgstore.Open(t.Context(), server.URL(""))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	before := make([]job.SessionID, len(k.sessions))
	for i, sess := range k.sessions {
		before[i] = sess.ID()
	}

	killed := job.SystemClock{}.Now()
	require.NoError(t, one.Process.Kill())
	require.Error(t, one.Wait())
	k.heard(s, killed)
	t.Logf("every session was heard of %v after the kill", time.Since(killed))
	for i, sess := range k.sessions {
		require.Equal(t, before[i], sess.ID(), "a session was replaced")
	}
	k.finish()
}

// TestStoreAwayRestartsNoJob: PostgreSQL is away for longer than a lease. No
// heartbeat is kept meanwhile, but that is not the fault of the workers.
func TestStoreAwayRestartsNoJob(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ leave, comeBack func(*postgres.Server) error }{
		"killed": {(*postgres.Server).Kill, (*postgres.Server).Run},
		"frozen": {(*postgres.Server).Freeze, (*postgres.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := ownServer(t)
			shared := func(o *app.Options) { o.StoreURL = server.URL("") }
			one, idle := start(t, shared), start(t, shared)
			k := hire(t, one.client, 4)
			t.Cleanup(func() { _ = server.Thaw() }) // one that stands still can't be stopped
			require.NoError(t, c.leave(server))
			<-time.After(11 * time.Second) // longer than a lease: that is what is tried
			require.NoError(t, c.comeBack(server))
			back := job.SystemClock{}.Now()
			s, err := pgstore.Open(t.Context(), server.URL(""))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			k.heard(s, back)
			t.Logf("%s: every session was heard of %v after the return", name, time.Since(back))
			k.finish()
			require.NoError(t, idle.app.Ready())
		})
	}
}
