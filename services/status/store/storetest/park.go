package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// stageOf is where an attempt meets each dependency.
var stageOf = map[string]string{fault.Script: "script", fault.Speech: "narrate", fault.Artifacts: "publish"}

// outage is an attempt that found a dependency down.
func outage(dependency string) job.Outcome {
	return job.Outcome{Failed: &job.Failure{
		Fault:     job.Fault{Kind: "dependency", Text: "It does not answer.", Stage: stageOf[dependency]},
		Retryable: true, DeadLetter: true, Dependency: dependency,
	}}
}

// checkParked looks for parked jobs that nothing would bring to their end (G1),
// and for records of what is down that contradict the jobs.
func checkParked(t require.TestingT, ctx context.Context, s store.Store, ids []job.ID) {
	type key struct {
		kind       job.Kind
		dependency string
	}
	var all []store.Parking
	var rows []store.Row
	promised := map[job.ID]bool{}
	require.NoError(t, s.Update(ctx, func(tx store.Tx) (err error) {
		rows = nil
		clear(promised)
		if all, err = tx.Parkings(); err != nil {
			return err
		}
		for _, id := range ids {
			r, err := tx.Job(id)
			if err != nil {
				return err
			}
			_, none := tx.Promise(id)
			rows, promised[id] = append(rows, r), none == nil
		}
		return nil
	}))
	down, jobs := map[key]store.Parking{}, map[key]int{}
	for _, p := range all {
		require.False(t, p.Due.IsZero(), "nothing is ever due for %+v", p)
		down[key{p.Kind, p.Dependency}] = p
	}
	for _, r := range rows {
		require.Equal(t, r.State == job.Parked, r.Dependency != "", "%+v", r)
		if r.State == job.Parked {
			jobs[key{r.Request.Kind, r.Dependency}]++
			require.Contains(t, down, key{r.Request.Kind, r.Dependency}, "nothing lets %+v go on", r)
			require.False(t, promised[r.ID])
		}
		if r.Trial != "" {
			require.False(t, r.State.Final() || r.State == job.Parked || r.Leader != "", "%+v", r)
			require.Equal(t, decide.Name(r), down[key{r.Request.Kind, r.Trial}].Trial)
		}
	}
	for k, p := range down {
		require.Equal(t, jobs[k], p.Jobs, "%+v", p)
	}
}

func parkingRows(t *testing.T, b *bench) {
	parked := func(id job.ID, owner, dependency string, since int) store.Row {
		r := small(id, owner, job.Parked, since)
		r.Dependency = dependency
		return r
	}
	follower := parked("f", "ada", fault.Script, 0)
	follower.Leader = "c"
	other := parked("x", "ada", fault.Script, 0)
	other.Request.Kind = job.Audio
	for _, r := range []store.Row{
		parked("a", "ben", fault.Script, 5), parked("b", "eve", fault.Script, 4), parked("c", "ada", fault.Script, 6),
		parked("d", "ada", fault.Script, 7), parked("e", "ada", fault.Speech, 1), follower, other,
	} {
		b.insert(r)
	}
	down := store.Parking{
		Kind: job.Video, Dependency: fault.Script, Reason: "It \"broke\" ✓", Stage: "script", Since: at(1), Due: at(9), Tries: 3,
		Trial: "t", Owner: "ben", AnsweredAt: at(2),
	}
	b.update(func(tx store.Tx) error {
		_, err := tx.Parking(job.Video, fault.Script)
		require.ErrorIs(t, err, job.ErrNotFound)
		require.NoError(t, tx.PutParking(store.Parking{Kind: job.Video, Dependency: fault.Script, Since: at(0), Due: at(3)}))
		require.NoError(t, tx.PutParking(store.Parking{Kind: job.Audio, Dependency: fault.Script, Since: at(0), Due: at(20)}))
		return tx.PutParking(down)
	})
	b.view(func(r store.Reader) error {
		all, err := r.Parkings()
		require.NoError(t, err)
		want := down
		want.Jobs = 5
		require.Equal(t, []store.Parking{{Kind: job.Audio, Dependency: fault.Script, Since: at(0), Due: at(20), Jobs: 1}, want}, all)
		d, err := r.Deadlines()
		require.NoError(t, err)
		require.Equal(t, at(9), d.Parking)
		c, err := r.Counts()
		require.Equal(t, []store.Parked{
			{Kind: job.Audio, Dependency: fault.Script, Jobs: 1},
			{Kind: job.Video, Dependency: fault.Script, Jobs: 5},
			{Kind: job.Video, Dependency: fault.Speech, Jobs: 1},
		}, c.Parked)
		return err
	})
	b.update(func(tx store.Tx) error {
		got, err := tx.Parking(job.Video, fault.Script)
		require.NoError(t, err)
		require.Equal(t, down, got)
		due, err := tx.DueParkings(at(8))
		require.Empty(t, due)
		require.NoError(t, err)
		due, err = tx.DueParkings(at(9))
		require.Equal(t, []store.Parking{down}, due)
		require.NoError(t, err)

		r, err := tx.FirstParked(job.Video, fault.Script)
		require.NoError(t, err)
		require.Equal(t, job.ID("b"), r.ID, "who waits longest")
		for after, want := range map[string]job.ID{"": "c", "ada": "a", "ben": "b", "eve": "c", "zoe": "c"} {
			r, err := tx.NextParked(job.Video, fault.Script, after)
			require.NoError(t, err)
			require.Equal(t, want, r.ID, "after %q", after)
		}
		_, err = tx.FirstParked(job.Video, fault.Artifacts)
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = tx.NextParked(job.Video, fault.Artifacts, "")
		require.ErrorIs(t, err, job.ErrNotFound)
		return tx.DropParking(job.Video, fault.Script)
	})
	b.view(func(r store.Reader) error {
		all, err := r.Parkings()
		require.Len(t, all, 1)
		return err
	})
}

