package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// step of an owner of weight 1 in these cases.
const step = 100

// join puts a new job in line.
func (b *bench) join(id job.ID, owner string, step int64) {
	b.t.Helper()
	r := b.insert(small(id, owner, job.Queued, 0))
	b.update(func(tx store.Tx) error {
		return tx.JoinLine(store.Promise{JobID: id, Owner: owner, Due: at(0), Token: r.Seq, Kind: job.Video}, step)
	})
}

// pass releases the first in line, as many as asked for.
func (b *bench) pass(n int) (ids []job.ID) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		ids = nil
		next, err := tx.NextInLine(job.Video, n)
		if err != nil || len(next) == 0 {
			return err
		}
		for _, t := range next {
			ids = append(ids, t.Row.ID)
			require.NoError(b.t, tx.Send(t.Row.ID))
			require.NoError(b.t, tx.PutPromise(store.Promise{JobID: t.Row.ID, Owner: t.Row.Owner, Due: at(99), Token: 1, Kind: job.Video}))
		}
		return tx.PassTurn(job.Video, next[len(next)-1].Turn)
	})
	return ids
}

func (b *bench) queued(k job.Kind) (ids []job.ID) {
	b.t.Helper()
	b.view(func(r store.Reader) (err error) {
		ids, err = r.Queued(k)
		return err
	})
	return ids
}

func ownersTakeTurns(t *testing.T, b *bench) {
	for i := range 4 {
		b.join(job.ID(fmt.Sprint("greedy", i)), "greedy", step)
	}
	require.Equal(t, []job.ID{"greedy0", "greedy1"}, b.pass(2))
	b.join("ada0", "ada", step)
	b.join("ada1", "ada", step)
	b.join("heavy0", "heavy", step/2)
	b.join("heavy1", "heavy", step/2)
	b.join("heavy2", "heavy", step/2)
	require.Equal(t, []job.ID{
		"greedy0", "greedy1", // sent
		"ada0", "heavy0", // who is new comes next
		"heavy1", "greedy2", "ada1", "heavy2", "greedy3",
	}, b.queued(job.Video))
	require.Empty(t, b.queued(job.Audio))

	require.Equal(t, []job.ID{"ada0", "heavy0"}, b.pass(2))
	b.join("ada2", "ada", step)
	require.Equal(t, []job.ID{"heavy1", "greedy2", "ada1", "heavy2", "greedy3", "ada2"}, b.pass(9),
		"one who comes back at once stands behind what that owner had")
	b.join("ada3", "ada", step)
	b.join("ben0", "ben", step)
	require.Equal(t, []job.ID{"ada3", "ben0"}, b.pass(2), "nobody has a debt once the line was empty")
}

func leavingTheLine(t *testing.T, b *bench) {
	for i := range 3 {
		b.join(job.ID(fmt.Sprint("ada", i)), "ada", step)
	}
	b.join("ben0", "ben", step)
	b.join("ben1", "ben", step)
	b.update(func(tx store.Tx) error {
		for _, id := range []job.ID{"ada1", "ada2"} {
			r, err := tx.Job(id)
			require.NoError(t, err)
			require.NoError(t, tx.LeaveLine(r, step))
			require.NoError(t, tx.DropPromise(id))
			require.NoError(t, tx.LeaveLine(r, step), "one that does not wait leaves nothing")
		}
		return nil
	})
	b.join("ada3", "ada", step)
	require.Equal(t, []job.ID{"ada0", "ben0", "ben1", "ada3"}, b.pass(9), "what left the line costs its owner nothing")
}

func countsOfTheLine(t *testing.T, b *bench) {
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutSession(store.Session{ID: "s1", Kind: job.Video, Slots: 3, EndsAt: at(10)}))
		require.NoError(t, tx.PutSession(store.Session{ID: "s2", Kind: job.Video, Slots: 2, EndsAt: at(10)}))
		return tx.PutSession(store.Session{ID: "s3", Kind: job.Audio, Slots: 7, EndsAt: at(10)})
	})
	look := func(k job.Kind) (l store.Line) {
		b.view(func(r store.Reader) (err error) {
			l, err = r.Line(k)
			return err
		})
		return l
	}
	waiting := func(id job.SessionID) (waiting bool) {
		b.update(func(tx store.Tx) error {
			s, err := tx.Session(id)
			waiting = s.Waiting
			return err
		})
		return waiting
	}
	require.Equal(t, store.Line{Slots: 5}, look(job.Video))
	b.join("a", "ada", step)
	require.Equal(t, store.Line{Slots: 5, Waiting: true}, look(job.Video))
	require.Equal(t, []bool{true, false}, []bool{waiting("s1"), waiting("s3")})
	require.Equal(t, []job.ID{"a"}, b.pass(1))
	require.Equal(t, store.Line{Slots: 5, Sent: 1}, look(job.Video))
	require.False(t, waiting("s1"))
	running := small("running", "ada", job.Running, 0)
	running.Request.Kind = job.Audio
	b.insert(running)
	shared := small("shared", "ada", job.Running, 0)
	shared.Request.Kind, shared.Leader = job.Audio, "running"
	b.insert(shared)
	require.Equal(t, store.Line{Slots: 7, Running: 1}, look(job.Audio))
	require.True(t, b.job("a").Sent)
	b.view(func(r store.Reader) error {
		d, err := r.Deadlines()
		require.Equal(t, at(99), d.Promise)
		return err
	})
	b.join("b", "ada", step)
	b.view(func(r store.Reader) error {
		d, err := r.Deadlines()
		require.Equal(t, at(99), d.Promise, "a turn is not due at a time")
		require.NoError(t, err)
		c, err := r.Counts()
		require.Equal(t, map[job.Kind]int{job.Video: 1}, c.Waiting)
		require.Equal(t, 1, c.Promises)
		return err
	})
}

