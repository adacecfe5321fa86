package job_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

// TestMoves is the whole table: every pair of states, allowed or not.
func TestMoves(t *testing.T) {
	t.Parallel()
	allowed := map[job.State][]job.State{
		"":            {job.Scheduled, job.Queued},
		job.Scheduled: {job.Queued, job.Cancelled},
		job.Queued:    {job.Running, job.Succeeded, job.Failed, job.Cancelled},
		job.Running:   {job.Succeeded, job.Failed, job.Cancelled, job.Retrying, job.Parked, job.Queued},
		job.Retrying:  {job.Running, job.Failed, job.Cancelled},
		job.Parked:    {job.Queued, job.Cancelled},
		job.Succeeded: {},
		job.Failed:    {job.Queued},
		job.Cancelled: {job.Queued},
	}
	for from, tos := range allowed {
		if from != "" {
			require.ElementsMatch(t, tos, job.Moves(from), "moves from %s", from)
		}
		for _, to := range append(job.States(), "", "unheard of") {
			want := contains(tos, to)
			require.Equal(t, want, job.CanMove(from, to), "%q to %q", from, to)
			err := job.CheckMove(from, to)
			if want {
				require.NoError(t, err)
				continue
			}
			var move *job.MoveError
			require.ErrorAs(t, err, &move)
			require.Equal(t, job.MoveError{From: from, To: to}, *move)
		}
	}
	require.False(t, job.CanMove("unheard of", job.Queued))
}

func contains(states []job.State, s job.State) bool {
	for _, have := range states {
		if have == s {
			return true
		}
	}
	return false
}

func TestMovesCannotBeChangedFromOutside(t *testing.T) {
	t.Parallel()
	job.Moves(job.Queued)[0] = job.Retrying
	require.False(t, job.CanMove(job.Queued, job.Retrying))
}

func TestEveryStateIsReachedAndFinalOnesWaitForSomebody(t *testing.T) {
	t.Parallel()
	reached := map[job.State]bool{}
	var visit func(job.State)
	visit = func(s job.State) {
		if reached[s] {
			return
		}
		reached[s] = true
		for _, next := range job.Moves(s) {
			visit(next)
		}
	}
	visit(job.Scheduled)
	for _, s := range job.States() {
		require.True(t, s.Valid())
		require.True(t, reached[s], "%s is never reached", s)
		require.Equal(t, s == job.Succeeded || s == job.Failed || s == job.Cancelled, s.Final(), s)
		if !s.Final() {
			require.True(t, job.CanMove(s, job.Cancelled), "%s can't be cancelled", s)
		}
	}
	require.False(t, job.State("").Valid())
	require.Len(t, job.States(), len(reached))
}

// TestDefaultPolicies is the table of the product, value by value.
func TestDefaultPolicies(t *testing.T) {
	t.Parallel()
	ps := job.DefaultPolicies()
	require.NoError(t, ps.Check())
	require.Equal(t, job.Policies{
		job.Video: {AttemptTimeout: 5 * time.Minute, Retries: 3, Backoff: 5 * time.Second, KeepSucceeded: 100, KeepFailed: 200},
		job.Audio: {AttemptTimeout: 3 * time.Minute, Retries: 2, Backoff: 10 * time.Second, KeepSucceeded: 100, KeepFailed: 200},
	}, ps)
	require.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}, ps[job.Video].Delays())
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second}, ps[job.Audio].Delays())
	third := ps[job.Audio]
	third.Retries = 3
	require.Equal(t, 40*time.Second, third.Delays()[2])
	require.Equal(t, []job.QueueSpec{
		{Name: "video-generation", Delays: ps[job.Video].Delays()}, {Name: "audio-generation", Delays: ps[job.Audio].Delays()},
	}, ps.Queues())
}

func TestRetriesCountRunsAfterTheFirst(t *testing.T) {
	t.Parallel()
	video := job.DefaultPolicies()[job.Video]
	runs := 0
	for spent := 0; !video.Exhausted(spent); spent++ {
		runs++
	}
	require.Equal(t, 4, runs, "a video runs at most four times")
	require.True(t, job.Policy{}.Exhausted(1), "no retries: one run")
	require.False(t, job.Policy{}.Exhausted(0))
}

func TestDelayStaysSane(t *testing.T) {
	t.Parallel()
	p := job.Policy{Backoff: 5 * time.Second}
	require.Equal(t, 5*time.Second, p.Delay(-1))
	require.Equal(t, 5*time.Second, p.Delay(0))
	require.Equal(t, p.Delay(10), p.Delay(1000), "no overflow")
	require.Positive(t, job.Policy{Backoff: time.Hour}.Delay(1000))
	require.Empty(t, p.Delays())
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	good := job.DefaultPolicies()[job.Video]
	for says, breakIt := range map[string]func(*job.Policy){
		"attempt timeout 0s":       func(p *job.Policy) { p.AttemptTimeout = 0 },
		"attempt timeout 48h0m0s":  func(p *job.Policy) { p.AttemptTimeout = 48 * time.Hour },
		"retries -1":               func(p *job.Policy) { p.Retries = -1 },
		"retries 11":               func(p *job.Policy) { p.Retries = 11 },
		"backoff 0s":               func(p *job.Policy) { p.Backoff = 0 },
		"backoff 2h0m0s":           func(p *job.Policy) { p.Backoff = 2 * time.Hour },
		"kept jobs 0 and 200":      func(p *job.Policy) { p.KeepSucceeded = 0 },
		"kept jobs 100 and -3":     func(p *job.Policy) { p.KeepFailed = -3 },
		"attempt timeout 1ms: use": func(p *job.Policy) { p.AttemptTimeout = time.Millisecond },
	} {
		bad := good
		breakIt(&bad)
		require.ErrorContains(t, bad.Check(), says)
		require.ErrorContains(t, job.Policies{job.Video: bad, job.Audio: good}.Check(), "policy of video: "+says)
	}
	require.ErrorContains(t, job.Policies{job.Video: good}.Check(), "policy of audio: missing")
}

func TestKindsAndQueues(t *testing.T) {
	t.Parallel()
	require.Equal(t, []job.Kind{job.Video, job.Audio}, job.Kinds())
	require.Equal(t, []string{"video-generation", "audio-generation"}, job.Queues())
	for _, k := range job.Kinds() {
		require.True(t, k.Valid())
	}
	require.False(t, job.Kind("").Valid())
	require.False(t, job.Kind("Video").Valid())
}

func TestSystemClockKeepsWhatStoresKeep(t *testing.T) {
	t.Parallel()
	now := job.SystemClock{}.Now()
	require.Equal(t, time.UTC, now.Location())
	require.Zero(t, now.Nanosecond()%1000)
	require.WithinDuration(t, time.Now(), now, time.Minute)
}

func TestStateErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	err := &job.StateError{ID: "7", State: job.Succeeded, Wanted: "cancel", Remedy: "Delete it instead."}
	require.EqualError(t, err, "can't cancel job 7: it is succeeded. Delete it instead.")
}