// unpark does what is due and hands out what is published then.
func (f *flight) unpark() (published []job.ID) {
	f.t.Helper()
	require.NoError(f.t, f.l.Unpark(f.t.Context()))
	entries, err := f.l.Claim(f.t.Context(), 200)
	require.NoError(f.t, err)
	for _, e := range entries {
		published = append(published, e.JobID)
	}
	return published
}

// page makes requests differ, so that nothing is shared.
func page(n string) func(*ledger.Input) {
	return func(in *ledger.Input) { in.Request.Source.URL += "/" + n }
}

// parked makes a job that waits for a dependency.
func (f *flight) parked(owner, n, dependency string) job.ID {
	f.t.Helper()
	id := f.ask(owner, page(n)).Job.ID
	f.park(id, dependency)
	return id
}

func (f *flight) park(id job.ID, dependency string) {
	f.t.Helper()
	a := f.start(id)
	require.True(f.t, a.Granted, "%+v", a)
	v := f.finish(id, a.Job.Attempt, outage(dependency))
	require.Equal(f.t, job.Verdict{Action: job.Ack, Reason: "parked: " + dependency + " is down"}, v)
	require.Equal(f.t, v, f.finish(id, a.Job.Attempt, outage(dependency)), "asked again because the answer was lost")
}

func (f *flight) parkings() []store.Parking {
	f.t.Helper()
	qs, err := f.l.Queues(f.t.Context())
	require.NoError(f.t, err)
	var all []store.Parking
	for _, q := range qs {
		all = append(all, q.Parking...)
	}
	return all
}

func (f *flight) only() store.Parking {
	f.t.Helper()
	ps := f.parkings()
	require.Len(f.t, ps, 1)
	return ps[0]
}

func parkedComesBack(t *testing.T, b *bench) {
	f := newFlight(t, b)
	id := f.parked("ada", "1", fault.Speech)
	j := f.get(id)
	require.Equal(t, job.Parked, j.State)
	require.Equal(t, fault.Speech, j.Dependency)
	require.Equal(t, []int{1, 0}, []int{j.Attempt, j.Spent}, "nothing is spent")
	require.Contains(t, j.Fault.Text, "It does not answer. This lesson waits for it and goes on by itself")
	require.Equal(t, "narrate", j.Fault.Stage)
	require.Nil(t, j.Line)
	require.Contains(t, f.start(id).Drop, "parked", "its message was handed out again")
	require.Equal(t, store.Parking{
		Kind: job.Video, Dependency: fault.Speech, Reason: "It does not answer.", Stage: "narrate",
		Since: epoch, Due: epoch.Add(decide.FirstTrial), Jobs: 1,
	}, f.only())
	require.ErrorAs(t, f.l.Delete(t.Context(), id, "ada"), new(*job.StateError))
	_, _, err := f.l.Retry(t.Context(), id, "ada", "")
	require.ErrorContains(t, err, "goes on by itself")
	buried, err := f.l.Bury(t.Context(), id, ledger.Letter{ID: "late", Attempt: 1})
	require.NoError(t, err)
	require.Equal(t, job.Parked, buried.State, "its message is needed no more")
	require.Empty(t, f.unpark(), "too early")

	// Another program on the same store goes on where this one was killed.
	f.l = ledger.New(ledger.Options{Store: b.s, Policies: job.DefaultPolicies(), Clock: f.clock})
	d, err := f.l.Deadlines(t.Context())
	require.NoError(t, err)
	require.Equal(t, epoch.Add(decide.FirstTrial), d.Unpark)
	f.clock.advance(decide.FirstTrial)
	require.Equal(t, []job.ID{id}, f.unpark())
	require.Empty(t, f.unpark(), "once")
	require.Equal(t, id, f.only().Trial)
	buried, err = f.l.Bury(t.Context(), id, ledger.Letter{ID: "late", Attempt: 1})
	require.NoError(t, err)
	require.Equal(t, job.Queued, buried.State, "a letter of the message that was settled")

	a := f.start(id)
	require.Equal(t, 2, a.Job.Attempt)
	f.finish(id, 2, goodEnd)
	require.False(t, f.only().AnsweredAt.IsZero())
	require.Empty(t, f.unpark())
	require.Empty(t, f.parkings(), "nobody waits any more")
	j = f.get(id)
	require.Equal(t, job.Succeeded, j.State)
	require.Zero(t, j.Spent)
	require.Empty(t, j.Dependency)
}

func trialsPause(t *testing.T, b *bench) {
	f := newFlight(t, b)
	one, two := f.parked("ada", "1", fault.Script), f.parked("ada", "2", fault.Script)
	turn := []job.ID{one, two}
	for i, pause := range []int{5, 10, 20, 40, 60, 60, 60} {
		f.clock.advance(time.Duration(pause)*time.Second - 1000)
		require.Empty(t, f.unpark(), "trial %d", i)
		f.clock.advance(1000)
		require.Equal(t, turn[i%2:i%2+1], f.unpark(), "they take turns, one at a time")
		require.Equal(t, i, f.only().Tries)
		f.park(turn[i%2], fault.Script)
	}
	three := f.parked("ben", "3", fault.Script)
	require.Equal(t, 7, f.only().Tries, "somebody else's outage tells nothing new")
	require.Equal(t, epoch, f.only().Since)
	_, err := f.l.Cancel(t.Context(), one, "ada", "")
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, f.get(one).State, "at once")
	require.Equal(t, 2, f.only().Jobs)
	checkParked(t, t.Context(), b.s, []job.ID{one, two, three})
}
