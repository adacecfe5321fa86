package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

func whole() store.Row {
	r := small("a", "ada", job.Running, 0)
	r.Request = job.Request{
		Kind: job.Audio, Source: job.Source{Text: "Wärme \"fließt\" ✓"}, RunAt: at(5),
		Options: job.Options{Length: "short", Theme: "dark", Language: "de", Voices: []string{"ada", "cal"}, Format: "dialogue"}, Labels: map[string]string{"k": "v"},
	}
	r.Attempt, r.Spent, r.NotBefore, r.Stage, r.Progress = 3, 2, at(9), "encode", 62.5
	r.Fault = &job.Fault{Kind: "source", Text: "t", Cause: "c", Stage: "fetch", At: at(4)}
	r.Title, r.Notes = "Title", []string{"one", "two"}
	r.Artifacts = []job.Artifact{{Name: "video.mp4", MediaType: "video/mp4", Size: 1 << 40, SHA256: "ab", Key: "jobs/a/3/video.mp4"}}
	r.Version, r.UpdatedAt, r.StartedAt, r.FinishedAt = 12, at(10), at(11), at(12)
	r.Session, r.Worker, r.StartID, r.Since, r.Lost = "s", "w", "d", at(3), true
	r.Ended = store.Ended{Attempt: 2, Action: job.Retry, Reason: "why"}
	r.DeadLetter, r.Replayed, r.Traceparent = "l2", "l1", "00-1-2-01"
	r.Dependency, r.Trial = "speech", "script"
	return r
}

func keepsEveryField(t *testing.T, b *bench) {
	want := b.insert(whole())
	require.Equal(t, want, b.job("a"))

	next := small("a", "ada", job.Succeeded, 0)
	next.Request.Kind, next.Traceparent = job.Audio, want.Traceparent
	next.Version, next.Seq = 13, want.Seq+1
	b.update(func(tx store.Tx) (err error) {
		if next.Seq, err = tx.NextSeq(); err != nil {
			return err
		}
		if err := tx.UpdateJob(next); err != nil {
			return err
		}
		if err := tx.AddMove("a", job.Move{At: at(2), From: job.Running, To: job.Succeeded, Attempt: 3, Worker: "w", Why: "y", Version: 13}); err != nil {
			return err
		}
		return tx.AddMove("a", job.Move{At: at(1), To: job.Queued, Version: 1})
	})
	require.Equal(t, next, b.job("a"), "what was emptied is empty")
	b.view(func(r store.Reader) error {
		ms, err := r.Moves("a")
		require.Equal(t, []job.Move{
			{At: at(1), To: job.Queued, Version: 1},
			{At: at(2), From: job.Running, To: job.Succeeded, Attempt: 3, Worker: "w", Why: "y", Version: 13},
		}, ms)
		return err
	})
}

func missingRows(t *testing.T, b *bench) {
	b.update(func(tx store.Tx) error {
		_, err := tx.Job("x")
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = tx.Session("x")
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = tx.Key("x", "y")
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = tx.Tombstone("x")
		require.ErrorIs(t, err, job.ErrNotFound)
		_, err = tx.Promise("x")
		require.ErrorIs(t, err, job.ErrNotFound)
		ms, err := tx.Moves("x")
		require.Empty(t, ms)
		require.NoError(t, tx.DropPromise("x"))
		return err
	})
}

func deleteTakesAll(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Failed, 0))
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.AddMove("a", job.Move{At: at(0), To: job.Queued, Version: 1}))
		require.NoError(t, tx.PutPromise(store.Promise{JobID: "a", Owner: "ada", Due: at(0), Token: 1}))
		require.NoError(t, tx.PutKey(store.Key{Owner: "ada", Key: "k", Fingerprint: []byte{1}, JobID: "a", EndsAt: at(9)}))
		return tx.DeleteJob("a")
	})
	b.update(func(tx store.Tx) error {
		ms, err := tx.Moves("a")
		require.NoError(t, err)
		require.Empty(t, ms)
		ps, err := tx.DuePromises(at(100), 10)
		require.NoError(t, err)
		require.Empty(t, ps)
		_, err = tx.Key("ada", "k")
		require.ErrorIs(t, err, job.ErrNotFound)
		return nil
	})
}

