package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

func pauses(t *testing.T, b *bench) {
	read := func() (ps []store.Pause) {
		b.view(func(r store.Reader) (err error) {
			ps, err = r.Pauses()
			return err
		})
		return ps
	}
	line := func(k job.Kind) (l store.Line) {
		b.view(func(r store.Reader) (err error) {
			l, err = r.Line(k)
			return err
		})
		return l
	}
	require.Empty(t, read())
	video := store.Pause{Kind: job.Video, Author: "ada", Reason: "the \"disk\" is full ✓", At: at(1)}
	audio := store.Pause{Kind: job.Audio, Author: "ben", Reason: "r", At: at(2)}
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutPause(video))
		return tx.PutPause(audio)
	})
	require.Equal(t, []store.Pause{audio, video}, read())
	require.True(t, line(job.Video).Paused)
	video.Author, video.At = "cleo", at(3)
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutPause(video))
		return tx.DropPause(job.Audio)
	})
	require.Equal(t, []store.Pause{video}, read())
	require.False(t, line(job.Audio).Paused)
	b.update(func(tx store.Tx) error { return tx.DropPause(job.Audio) })
}

func ordersOfSessions(t *testing.T, b *bench) {
	one := store.Session{ID: "s1", Worker: "b", Kind: job.Video, Slots: 3, Stream: 1, OpenedAt: at(0), HeardAt: at(1), EndsAt: at(10)}
	two := store.Session{ID: "s2", Worker: "a", Kind: job.Video, Slots: 2, Stream: 1, OpenedAt: at(0), HeardAt: at(1), EndsAt: at(10)}
	three := store.Session{ID: "s3", Worker: "c", Kind: job.Audio, Slots: 1, Stream: 1, OpenedAt: at(0), HeardAt: at(1), EndsAt: at(10), Draining: true}
	orders := func(id job.SessionID) (o store.Orders) {
		b.view(func(r store.Reader) (err error) {
			o, err = r.Orders(id)
			return err
		})
		return o
	}
	b.update(func(tx store.Tx) error {
		for _, s := range []store.Session{one, two, three} {
			require.NoError(t, tx.PutSession(s))
		}
		return nil
	})
	require.Zero(t, orders("s1"))
	require.Equal(t, store.Orders{Draining: true}, orders("s3"))
	b.update(func(tx store.Tx) error {
		two.Draining = true
		require.NoError(t, tx.PutSession(two))
		return tx.PutPause(store.Pause{Kind: job.Video, Author: "ada", At: at(1)})
	})
	require.Equal(t, store.Orders{Paused: true}, orders("s1"))
	require.Equal(t, store.Orders{Paused: true, Draining: true}, orders("s2"))
	b.update(func(tx store.Tx) error {
		got, err := tx.Session("s2")
		require.True(t, got.Paused && got.Draining)
		require.NoError(t, err)
		got, err = tx.Session("s3")
		require.False(t, got.Paused)
		return err
	})
	b.view(func(r store.Reader) error {
		_, err := r.Orders("none")
		require.ErrorIs(t, err, job.ErrNotFound)
		all, err := r.Staff("")
		require.NoError(t, err)
		require.Equal(t, []store.Session{three, two, one}, all)
		some, err := r.Staff(job.Video)
		require.NoError(t, err)
		require.Equal(t, []store.Session{two, one}, some)
		line, err := r.Line(job.Video)
		require.Equal(t, 3, line.Slots, "who ends takes no more jobs")
		return err
	})
}