func confirmedClaims(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 0))
	p := store.Promise{JobID: "a", Owner: "ada", Due: at(10), Token: 7, Kind: job.Video}
	look := func() (got store.Promise) {
		b.update(func(tx store.Tx) (err error) {
			got, err = tx.Promise("a")
			return err
		})
		return got
	}
	b.update(func(tx store.Tx) error {
		return errors.Join(tx.PutPromise(p), tx.Confirmed("a", 6, at(60)), tx.Confirmed("b", 7, at(60)))
	})
	require.Equal(t, p, look())
	b.update(func(tx store.Tx) error { return tx.Confirmed("a", 7, at(60)) })
	p.Token, p.Due = 0, at(60)
	require.Equal(t, p, look())
	b.view(func(r store.Reader) error {
		c, err := r.Counts()
		require.Zero(t, c.Promises)
		return err
	})
}

func pace(t *testing.T, b *bench) {
	for i := range 5 {
		r := small(job.ID(fmt.Sprint("done", i)), "ada", job.Succeeded, i)
		r.StartedAt, r.FinishedAt = at(10*i), at(11*i+1)
		b.insert(r)
	}
	shared := small("shared", "ben", job.Succeeded, 0)
	shared.StartedAt, shared.FinishedAt, shared.Files = at(0), at(900), "done0"
	b.insert(shared)
	given := small("given", "ben", job.Succeeded, 0)
	given.FinishedAt = at(901)
	b.insert(given)
	for i, leader := range []job.ID{"", "", "on1"} {
		r := small(job.ID(fmt.Sprint("on", i)), "ada", job.Running, i)
		r.StartedAt, r.Leader = at(30-10*i), leader
		b.insert(r)
	}
	b.view(func(r store.Reader) error {
		ds, err := r.Durations(job.Video, 3)
		require.Equal(t, []time.Duration{5 * time.Second, 4 * time.Second, 3 * time.Second}, ds)
		require.NoError(t, err)
		begun, err := r.Begun(job.Video)
		require.Equal(t, []time.Time{at(20), at(30)}, begun)
		return err
	})
}

// checkLine makes sure that each queued job is either sent or in line, and
// nothing else is.
func checkLine(t require.TestingT, ctx context.Context, s store.Store, ids []job.ID) {
	require.NoError(t, s.Update(ctx, func(tx store.Tx) error {
		sent, queued := map[job.Kind]int{}, map[job.Kind][]job.ID{}
		for _, k := range job.Kinds() {
			sent[k], queued[k] = 0, []job.ID{}
		}
		for _, id := range ids {
			r, err := tx.Job(id)
			if err != nil {
				return err
			}
			p, err := tx.Promise(id)
			inLine := err == nil && p.Turn > 0
			waits := r.State == job.Queued && r.Leader == ""
			require.False(t, r.Sent && !waits, "a %s job is sent", r.State)
			require.False(t, inLine && !waits, "a %s job is in line", r.State)
			if !waits {
				continue
			}
			require.NotEqual(t, r.Sent, inLine, "a queued job is sent: %t, in line: %t", r.Sent, inLine)
			queued[r.Request.Kind] = append(queued[r.Request.Kind], id)
			if r.Sent {
				sent[r.Request.Kind]++
			}
		}
		for k := range queued {
			line, err := tx.Line(k)
			require.NoError(t, err)
			require.Equal(t, sent[k], line.Sent)
			require.Equal(t, sent[k] < len(queued[k]), line.Waiting)
			in, err := tx.Queued(k)
			require.NoError(t, err)
			require.ElementsMatch(t, queued[k], in)
		}
		return nil
	}))
}
