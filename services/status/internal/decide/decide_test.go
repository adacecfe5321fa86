package decide_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

var (
	now    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	policy = job.DefaultPolicies()[job.Video]
	worker = store.Session{ID: "s", Worker: "w", EndsAt: now.Add(10 * time.Second)}
)

func queued(t *testing.T) store.Row {
	t.Helper()
	s, err := decide.Create(now, "a", "ada", job.Request{Kind: job.Video}, "")
	require.NoError(t, err)
	return s.Row
}

func running(t *testing.T, spent int) store.Row {
	t.Helper()
	r := queued(t)
	r.Spent = spent
	s, a, err := decide.Start(r, decide.Ask{Now: now, Policy: policy, Session: worker})
	require.NoError(t, err)
	require.True(t, a.Granted)
	return s.Row
}

// TestFaultsEndAsTheTableSays follows the table of faults in the design: what
// is tried again, and what becomes a dead letter.
func TestFaultsEndAsTheTableSays(t *testing.T) {
	t.Parallel()
	for _, k := range fault.Kinds() {
		for spent := range policy.Retries + 1 {
			o := job.Outcome{Failed: &job.Failure{
				Fault: job.Fault{Kind: string(k), Text: "It broke."}, Retryable: k.Retryable(), DeadLetter: k.DeadLetters(),
			}}
			s, v, err := decide.Finish(running(t, spent), now, policy, 1, o)
			require.NoError(t, err)
			require.Equal(t, spent+1, s.Row.Spent)
			require.Equal(t, string(k), s.Row.Fault.Kind)
			switch {
			case k.Retryable() && spent < policy.Retries:
				require.Equal(t, job.Retrying, s.Row.State)
				require.Equal(t, job.Verdict{Action: job.Retry, After: policy.Delay(spent + 1), Reason: "It broke. It is tried again."}, v)
				require.Equal(t, decide.Promise{Do: decide.PutPromise, Due: now.Add(v.After + decide.Net)}, s.Promise)
			case k == fault.Request:
				require.Equal(t, job.Failed, s.Row.State)
				require.Equal(t, job.Ack, v.Action)
			default:
				require.Equal(t, job.Failed, s.Row.State)
				require.Equal(t, job.Dead, v.Action)
				require.Equal(t, s.Row.Fault.Text, v.Reason)
				if want := "It broke."; k.Retryable() {
					require.Equal(t, want+" It was tried 4 times.", v.Reason, "nothing tries again")
				} else {
					require.Equal(t, want, v.Reason)
				}
			}
		}
	}
}

func TestOwnDelayIsBounded(t *testing.T) {
	t.Parallel()
	cases := []struct {
		own, want time.Duration
		action    job.Action
	}{
		{0, policy.Backoff, job.Retry},
		{time.Second, time.Second, job.Retry},
		{decide.LongDelay, decide.LongDelay, job.Retry},
		{decide.LongDelay + 1, decide.LongDelay + 1, job.Ack},
		{1000 * time.Hour, decide.MaxDelay, job.Ack},
		{-time.Hour, policy.Backoff, job.Retry},
	}
	for _, c := range cases {
		o := job.Outcome{Failed: &job.Failure{Retryable: true, DeadLetter: true, Delay: c.own}}
		s, v, err := decide.Finish(running(t, 0), now, policy, 1, o)
		require.NoError(t, err)
		require.Equal(t, c.action, v.Action, c.own)
		require.Equal(t, now.Add(c.want), s.Row.NotBefore)
	}
}

func TestReportsOnlyGoForward(t *testing.T) {
	t.Parallel()
	cases := []struct {
		stage       string
		percent     float64
		wantStage   string
		wantPercent float64
		changed     bool
	}{
		{"encode", 60, "encode", 60, true},
		{"encode", 50, "encode", 50, true},
		{"", 55, "draw", 55, true},
		{"draw", 50, "draw", 50, false},
		{"fetch", 10, "draw", 50, false},
		{"encode", math.NaN(), "draw", 50, false},
		{"encode", math.Inf(1), "encode", 100, true},
		{"encode", -3, "draw", 50, false},
	}
	for _, c := range cases {
		r := running(t, 0)
		r.Stage, r.Progress = "draw", 50
		s, err := decide.Progress(r, now, decide.Report{Session: worker, Attempt: 1, Stage: c.stage, Percent: c.percent})
		require.NoError(t, err)
		require.Equal(t, c.changed, s.Changed, c)
		require.Equal(t, c.wantStage, s.Row.Stage, c)
		require.InDelta(t, c.wantPercent, s.Row.Progress, 0, c)
		require.Empty(t, s.Moves)
		require.Nil(t, s.Command)
	}
}

func TestWhoHoldsNoJobIsTold(t *testing.T) {
	t.Parallel()
	told := func(r store.Row, attempt int, session store.Session) *store.Command {
		s, err := decide.Progress(r, now, decide.Report{Session: session, Attempt: attempt, Percent: 1})
		require.NoError(t, err)
		return s.Command
	}
	r := running(t, 0)
	require.Nil(t, told(r, 1, worker))
	require.Equal(t, store.Superseded, told(r, 1, store.Session{ID: "other"}).Kind)
	r.Attempt = 2
	require.Equal(t, store.Superseded, told(r, 1, worker).Kind)

	cancelled, err := decide.Cancel(running(t, 0), now, "")
	require.NoError(t, err)
	require.Equal(t, store.Cancel, cancelled.Command.Kind)
	require.Equal(t, worker.ID, cancelled.Tell)
	require.Equal(t, store.Cancel, told(cancelled.Row, 1, worker).Kind)

	finished, _, err := decide.Finish(running(t, 0), now, policy, 1, job.Outcome{Succeeded: &job.Success{}})
	require.NoError(t, err)
	require.Nil(t, told(finished.Row, 1, worker), "a report that its own finish overtook")
}

func TestOutcomeWithoutContentIsAnError(t *testing.T) {
	t.Parallel()
	_, _, err := decide.Finish(running(t, 0), now, policy, 1, job.Outcome{})
	require.Error(t, err)
}

// TestLostStartIsGrantedAgain: a worker that asks again with the same start id
// never began, whether or not its session was found dead meanwhile.
func TestLostStartIsGrantedAgain(t *testing.T) {
	t.Parallel()
	ask := decide.Ask{Now: now, Policy: policy, Session: worker, StartID: "s"}
	s, _, err := decide.Start(born(t).row, ask)
	require.NoError(t, err)
	rescued, err := decide.Rescue(s.Row, now, "lost", decide.Net)
	require.NoError(t, err)
	ask.Session.ID = "its-next-session"
	for name, row := range map[string]store.Row{"rescued": rescued.Row, "its holder is dead": s.Row} {
		again, a, err := decide.Start(row, ask)
		require.NoError(t, err, name)
		require.True(t, a.Granted, name)
		require.Equal(t, job.Running, again.Row.State, name)
		require.Equal(t, 1, again.Row.Attempt, name)
		require.Zero(t, again.Row.Spent, name)
		require.Nil(t, again.Row.Fault, name)
		require.Equal(t, ask.Session.ID, again.Row.Session, name)
		require.Equal(t, decide.DropPromise, again.Promise.Do, name)
	}
	ask.StartID = "another"
	other, a, err := decide.Start(rescued.Row, ask)
	require.NoError(t, err)
	require.True(t, a.Granted)
	require.Equal(t, 2, other.Row.Attempt)
	require.Equal(t, 1, other.Row.Spent)
}
