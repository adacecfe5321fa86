package statusclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/statusclient/statustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func newSession(t *testing.T, s *statustest.Server, onCommand func(statusclient.Command)) *statusclient.Session {
	t.Helper()
	c := statusclient.New(s.Dial(t), statusclient.Options{})
	sess, err := c.OpenSession(context.Background(), statusclient.SessionOptions{
		Worker: "w", Kind: job.Video, Slots: 2, OnCommand: onCommand,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		sess.Close(ctx)
	})
	return sess
}

func start(t *testing.T, s *statustest.Server, sess *statusclient.Session, id job.ID) *statusclient.Granted {
	t.Helper()
	s.Add(id, "ada", job.Request{Kind: job.Video})
	a, err := sess.Start(context.Background(), id, "start-1")
	require.NoError(t, err)
	require.NotNil(t, a.Granted)
	return a.Granted
}

func TestHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		time.Sleep(21 * time.Second)
		beats, _ := s.Beats(sess.ID())
		require.InDelta(t, 11, beats, 1, "every 2 s, and one at the welcome")
	})
}

func TestSessionComesBackWithTheSameID(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		got := make(chan statusclient.Command, 1)
		sess := newSession(t, s, func(c statusclient.Command) { got <- c })
		id := sess.ID()
		g := start(t, s, sess, "j1")
		sess.Progress("j1", g.Attempt, "encode", 40)
		s.Until(t, "first report", func() bool { return len(s.Reports()) == 1 })
		for n := range 3 {
			s.Down()
			synctest.Wait()
			require.False(t, sess.Connected())
			time.Sleep(300 * time.Millisecond)
			s.Up()
			down := time.Now()
			s.Until(t, "the session is back", sess.Connected)
			require.Less(t, time.Since(down), 600*time.Millisecond, "a broken stream has 1 s to come back")
			require.Equal(t, id, sess.ID())
			s.Until(t, "progress is told again", func() bool { return len(s.Reports()) == n+2 })
		}
		require.Equal(t, []string{"", string(id), string(id), string(id)}, s.Hellos())
		require.Equal(t, statustest.Report{JobID: "j1", Attempt: 1, Stage: "encode", Percent: 40}, s.Reports()[3])
		before, _ := s.Beats(id)
		time.Sleep(10 * time.Second)
		after, _ := s.Beats(id)
		require.Greater(t, after, before+3, "heartbeats go on")
		s.Command(statusclient.CommandCancel, "j1", 1)
		require.Equal(t, statusclient.Command{Kind: statusclient.CommandCancel, JobID: "j1", Attempt: 1}, <-got)
	})
}

func TestReconnectAfterALongOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		s.Down()
		time.Sleep(time.Hour / 2)
		s.Up()
		up := time.Now()
		s.Until(t, "the session is back", sess.Connected)
		require.Less(t, time.Since(up), 3*time.Second, "no pause grows without bound")
	})
}

func TestForgottenSessionIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		s.Add("j1", "ada", job.Request{Kind: job.Video})
		s.ForgetSessions()
		_, err := sess.Start(context.Background(), "j1", "start-1")
		require.ErrorIs(t, err, job.ErrSessionUnknown)
		s.Until(t, "a new session", func() bool { return sess.ID() == "session-2" && sess.Connected() })
		a, err := sess.Start(context.Background(), "j1", "start-1")
		require.NoError(t, err)
		require.NotNil(t, a.Granted)
	})
}

func TestEveryCommandArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		got := make(chan statusclient.Command, 10)
		newSession(t, s, func(c statusclient.Command) { got <- c })
		kinds := []statusclient.CommandKind{
			statusclient.CommandCancel, statusclient.CommandSuperseded, statusclient.CommandPause,
			statusclient.CommandResume, statusclient.CommandDrain,
		}
		s.Command("of tomorrow", "j1", 3) // ignored
		for _, k := range kinds {
			s.Command(k, "j1", 3)
			require.Equal(t, statusclient.Command{Kind: k, JobID: "j1", Attempt: 3}, <-got)
		}
	})
}

func TestProgressIsCoalesced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		g := start(t, s, sess, "j1")
		synctest.Wait()
		for i := range 1000 {
			sess.Progress("j1", g.Attempt, "encode", float64(i)/10)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		reports := s.Reports()
		require.LessOrEqual(t, len(reports), 6, "at most every 250 ms")
		require.GreaterOrEqual(t, len(reports), 4)
		require.InDelta(t, 99.9, reports[len(reports)-1].Percent, .001, "the latest is never lost")

		_, err := sess.Finish(context.Background(), "j1", g.Attempt, job.Outcome{Released: "test"})
		require.NoError(t, err)
		sess.Progress("j1", g.Attempt, "late", 100)
		sess.Progress("stranger", 1, "late", 100)
		time.Sleep(5 * time.Second)
		require.Len(t, s.Reports(), len(reports), "an attempt that ended reports nothing")
	})
}

func TestGoodbye(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		sess.Close(context.Background())
		_, goodbye := s.Beats(sess.ID())
		require.True(t, goodbye)
		require.False(t, sess.Connected())
		sess.Close(context.Background())
	})
}

func TestCloseWithoutAServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		s.Down()
		synctest.Wait()
		began := time.Now()
		sess.Close(context.Background())
		require.Less(t, time.Since(began), time.Second)
	})
}

func TestOpenWaitsForTheServerAndForItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		s.Down()
		c := statusclient.New(s.Dial(t), statusclient.Options{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := c.OpenSession(ctx, statusclient.SessionOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		opened := make(chan error, 1)
		go func() {
			sess, err := c.OpenSession(context.Background(), statusclient.SessionOptions{})
			if err == nil {
				sess.Close(context.Background())
			}
			opened <- err
		}()
		time.Sleep(time.Minute)
		s.Up()
		require.NoError(t, <-opened)
	})
}

func TestStartAndFinishMapTheirAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := statustest.Start(t)
		sess := newSession(t, s, nil)
		fault := &job.Fault{Kind: "internal", Text: "gone"}
		for _, want := range []statusclient.StartAnswer{
			{Drop: "already failed"}, {Wait: &statusclient.Wait{Delay: 1500 * time.Millisecond, Why: "w"}}, {Bury: fault},
		} {
			s.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) { return want, nil, true }
			got, err := sess.Start(context.Background(), "j1", "s")
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		s.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) { return statusclient.StartAnswer{}, nil, true }
		_, err := sess.Start(context.Background(), "j1", "s")
		require.ErrorContains(t, err, "nothing this version knows")
		s.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
			return statusclient.StartAnswer{}, errors.New("secret"), true
		}
		_, err = sess.Start(context.Background(), "j1", "s")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")

		s.OnStart = nil
		g := start(t, s, sess, "j2")
		require.Equal(t, 5*time.Minute, g.Timeout)
		require.Equal(t, job.ID("j2"), g.Job.ID)
		v, err := sess.Finish(context.Background(), "j2", g.Attempt, job.Outcome{Failed: &job.Failure{Fault: *fault, Retryable: true}})
		require.NoError(t, err)
		require.Equal(t, job.Verdict{Action: job.Retry, After: 5 * time.Second, Reason: "gone"}, v)
		_, err = sess.Finish(context.Background(), "j2", g.Attempt, job.Outcome{})
		require.Error(t, err)
	})
}
