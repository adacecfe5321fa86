package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

func outage(kind fault.Kind, dependency string) job.Outcome {
	return job.Outcome{Failed: &job.Failure{
		Fault:     job.Fault{Kind: string(kind), Text: "It is away.", Stage: "script"},
		Retryable: kind.Retryable(), DeadLetter: kind.DeadLetters(), Dependency: dependency, Delay: time.Hour,
	}}
}

// TestOnlyAnOutageOfSomethingKnownParks: whatever else a worker of another
// version may say is an ordinary fault, which ends.
func TestOnlyAnOutageOfSomethingKnownParks(t *testing.T) {
	t.Parallel()
	for _, d := range fault.Dependencies() {
		for _, spent := range []int{0, policy.Retries} {
			s, v, err := decide.Finish(running(t, spent), now, policy, 1, outage(fault.Dependency, d))
			require.NoError(t, err)
			require.Equal(t, job.Verdict{Action: job.Ack, Reason: "parked: " + d + " is down"}, v)
			require.Equal(t, job.Parked, s.Row.State)
			require.Equal(t, d, s.Row.Dependency)
			require.Equal(t, spent, s.Row.Spent, "nothing is spent, not even the last one")
			require.Zero(t, s.Row.NotBefore)
			require.Empty(t, s.Row.Session)
			require.False(t, s.Row.Sent)
			require.Equal(t, decide.DropPromise, s.Promise.Do)
			require.Equal(t, "It is away.", s.Down)
			again, same, err := decide.Finish(s.Row, now, policy, 1, outage(fault.Dependency, d))
			require.NoError(t, err)
			require.Equal(t, v, same)
			require.False(t, again.Changed)
		}
	}
	for _, o := range []job.Outcome{
		outage(fault.Dependency, ""), outage(fault.Dependency, "weather"), outage(fault.Internal, fault.Script),
		outage(fault.Source, fault.Speech),
	} {
		s, _, err := decide.Finish(running(t, 0), now, policy, 1, o)
		require.NoError(t, err)
		require.Equal(t, job.Retrying, s.Row.State)
		require.Equal(t, 1, s.Row.Spent)
	}
}

func parked(t *testing.T) store.Row {
	t.Helper()
	s, _, err := decide.Finish(running(t, 0), now, policy, 1, outage(fault.Dependency, fault.Script))
	require.NoError(t, err)
	return s.Row
}

func TestParkedJobsGoOnTwoWays(t *testing.T) {
	t.Parallel()
	ahead, err := decide.Try(parked(t), now)
	require.NoError(t, err)
	require.Equal(t, job.Queued, ahead.Row.State)
	require.Equal(t, fault.Script, ahead.Row.Trial)
	require.Empty(t, ahead.Row.Dependency)
	require.True(t, ahead.Row.Sent, "it passes those in line")
	require.Equal(t, decide.Promise{Do: decide.PutPromise, Due: now}, ahead.Promise)

	flows, err := decide.Unpark(parked(t), now)
	require.NoError(t, err)
	require.Equal(t, job.Queued, flows.Row.State)
	require.Empty(t, flows.Row.Trial)
	require.False(t, flows.Row.Sent)
	require.Equal(t, decide.StandInLine, flows.Promise.Do)
	require.Equal(t, "script answers again", flows.Moves[0].Why)

	for _, step := range []func(store.Row, time.Time) (decide.Step, error){decide.Try, decide.Unpark} {
		_, err := step(queued(t), now)
		require.ErrorAs(t, err, new(*job.MoveError))
	}
}

func TestPausesBetweenTrials(t *testing.T) {
	t.Parallel()
	for tries, want := range []int{5, 10, 20, 40, 60, 60} {
		require.Equal(t, time.Duration(want)*time.Second, decide.Pause(tries))
	}
	require.Equal(t, decide.LongestPause, decide.Pause(1000))
}

func TestFlowKeepsItsRate(t *testing.T) {
	t.Parallel()
	due := now
	for range 50 {
		due = decide.Flow(due, now.Add(500*time.Millisecond), 5)
		if due.After(now.Add(500 * time.Millisecond)) {
			break
		}
	}
	require.Equal(t, now.Add(600*time.Millisecond), due, "three since then, the next one 200 ms after the last")
	late := now.Add(time.Hour)
	require.Equal(t, late.Add(100*time.Millisecond), decide.Flow(now, late, 10), "an hour away is not made up for at once")
}

// TestStagesThatAreNotKnownDecideNothing: workers of another version may have
// other stages.
func TestStagesThatAreNotKnownDecideNothing(t *testing.T) {
	t.Parallel()
	p := store.Parking{Kind: job.Video, Dependency: fault.Script, Stage: "thinking"}
	r := running(t, 0)
	r.Trial, r.Stage = fault.Script, "draw"
	require.Equal(t, decide.Underway, decide.Tell(p, r))
	r.State, r.Fault = job.Failed, &job.Fault{Stage: "dreaming"}
	require.Equal(t, decide.Answered, decide.Tell(p, r))
	r.Fault = nil
	require.Equal(t, decide.Answered, decide.Tell(p, r))
}

func TestLettersOfParkedJobsAreOld(t *testing.T) {
	t.Parallel()
	r := parked(t)
	for _, attempt := range []int{0, 1, 2} {
		s, err := decide.Bury(r, now, decide.Letter{ID: "l", Attempt: attempt, Pending: true})
		require.NoError(t, err)
		require.False(t, s.Changed)
	}
	back, err := decide.Unpark(r, now)
	require.NoError(t, err)
	s, err := decide.Bury(back.Row, now, decide.Letter{ID: "l", Attempt: 1, Pending: true})
	require.NoError(t, err)
	require.False(t, s.Changed, "of the message that was settled when it was parked")
	s, err = decide.Bury(back.Row, now, decide.Letter{ID: "l", Attempt: 2, Pending: true})
	require.NoError(t, err)
	require.Equal(t, job.Failed, s.Row.State, "of the message with which it went on")
}