func ids(rows []store.Row) []job.ID {
	var out []job.ID
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out
}

func listsFilterAndPage(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 1))
	b.insert(small("b", "ada", job.Failed, 2))
	b.insert(small("c", "ben", job.Queued, 2))
	d := small("d", "ada", job.Queued, 2)
	d.Request.Kind = job.Audio
	b.insert(d)
	cases := []struct {
		name string
		f    store.Filter
		want []job.ID
	}{
		{"all, newest first", store.Filter{}, []job.ID{"d", "c", "b", "a"}},
		{"limit", store.Filter{Limit: 2}, []job.ID{"d", "c"}},
		{"owner", store.Filter{Owner: "ada"}, []job.ID{"d", "b", "a"}},
		{"states", store.Filter{States: []job.State{job.Failed, job.Running}}, []job.ID{"b"}},
		{"kind", store.Filter{Kind: job.Audio}, []job.ID{"d"}},
		{"after is inclusive", store.Filter{CreatedAfter: at(2)}, []job.ID{"d", "c", "b"}},
		{"before is exclusive", store.Filter{CreatedBefore: at(2)}, []job.ID{"a"}},
		{"page", store.Filter{Before: &store.Cursor{CreatedAt: at(2), ID: "c"}}, []job.ID{"b", "a"}},
		{"all at once", store.Filter{
			Owner: "ada", Kind: job.Video, States: []job.State{job.Queued}, CreatedAfter: at(0), CreatedBefore: at(3),
			Before: &store.Cursor{CreatedAt: at(2), ID: "b"},
		}, []job.ID{"a"}},
		{"hostile owner", store.Filter{Owner: "x' OR 1=1 --"}, nil},
	}
	for _, c := range cases {
		if c.f.Limit == 0 {
			c.f.Limit = 100
		}
		b.view(func(r store.Reader) error {
			rows, err := r.Jobs(c.f)
			require.Equal(t, c.want, ids(rows), c.name)
			return err
		})
	}
}

func changesInOrder(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 1))
	second := b.insert(small("b", "ben", job.Queued, 2))
	b.insert(small("c", "ada", job.Queued, 0))
	b.update(func(tx store.Tx) error {
		r, err := tx.Job("a")
		require.NoError(t, err)
		if r.Seq, err = tx.NextSeq(); err != nil {
			return err
		}
		return tx.UpdateJob(r)
	})
	b.view(func(r store.Reader) error {
		rows, err := r.Changed("ada", 0, 10)
		require.NoError(t, err)
		require.Equal(t, []job.ID{"c", "a"}, ids(rows))
		rows, err = r.Changed("", second.Seq, 1)
		require.Equal(t, []job.ID{"c"}, ids(rows))
		return err
	})
}

func heldAndRunning(t *testing.T, b *bench) {
	run := func(id job.ID, started int, s job.SessionID) {
		r := small(id, "ada", job.Running, 0)
		r.StartedAt, r.Session = at(started), s
		b.insert(r)
	}
	run("a", 10, "s1")
	run("b", 20, "s2")
	run("c", 30, "s1")
	b.insert(small("d", "ada", job.Queued, 0))
	b.update(func(tx store.Tx) error {
		rows, err := tx.Held("s1")
		require.NoError(t, err)
		require.Equal(t, []job.ID{"a", "c"}, ids(rows))
		rows, err = tx.Held("")
		require.NoError(t, err)
		require.Empty(t, rows)
		rows, err = tx.RunningSince(job.Video, at(20), 10)
		require.NoError(t, err)
		require.Equal(t, []job.ID{"a", "b"}, ids(rows))
		rows, err = tx.RunningSince(job.Audio, at(99), 10)
		require.Empty(t, rows)
		return err
	})
}