func loadOfAQueue(t *testing.T, b *bench) {
	load := func() (l store.Load) {
		b.view(func(r store.Reader) (err error) {
			l, err = r.Load(job.Video, at(30))
			return err
		})
		return l
	}
	require.Equal(t, store.Load{Jobs: map[job.State]int{}}, load())
	b.insert(small("done", "ada", job.Succeeded, 0))
	audio := small("audio", "ada", job.Queued, 1)
	audio.Request.Kind = job.Audio
	b.insert(audio)
	early, due := small("early", "ada", job.Retrying, 2), small("due", "ada", job.Retrying, 3)
	early.NotBefore, due.NotBefore = at(31), at(30)
	b.insert(early)
	require.Zero(t, load().Oldest, "a retry that is not due waits for no worker")
	b.insert(due)
	require.Equal(t, at(30), load().Oldest)
	b.insert(small("sent", "ada", job.Queued, 20))
	b.join("waits", "ben", step)
	scheduled := small("scheduled", "ada", job.Scheduled, 4)
	b.insert(scheduled)
	for i, id := range []job.ID{"r2", "r1", "shared"} {
		r := small(id, "ada", job.Running, 5)
		r.Session, r.Attempt, r.Stage, r.Progress, r.StartedAt = "s", i+1, "draw", 42.5, at(9-i)
		if id == "shared" {
			r.Leader = "r1"
		}
		b.insert(r)
	}
	got := load()
	require.Equal(t, map[job.State]int{job.Scheduled: 1, job.Queued: 2, job.Running: 3, job.Retrying: 2}, got.Jobs)
	require.Equal(t, 1, got.InLine)
	require.Equal(t, at(0), got.Oldest, "join queues at 0")
	b.view(func(r store.Reader) error {
		runs, err := r.AtWork(job.Video)
		require.Equal(t, []store.AtWork{
			{Session: "s", JobID: "r1", Attempt: 2, Stage: "draw", Progress: 42.5, StartedAt: at(8)},
			{Session: "s", JobID: "r2", Attempt: 1, Stage: "draw", Progress: 42.5, StartedAt: at(9)},
		}, runs)
		return err
	})
}

// pausedPromises: nothing of a paused queue is due but what is scheduled.
func pausedPromises(t *testing.T, b *bench) {
	put := func(id job.ID, k job.Kind, s job.State, due int, token int64) {
		r := small(id, "ada", s, 0)
		r.Request.Kind = k
		b.insert(r)
		b.update(func(tx store.Tx) error {
			return tx.PutPromise(store.Promise{JobID: id, Owner: "ada", Due: at(due), Token: token, Kind: k})
		})
	}
	put("net", job.Video, job.Retrying, 1, 5)
	put("confirmed", job.Video, job.Queued, 2, 0)
	put("scheduled", job.Video, job.Scheduled, 4, 6)
	put("audio", job.Audio, job.Queued, 3, 7)
	due := func() (ids []job.ID, next time.Time) {
		b.update(func(tx store.Tx) error {
			ps, err := tx.DuePromises(at(10), 9)
			require.NoError(t, err)
			ids = nil
			for _, p := range ps {
				ids = append(ids, p.JobID)
			}
			d, err := tx.Deadlines()
			next = d.Promise
			return err
		})
		return ids, next
	}
	ids, next := due()
	require.Equal(t, []job.ID{"net", "confirmed", "audio", "scheduled"}, ids)
	require.Equal(t, at(1), next)
	b.update(func(tx store.Tx) error { return tx.PutPause(store.Pause{Kind: job.Video, At: at(0)}) })
	ids, next = due()
	require.Equal(t, []job.ID{"audio", "scheduled"}, ids)
	require.Equal(t, at(3), next)
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.DropPause(job.Video))
		return tx.PutOff(job.Video, at(8))
	})
	ids, next = due()
	require.Equal(t, []job.ID{"net", "audio", "scheduled", "confirmed"}, ids)
	require.Equal(t, at(1), next)
}

func records(t *testing.T, b *bench) {
	acts := []store.Record{
		{ID: "1", At: at(1), Author: "ada", Action: "queue.pause", Reason: "why ✓", Selection: "video-generation", Outcome: "done"},
		{ID: "2", At: at(2), Author: "ben", Action: "queue.resume", Reason: "r", Selection: "s", Outcome: "o"},
		{ID: "3", At: at(3), Author: "ada", Action: "worker.drain", Reason: "r", Selection: "s", Outcome: "o"},
	}
	b.update(func(tx store.Tx) error {
		for _, a := range acts {
			require.NoError(t, tx.AddRecord(a))
		}
		return nil
	})
	for name, c := range map[string]struct {
		f    store.RecordFilter
		want []int
	}{
		"all":    {store.RecordFilter{}, []int{2, 1, 0}},
		"author": {store.RecordFilter{Author: "ada"}, []int{2, 0}},
		"action": {store.RecordFilter{Actions: []string{"queue.pause", "queue.resume"}}, []int{1, 0}},
		"after":  {store.RecordFilter{After: at(2)}, []int{2, 1}},
		"before": {store.RecordFilter{Before: at(2)}, []int{0}},
		"page":   {store.RecordFilter{BeforeID: "3", Limit: 1}, []int{1}},
	} {
		if c.f.Limit == 0 {
			c.f.Limit = 9
		}
		var want []store.Record
		for _, i := range c.want {
			want = append(want, acts[i])
		}
		b.view(func(r store.Reader) error {
			got, err := r.Records(c.f)
			require.Equal(t, want, got, name)
			return err
		})
	}
}
