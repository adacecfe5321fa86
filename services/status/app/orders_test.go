package app_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/statusclient"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/app"
)

// sessionOfKind opens a session that tells every command.
func (s *service) sessionOfKind(name string, k job.Kind) (*statusclient.Session, <-chan statusclient.CommandKind) {
	s.t.Helper()
	commands := make(chan statusclient.CommandKind, 100)
	sess, err := s.client.OpenSession(s.t.Context(), statusclient.SessionOptions{
		Worker: name, Kind: k, Slots: 1, OnCommand: func(c statusclient.Command) { commands <- c.Kind },
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		sess.Close(ctx)
	})
	return sess, commands
}

// heard is the next command, which must come soon.
func heard(t *testing.T, commands <-chan statusclient.CommandKind) statusclient.CommandKind {
	t.Helper()
	select {
	case c := <-commands:
		return c
	case <-time.After(patience):
		require.Fail(t, "no command comes")
		return ""
	}
}

func TestOrdersReachEverySession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		one, toOne := s.sessionOfKind("one", job.Video)
		_, toTwo := s.sessionOfKind("two", job.Video)
		_, toAudio := s.sessionOfKind("audio", job.Audio)
		for _, c := range []<-chan statusclient.CommandKind{toOne, toTwo, toAudio} {
			require.Equal(t, statusclient.CommandResume, heard(t, c), "a new session learns how it stands")
		}
		began := time.Now()
		s.pause(videos)
		require.Equal(t, statusclient.CommandPause, heard(t, toOne))
		require.Equal(t, statusclient.CommandPause, heard(t, toTwo))
		require.Less(t, time.Since(began), time.Second)
		s.pause(videos)
		_, late := s.sessionOfKind("late", job.Video)
		require.Equal(t, statusclient.CommandPause, heard(t, late))
		_, err := s.client.DrainWorker(t.Context(), string(one.ID()), "ada", "r")
		require.NoError(t, err)
		require.Equal(t, statusclient.CommandDrain, heard(t, toOne))
		s.resume(videos)
		for _, c := range []<-chan statusclient.CommandKind{toOne, toTwo, late} {
			require.Equal(t, statusclient.CommandResume, heard(t, c))
		}
		synctest.Wait()
		require.Empty(t, toAudio)
		require.Empty(t, toOne)
	})
}

// TestOrdersOutliveRestarts: of the service and of the stream; a change that
// happened while the stream was broken is told when it is back.
func TestOrdersOutliveRestarts(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, toFirst := s.sessionOfKind("w", job.Video)
	require.Equal(t, statusclient.CommandResume, heard(t, toFirst))
	s.pause(videos)
	require.Equal(t, statusclient.CommandPause, heard(t, toFirst))
	_, err := s.client.DrainWorker(t.Context(), string(first.ID()), "ada", "r")
	require.NoError(t, err)
	require.Equal(t, statusclient.CommandDrain, heard(t, toFirst))
	s.stop()

	s = startOn(t, s.path)
	require.NotNil(t, s.queue(videos).Pause)
	ws, err := s.client.Workers(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, statusclient.WorkerDraining, ws[0].State)
	const paused, resumed, drained = statusv1.CommandKind_COMMAND_KIND_PAUSE, statusv1.CommandKind_COMMAND_KIND_RESUME, statusv1.CommandKind_COMMAND_KIND_DRAIN
	back := s.mustRaw(t, string(first.ID()))
	require.Equal(t, paused, back.orders)
	require.Equal(t, drained, back.command())
	s.resume(videos)
	require.Equal(t, resumed, back.command())
	again := s.mustRaw(t, string(first.ID()))
	require.Equal(t, resumed, again.orders, "who comes back is told also that it is not paused")
	require.Equal(t, drained, again.command())
}

// TestOrdersCrossReplicas: a worker of one replica hears what an operator did at
// the other.
func TestOrdersCrossReplicas(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	shared := func(o *app.Options) { o.StoreURL = server.URL("") }
	one, two := start(t, shared), start(t, shared)
	sess, commands := one.sessionOfKind("w", job.Video)
	require.Equal(t, statusclient.CommandResume, heard(t, commands))
	for range 5 {
		began := time.Now()
		two.pause(videos)
		require.Equal(t, statusclient.CommandPause, heard(t, commands))
		require.Less(t, time.Since(began), 5*time.Second, "called, not found by chance")
		one.resume(videos)
		require.Equal(t, statusclient.CommandResume, heard(t, commands))
	}
	_, err = two.client.DrainWorker(t.Context(), string(sess.ID()), "ada", "r")
	require.NoError(t, err)
	require.Equal(t, statusclient.CommandDrain, heard(t, commands))
	require.Equal(t, one.audit(statusclient.AuditFilter{}), two.audit(statusclient.AuditFilter{}))
	require.Len(t, two.audit(statusclient.AuditFilter{}), 11)
}
