// Package storetest is the conformance suite of store.Store. An adapter runs
// it with one call; what all adapters share is tested here and nowhere else.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Open opens a new empty store; the suite closes it.
type Open func(t testing.TB) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	cases := []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"job keeps every field", keepsEveryField},
		{"missing rows are not found", missingRows},
		{"delete takes all that belongs to a job", deleteTakesAll},
		{"failed update leaves nothing", failedUpdate},
		{"failed update spares others of the same commit", failedUpdateSparesOthers},
		{"panic is an error of its update only", panicIsAnError},
		{"ended context starts nothing", endedContext},
		{"updates are serial", updatesAreSerial},
		{"view is one snapshot", viewIsSnapshot},
		{"seqs become visible in order", seqsInOrder},
		{"notes come after the commit", notesAfterCommit},
		{"lists filter and page", listsFilterAndPage},
		{"changes come in the order of seq", changesInOrder},
		{"sessions", sessions},
		{"held and running jobs", heldAndRunning},
		{"promises are fair and fenced", promises},
		{"owners take turns", ownersTakeTurns},
		{"leaving the line", leavingTheLine},
		{"counts of the line", countsOfTheLine},
		{"how long jobs take", pace},
		{"confirmed claims", confirmedClaims},
		{"pauses", pauses},
		{"orders of sessions", ordersOfSessions},
		{"load of a queue", loadOfAQueue},
		{"paused promises are held back", pausedPromises},
		{"records", records},
		{"keys", keys},
		{"tombstones", tombstones},
		{"surplus is the oldest", surplus},
		{"counts and deadlines", countsAndDeadlines},
		{"demand", demand},
		{"counts of an owner", countsOfAnOwner},
		{"webhooks", webhooks},
		{"calls", callsAreKept},
		{"calls are announced to those who want them", announcements},
		{"waiting calls are bounded", crowdedWebhook},
		{"due calls take turns", dueCalls},
		{"every end is called out", everyEndIsCalledOut},
		{"closed store is unavailable", closedStore},
		{"world with fixed seeds", worldFixed},
		{"world with random seeds", worldRandom},
		{"rows of shared runs", shareRows},
		{"what is asked for is shared", sharedWhatIsAsked},
		{"what is finished is given", finishedIsGiven},
		{"shared artifacts go with the last", deletedInAnyOrder},
		{"deleted while its run goes on", deletedWhileItRuns},
		{"late answer spares others", lateAnswerSparesOthers},
		{"heir takes all", heirTakesAll},
		{"last cancel stops the run", lastCancelStops},
		{"shared runs fail together", failTogether},
		{"joining brings a turn", turnOfTheFirst},
		{"numbers of shared attempts go on", numbersGoOn},
		{"joined job forgets its session", joinedForgetsItsSession},
		{"class", classes},
		{"rows of what is down", parkingRows},
		{"down spends nothing and comes back", parkedComesBack},
		{"trials pause longer and longer", trialsPause},
		{"what a trial shows", whatATrialShows},
		{"owners go on in turns", ownersGoOnInTurns},
		{"down again while they go on", downAgain},
		{"parked with followers", parkedWithFollowers},
		{"trial that is lost", lostTrial},
		{"crowd", func(t *testing.T, b *bench) {
			Crowd(t, func(t testing.TB) []store.Store {
				s := b.open(t)
				t.Cleanup(func() { _ = s.Close() })
				return []store.Store{s}
			})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newBench(t, open))
		})
	}
}

// bench is what a case works with.
type bench struct {
	t    *testing.T
	s    store.Store
	open Open
	mu   sync.Mutex
	told []store.Note
}

func newBench(t *testing.T, open Open) *bench {
	b := &bench{t: t, s: open(t), open: open}
	b.s.Subscribe(func(ns []store.Note) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.told = append(b.told, ns...)
	})
	t.Cleanup(func() { require.NoError(t, b.s.Close()) })
	return b
}

func (b *bench) notes() []store.Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]store.Note(nil), b.told...)
}

func (b *bench) update(fn func(store.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.s.Update(b.t.Context(), fn))
}

func (b *bench) view(fn func(store.Reader) error) {
	b.t.Helper()
	require.NoError(b.t, b.s.View(b.t.Context(), fn))
}

// insert puts a row with the next seq.
func (b *bench) insert(r store.Row) store.Row {
	b.t.Helper()
	b.update(func(tx store.Tx) (err error) {
		if r.Seq, err = tx.NextSeq(); err != nil {
			return err
		}
		return tx.InsertJob(r)
	})
	return r
}