func surplus(t *testing.T, b *bench) {
	for i, id := range []job.ID{"a", "b", "c", "d", "e"} {
		r := small(id, "ada", job.Failed, 0)
		if id == "c" {
			r.State = job.Cancelled
		}
		r.FinishedAt = at(10 - i)
		b.insert(r)
	}
	b.insert(small("x", "ada", job.Succeeded, 0))
	b.insert(small("y", "ben", job.Failed, 0))
	g := store.Group{Owner: "ada", Kind: job.Video}
	b.update(func(tx store.Tx) error {
		got, err := tx.Surplus(g, []job.State{job.Failed, job.Cancelled}, 2, 10)
		require.NoError(t, err)
		require.Equal(t, []job.ID{"e", "d", "c"}, got)
		got, err = tx.Surplus(g, []job.State{job.Failed, job.Cancelled}, 2, 1)
		require.NoError(t, err)
		require.Equal(t, []job.ID{"e"}, got)
		got, err = tx.Surplus(g, []job.State{job.Succeeded}, 1, 10)
		require.Empty(t, got)
		return err
	})
	b.view(func(r store.Reader) error {
		gs, err := r.Groups()
		require.ElementsMatch(t, []store.Group{g, {Owner: "ben", Kind: job.Video}}, gs)
		return err
	})
}

func countsAndDeadlines(t *testing.T, b *bench) {
	b.view(func(r store.Reader) error {
		d, err := r.Deadlines()
		require.NoError(t, err)
		require.Equal(t, store.Deadlines{Started: map[job.Kind]time.Time{}}, d)
		c, err := r.Counts()
		require.NoError(t, err)
		require.Empty(t, c.Jobs)
		require.Zero(t, c.Promises)
		return nil
	})
	b.insert(small("a", "ada", job.Queued, 5))
	b.insert(small("b", "ben", job.Queued, 3))
	r := small("c", "ben", job.Running, 3)
	r.StartedAt = at(4)
	b.insert(r)
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutPromise(store.Promise{JobID: "a", Owner: "ada", Due: at(8), Token: 1}))
		require.NoError(t, tx.PutPromise(store.Promise{JobID: "b", Owner: "ben", Due: at(7), Token: 2}))
		require.NoError(t, tx.PutSession(store.Session{ID: "s", Kind: job.Video, EndsAt: at(6)}))
		require.NoError(t, tx.PutKey(store.Key{Owner: "o", Key: "k", Fingerprint: []byte{1}, JobID: "a", EndsAt: at(5)}))
		require.NoError(t, tx.PutTombstone(store.Tombstone{JobID: "x", Seq: 100, DeletedAt: at(1), SweepAt: at(4)}))
		return tx.PutTombstone(store.Tombstone{JobID: "y", Seq: 101, DeletedAt: at(2)})
	})
	b.view(func(r store.Reader) error {
		d, err := r.Deadlines()
		require.NoError(t, err)
		require.Equal(t, store.Deadlines{
			Promise: at(7), Session: at(6), Key: at(5), Sweep: at(4), Tombstone: at(2),
			Started: map[job.Kind]time.Time{job.Video: at(4)},
		}, d)
		c, err := r.Counts()
		require.ElementsMatch(t, []store.Count{
			{Kind: job.Video, State: job.Queued, Jobs: 2, Oldest: at(3)},
			{Kind: job.Video, State: job.Running, Jobs: 1, Oldest: at(3)},
		}, c.Jobs)
		require.Equal(t, 2, c.Promises)
		require.Equal(t, at(7), c.Due)
		require.Equal(t, 1, c.Sessions[job.Video])
		return err
	})
}

func demand(t *testing.T, b *bench) {
	add := func(id job.ID, s job.State, notBefore int, leader job.ID) {
		r := small(id, "ada", s, 1)
		r.Leader = leader
		if notBefore > 0 {
			r.NotBefore = at(notBefore)
		}
		b.insert(r)
	}
	add("runs", job.Running, 0, "")
	add("shares its run", job.Running, 0, "runs")
	add("queued", job.Queued, 0, "")
	add("shares its place", job.Queued, 0, "queued")
	add("was scheduled once", job.Queued, 9, "")
	add("retry is due", job.Retrying, 5, "")
	add("retry is not due", job.Retrying, 6, "")
	add("is due", job.Scheduled, 5, "")
	add("is not due", job.Scheduled, 6, "")
	for _, s := range []job.State{job.Parked, job.Succeeded, job.Failed, job.Cancelled} {
		add(job.ID("is "+string(s)), s, 0, "")
	}
	b.view(func(r store.Reader) error {
		d, err := r.Demand(at(5))
		require.Equal(t, store.Demand{Running: 1, Waiting: 4}, d[job.Video])
		require.Zero(t, d[job.Audio])
		return err
	})
}
