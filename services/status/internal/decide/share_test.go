package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

func leader(s job.State) store.Row {
	return store.Row{
		Job: job.Job{
			ID: "L", Owner: "ada", State: s, Attempt: 2, Spent: 1, Stage: "draw", Progress: 40,
			Request:   job.Request{Kind: job.Video, Labels: map[string]string{"secret": "label"}},
			NotBefore: now.Add(time.Minute), StartedAt: now.Add(-time.Minute), Fault: &job.Fault{Text: "It broke."},
		},
		Session: "s", Worker: "w", StartID: "x", WorkKey: "key", Followers: 1, Sent: true,
		Lost: true, Ended: store.Ended{Attempt: 1}, Replayed: "letter",
	}
}

func follower() store.Row {
	return store.Row{Job: job.Job{ID: "F", Owner: "ben", Request: job.Request{Kind: job.Video}}, WorkKey: "key"}
}

func TestJoinTakesTheStateOfTheRun(t *testing.T) {
	t.Parallel()
	for state, path := range map[job.State][]job.State{
		job.Queued:   {job.Queued},
		job.Running:  {job.Queued, job.Running},
		job.Retrying: {job.Queued, job.Running, job.Retrying},
	} {
		for _, before := range []job.State{"", job.Failed, job.Cancelled} {
			r := follower()
			r.State, r.Session, r.Alias, r.Files = before, "old", "old", "old"
			s, err := decide.Join(r, leader(state), now, "accepted")
			require.NoError(t, err)
			var moved []job.State
			for _, m := range s.Moves {
				moved = append(moved, m.To)
			}
			require.Equal(t, path, moved)
			require.Equal(t, decide.Promise{}, s.Promise)
			require.False(t, s.Left || s.Room)
			got := s.Row
			require.Equal(t, job.ID("L"), got.Leader)
			require.Equal(t, []any{2, 1, "draw", 40.0}, []any{got.Attempt, got.Spent, got.Stage, got.Progress})
			require.Equal(t, leader(state).NotBefore, got.NotBefore)
			require.Empty(t, string(got.Session)+got.StartID+string(got.Alias)+string(got.Files)+got.Replayed)
			require.False(t, got.Sent || got.Lost)
			require.Equal(t, []string{"ben", ""}, []string{got.Owner, got.Request.Labels["secret"]})
		}
	}
}

func TestFollowDoesAsTheLeader(t *testing.T) {
	t.Parallel()
	l := leader(job.Running)
	s, err := decide.Join(follower(), l, now, "accepted")
	require.NoError(t, err)
	ended, _, err := decide.Finish(l, now, job.Policy{}, 2, job.Outcome{Succeeded: &job.Success{Title: "Heat"}})
	require.NoError(t, err)
	f, err := decide.Follow(s.Row, ended, now)
	require.NoError(t, err)
	require.Equal(t, job.Move{
		At: now, From: job.Running, To: job.Succeeded, Attempt: 2, Worker: "w", Why: "finished", Version: 3,
	}, f.Moves[0])
	require.Equal(t, []any{job.ID(""), job.ID("L"), "Heat"}, []any{f.Row.Leader, f.Row.Files, f.Row.Title})
	require.Equal(t, store.Ended{}, f.Row.Ended)
	require.Equal(t, decide.Promise{}, f.Promise)

	ended, _, err = decide.Finish(l, now, job.Policy{}, 2, job.Outcome{Failed: &job.Failure{Fault: job.Fault{Text: "No."}}})
	require.NoError(t, err)
	f, err = decide.Follow(s.Row, ended, now)
	require.NoError(t, err)
	require.Equal(t, []any{job.Failed, job.ID(""), job.ID("")}, []any{f.Row.State, f.Row.Leader, f.Row.Files})
}

func TestGivenIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	made := leader(job.Succeeded)
	made.Files, made.FinishedAt, made.Notes, made.Title = "A", now.Add(-time.Minute), []string{"offline"}, "Heat"
	s, err := decide.Given(follower(), made, now)
	require.NoError(t, err)
	require.Equal(t, job.Succeeded, s.Row.State)
	require.Equal(t, now, s.Row.FinishedAt)
	require.Equal(t, job.ID("A"), s.Row.Files)
	require.Len(t, s.Row.Notes, 2)
	require.Contains(t, s.Row.Notes[0], "11:59 UTC")
	require.Equal(t, []string{"offline"}, made.Notes)
	require.Zero(t, s.Row.StartedAt)
	require.False(t, s.Left || s.Room || s.Promise.Do != decide.KeepPromise)
}

func TestPartTellsNobody(t *testing.T) {
	t.Parallel()
	for _, state := range []job.State{job.Queued, job.Running, job.Retrying} {
		r := leader(state)
		r.Leader = "other"
		s, err := decide.Part(r, now, "")
		require.NoError(t, err)
		require.Equal(t, []any{job.Cancelled, job.ID("")}, []any{s.Row.State, s.Row.Leader})
		require.Nil(t, s.Command)
		require.False(t, s.Left || s.Room || s.Promise.Do != decide.KeepPromise)
	}
}

func TestInheritKeepsTheName(t *testing.T) {
	t.Parallel()
	l, f := leader(job.Running), follower()
	heir, left := decide.Inherit(f, l)
	require.Equal(t, []job.ID{"L", "L", ""}, []job.ID{heir.Alias, heir.Files, heir.Leader})
	require.Equal(t, []any{l.Session, l.Worker, l.StartID, l.Ended, l.Lost, l.Sent, l.Replayed, 0},
		[]any{heir.Session, heir.Worker, heir.StartID, heir.Ended, heir.Lost, heir.Sent, heir.Replayed, heir.Followers})
	require.Empty(t, string(left.Session)+left.StartID)
	require.False(t, left.Sent || left.Lost || left.Followers > 0)
	require.Equal(t, job.ID("L"), decide.Name(heir))

	third, left := decide.Inherit(store.Row{Job: job.Job{ID: "G"}}, heir)
	require.Equal(t, []job.ID{"L", ""}, []job.ID{third.Alias, left.Alias})
	back, _ := decide.Inherit(store.Row{Job: job.Job{ID: "L"}}, third)
	require.Equal(t, []job.ID{"", "", "L"}, []job.ID{back.Alias, back.Files, decide.Name(back)})
}