func (b *bench) job(id job.ID) store.Row {
	b.t.Helper()
	var r store.Row
	b.view(func(rd store.Reader) (err error) {
		r, err = rd.Job(id)
		return err
	})
	return r
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// small is a row with nothing but what it needs.
func small(id job.ID, owner string, st job.State, created int) store.Row {
	r := store.Row{Since: at(created)}
	r.ID, r.Owner, r.State, r.CreatedAt, r.UpdatedAt, r.Version = id, owner, st, at(created), at(created), 1
	r.Request = job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}}
	return r
}

func failedUpdate(t *testing.T, b *bench) {
	boom := errors.New("boom")
	err := b.s.Update(t.Context(), func(tx store.Tx) error {
		require.NoError(t, tx.InsertJob(small("a", "ada", job.Queued, 0)))
		require.NoError(t, tx.PutSession(store.Session{ID: "s", Kind: job.Video, EndsAt: at(0)}))
		return boom
	})
	require.ErrorIs(t, err, boom)
	b.view(func(r store.Reader) error {
		_, err := r.Job("a")
		require.ErrorIs(t, err, job.ErrNotFound)
		return nil
	})
}

func failedUpdateSparesOthers(t *testing.T, b *bench) {
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			err := b.s.Update(context.Background(), func(tx store.Tx) error {
				r := small(job.ID(fmt.Sprint(i)), "ada", job.Queued, i)
				var err error
				if r.Seq, err = tx.NextSeq(); err != nil {
					return err
				}
				if err := tx.InsertJob(r); err != nil {
					return err
				}
				if i%3 == 0 {
					return errors.New("boom")
				}
				return nil
			})
			if (err != nil) != (i%3 == 0) {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	b.view(func(r store.Reader) error {
		rows, err := r.Jobs(store.Filter{Limit: 100})
		require.Len(t, rows, 40)
		return err
	})
}

func panicIsAnError(t *testing.T, b *bench) {
	err := b.s.Update(t.Context(), func(tx store.Tx) error {
		require.NoError(t, tx.InsertJob(small("a", "ada", job.Queued, 0)))
		panic("a bug")
	})
	require.ErrorContains(t, err, "a bug")
	b.insert(small("a", "ada", job.Queued, 0))
}

func endedContext(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := 0
	for range 20 { // a store may still take one that comes at the same moment
		err := b.s.Update(ctx, func(store.Tx) error { ran++; return nil })
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
		return
	}
	t.Fatalf("a cancelled context was never noticed in %d updates", ran)
}

func updatesAreSerial(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 0))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := b.s.Update(context.Background(), func(tx store.Tx) error {
				r, err := tx.Job("a")
				if err != nil {
					return err
				}
				r.Attempt++
				if r.Seq, err = tx.NextSeq(); err != nil {
					return err
				}
				return tx.UpdateJob(r)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 50, b.job("a").Attempt)
}

func viewIsSnapshot(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 0))
	b.view(func(r store.Reader) error {
		before, err := r.LastSeq()
		require.NoError(t, err)
		b.insert(small("b", "ada", job.Queued, 1))
		after, err := r.LastSeq()
		require.NoError(t, err)
		require.Equal(t, before, after)
		_, err = r.Job("b")
		require.ErrorIs(t, err, job.ErrNotFound)
		return nil
	})
	b.job("b")
}

func seqsInOrder(t *testing.T, b *bench) {
	const jobs = 200
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for i := range jobs {
			wg.Go(func() { b.insert(small(job.ID(fmt.Sprintf("%03d", i)), "ada", job.Queued, i)) })
		}
		wg.Wait()
	}()
	seen, last := 0, int64(0)
	for over := false; ; {
		var rows []store.Row
		b.view(func(r store.Reader) (err error) {
			rows, err = r.Changed("ada", last, 1000)
			return err
		})
		for _, r := range rows {
			require.Greater(t, r.Seq, last)
			last = r.Seq
			seen++
		}
		if over {
			break
		}
		select {
		case <-done:
			over = true
		default:
		}
	}
	require.Equal(t, jobs, seen, "a seq became visible after a higher one was seen")
}

func notesAfterCommit(t *testing.T, b *bench) {
	b.update(func(tx store.Tx) error {
		tx.Note(store.Note{JobID: "a"})
		require.Empty(t, b.notes())
		return nil
	})
	require.Equal(t, []store.Note{{JobID: "a"}}, b.notes())
	require.Error(t, b.s.Update(t.Context(), func(tx store.Tx) error {
		tx.Note(store.Note{JobID: "b"})
		return errors.New("boom")
	}))
	require.Len(t, b.notes(), 1)
}

func closedStore(t *testing.T, b *bench) {
	require.NoError(t, b.s.Close())
	require.ErrorIs(t, b.s.Update(t.Context(), func(store.Tx) error { return nil }), job.ErrUnavailable)
	require.ErrorIs(t, b.s.View(t.Context(), func(store.Reader) error { return nil }), job.ErrUnavailable)
}
