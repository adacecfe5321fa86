package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

var openOnly = store.Filter{States: []string{deadletterclient.Open}}

func sampleRecord(action, author string) deadletterclient.AuditRecord {
	return deadletterclient.AuditRecord{
		ID: uuid.Must(uuid.NewV7()).String(), At: at(1), Author: author, Action: action, Reason: "why", Selection: "what",
		Outcome: "how", Detail: `{"a":1}`,
	}
}

func sampleReplay(canary int) store.Replay {
	r := store.Replay{Digest: "d"}
	r.ID, r.State, r.Author, r.Reason = uuid.Must(uuid.NewV7()).String(), deadletterclient.ReplayRunning, "op", "it is back"
	r.Rate, r.Canary, r.CreatedAt, r.Selection = 2.5, canary, at(5), "all"
	return r
}

// five puts n letters of five causes in.
func five(t *testing.T, s store.Store, n int) (ids []string) {
	t.Helper()
	for i := range n {
		l := Sample(i)
		l.Fault = faults[i%len(faults)]
		l.Fault.At = l.DiedAt
		l.Fingerprint, _ = fingerprint.Of(l.Fault)
		ids = append(ids, put(t, s, l).ID)
	}
	return ids
}

func create(t *testing.T, s store.Store, r store.Replay, f store.Filter) store.Replay {
	t.Helper()
	stored, existed, err := s.CreateReplay(t.Context(), r, f, 1000, sampleRecord(deadletterclient.ActionReplayCreate, "op"))
	require.NoError(t, err)
	require.False(t, existed)
	return stored
}

func groups(t *testing.T, s store.Store) {
	five(t, s, 12)
	l := Sample(100)
	l.Kind, l.Fault = job.Audio, faults[0]
	l.Fault.At = l.DiedAt
	l.Fingerprint, _ = fingerprint.Of(l.Fault)
	newest := put(t, s, l)
	all, err := s.Groups(t.Context(), store.Filter{Limit: 10}, store.GroupKey{})
	require.NoError(t, err)
	require.Len(t, all, 5)
	require.Equal(t, deadletterclient.Group{
		Fingerprint: l.Fingerprint, Template: "The site is down. · GET <url> <n>", Fault: "source", Stage: "fetch", Letters: 4,
		FirstAt: at(0), LastAt: at(100), Kinds: []job.Kind{job.Video, job.Audio}, Sample: newest.ID,
	}, all[0])
	var paged []deadletterclient.Group
	for after := (store.GroupKey{}); ; {
		page, err := s.Groups(t.Context(), store.Filter{Limit: 2}, after)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		after = store.GroupKey{Letters: page[len(page)-1].Letters, Fingerprint: page[len(page)-1].Fingerprint}
	}
	require.Equal(t, all, paged)
	for name, f := range map[string]store.Filter{
		"fault": {Fault: "source"}, "text": {Text: "SITE is"}, "fingerprint": {Fingerprint: l.Fingerprint}, "cause": {Text: "a.example"},
	} {
		f.Limit = 10
		found, err := s.Groups(t.Context(), f, store.GroupKey{})
		require.NoError(t, err)
		require.Equal(t, all[:1], found, name)
		n, err := s.Count(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, 4, n, name)
	}
	page, err := s.List(t.Context(), store.Filter{DiedAfter: at(3), DiedBefore: at(6), Limit: 10, OldestFirst: true})
	require.NoError(t, err)
	require.Len(t, page, 3)
	require.True(t, slices.IsSortedFunc(page, func(a, b store.Letter) int { return a.DiedAt.Compare(b.DiedAt) }))
}

func plans(t *testing.T, s store.Store) {
	ids := five(t, s, 10)
	l := Sample(50)
	l.Undecodable = "no message"
	put(t, s, l)
	create(t, s, sampleReplay(0), store.Filter{IDs: ids[:2]})
	p, err := s.Plan(t.Context(), store.Filter{IDs: append([]string{uuid.NewString(), l.ID}, ids...)})
	require.NoError(t, err)
	require.Equal(t, 8, p.Letters)
	require.Len(t, p.Groups, 5)
	require.ElementsMatch(t, []deadletterclient.Skipped{
		{Why: deadletterclient.SkippedInReplay, Letters: 2},
		{Why: deadletterclient.SkippedUndecodable, Letters: 1},
		{Why: deadletterclient.SkippedMissing, Letters: 1},
	}, p.Skipped)
}

func createsReplays(t *testing.T, s store.Store) {
	five(t, s, 10)
	_, _, err := s.CreateReplay(t.Context(), sampleReplay(3), store.Filter{Owner: "nobody"}, 10, sampleRecord("replay.create", "op"))
	require.ErrorIs(t, err, store.ErrNothing)
	_, _, err = s.CreateReplay(t.Context(), sampleReplay(3), openOnly, 9, sampleRecord("replay.create", "op"))
	require.ErrorIs(t, err, store.ErrTooMany)
	log, err := s.ListAudit(t.Context(), store.AuditFilter{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, log, "what was refused leaves no record")
	r := sampleReplay(3)
	r.Key = "key"
	stored := create(t, s, r, openOnly)
	require.Equal(t, 10, stored.Letters)
	require.Equal(t, deadletterclient.ReplayCounts{Waiting: 10}, stored.Counts)
	got, err := s.Replay(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, stored, got)
	items, err := s.Items(t.Context(), r.ID, 5)
	require.NoError(t, err)
	prints := map[string]bool{}
	for _, i := range items {
		require.Equal(t, store.ItemWaiting, i.State)
		prints[i.Fingerprint] = true
	}
	require.Len(t, prints, 5, "the first letters are of every cause")
	twin := sampleReplay(3)
	twin.Key = "key"
	again, existed, err := s.CreateReplay(t.Context(), twin, openOnly, 1000, sampleRecord("replay.create", "op"))
	require.NoError(t, err)
	require.True(t, existed)
	require.Equal(t, stored, again)
	twin.Digest = "other"
	_, _, err = s.CreateReplay(t.Context(), twin, openOnly, 1000, sampleRecord("replay.create", "op"))
	require.ErrorIs(t, err, store.ErrKeyReused)
	_, err = s.Replay(t.Context(), "nothing")
	require.ErrorIs(t, err, store.ErrReplayNotFound)
	page, err := s.ListReplays(t.Context(), []string{deadletterclient.ReplayRunning}, "", 5)
	require.NoError(t, err)
	require.Equal(t, []store.Replay{stored}, page)
	page, err = s.ListReplays(t.Context(), nil, r.ID, 5)
	require.NoError(t, err)
	require.Empty(t, page)
}

// replaysAtOnce: however many are made at once, no letter is in two.
func replaysAtOnce(t *testing.T, s store.Store) {
	const letters = 40
	five(t, s, letters)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range crowd {
		wg.Go(func() {
			r, _, err := s.CreateReplay(context.Background(), sampleReplay(0), openOnly, letters, sampleRecord("replay.create", "op"))
			if err != nil && !errors.Is(err, store.ErrNothing) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				total += r.Letters
			}
		})
	}
	wg.Wait()
	require.Equal(t, letters, total)
}

func replaying(replay string) func(*store.Letter) error {
	return func(l *store.Letter) error {
		l.State, l.ReplayID, l.ReplayedAt = deadletterclient.Replaying, replay, at(1)
		return nil
	}
}

func takesItems(t *testing.T, s store.Store) {
	ids := five(t, s, 5)
	r := create(t, s, sampleReplay(0), openOnly)
	_, err := s.Take(t.Context(), r.ID, "me", 0, replaying(r.ID))
	require.ErrorIs(t, err, store.ErrHalted, "nobody claimed it")
	claimed, err := s.ClaimReplay(t.Context(), "me", at(10), at(20))
	require.NoError(t, err)
	require.Equal(t, r.ID, claimed.ID)
	_, err = s.ClaimReplay(t.Context(), "you", at(19), at(30))
	require.ErrorIs(t, err, store.ErrReplayNotFound, "it is held")
	require.ErrorIs(t, s.HoldReplay(t.Context(), r.ID, "you", at(40)), store.ErrHalted)
	require.NoError(t, s.HoldReplay(t.Context(), r.ID, "me", at(30)))
	refused := errors.New("no")
	_, err = s.Take(t.Context(), r.ID, "me", 0, func(*store.Letter) error { return refused })
	require.Equal(t, refused, err)

	first, err := s.Take(t.Context(), r.ID, "me", 1, replaying(r.ID))
	require.NoError(t, err)
	require.Equal(t, ids[0], first.ID)
	_, err = s.Take(t.Context(), r.ID, "me", 1, replaying(r.ID))
	require.ErrorIs(t, err, store.ErrExhausted)
	_, err = s.Change(t.Context(), ids[1], func(l *store.Letter) error { // somebody decides on it elsewhere
		l.State = deadletterclient.Discarded
		return nil
	})
	require.NoError(t, err)
	third, err := s.Take(t.Context(), r.ID, "me", 0, replaying(r.ID))
	require.NoError(t, err)
	require.Equal(t, ids[2], third.ID)
	fourth, err := s.Take(t.Context(), r.ID, "me", 0, replaying(r.ID))
	require.NoError(t, err)
	end := func(id string, fn func(*store.Letter)) {
		_, err := s.Change(t.Context(), id, func(l *store.Letter) error { fn(l); return nil })
		require.NoError(t, err)
	}
	end(first.ID, func(l *store.Letter) {
		l.State, l.Outcome = deadletterclient.Recovered, deadletterclient.OutcomeRecovered
	})
	end(third.ID, func(l *store.Letter) { l.State, l.Item.Why = deadletterclient.Open, "its job refuses" })
	end(fourth.ID, func(l *store.Letter) {
		l.State, l.Outcome, l.Item.Why = deadletterclient.Recovered, deadletterclient.OutcomeRecovered, "its owner was quicker"
	})
	items, err := s.Items(t.Context(), r.ID, 4)
	require.NoError(t, err)
	require.Equal(t, []string{store.ItemRecovered, store.ItemSkipped, store.ItemSkipped, store.ItemSkipped},
		[]string{items[0].State, items[1].State, items[2].State, items[3].State})
	require.Equal(t, "its job refuses", items[2].Why)
	stopped, err := s.ChangeReplay(t.Context(), r.ID, func(r *store.Replay) error {
		r.State, r.Why, r.EndedAt = deadletterclient.ReplayStopped, "enough", at(9)
		return nil
	}, sampleRecord("replay.stop", "op"))
	require.NoError(t, err)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: 1, Skipped: 4}, stopped.Counts)
	read, err := s.Replay(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []deadletterclient.LeftLetter{
		{ID: ids[1], Why: "it was decided on elsewhere"}, {ID: third.ID, Why: "its job refuses"}, {ID: fourth.ID, Why: "its owner was quicker"},
	}, read.Left)
	_, err = s.Take(t.Context(), r.ID, "me", 0, replaying(r.ID))
	require.ErrorIs(t, err, store.ErrHalted)
	create(t, s, sampleReplay(0), openOnly) // what it left may be taken again
}

// newDeathEndsReplay: a new letter of the job is the outcome of the one before.
func newDeathEndsReplay(t *testing.T, s store.Store) {
	l := put(t, s, Sample(1))
	r := create(t, s, sampleReplay(0), openOnly)
	_, err := s.ClaimReplay(t.Context(), "me", at(10), at(20))
	require.NoError(t, err)
	_, err = s.Take(t.Context(), r.ID, "me", 0, replaying(r.ID))
	require.NoError(t, err)
	next := Sample(2)
	next.JobID, next.Fingerprint = l.JobID, "0123456789abcdef"
	stored, err := s.Put(t.Context(), next, never)
	require.NoError(t, err)
	require.Equal(t, 1, stored.Ended)
	after, err := s.Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, deadletterclient.OutcomeFailedAgain, after.Outcome)
	items, err := s.Items(t.Context(), r.ID, 1)
	require.NoError(t, err)
	require.Equal(t, store.Item{
		Letter: l.ID, Fingerprint: l.Fingerprint, State: store.ItemFailedAgain, Again: next.Fingerprint,
	}, items[0])
}

func decides(t *testing.T, s store.Store) {
	ids := five(t, s, 10)
	create(t, s, sampleReplay(0), store.Filter{IDs: ids[:3]})
	d := store.Decision{
		From: deadletterclient.Open, To: deadletterclient.Discarded, At: at(7), Author: "op", Reason: "old",
		Record: sampleRecord(deadletterclient.ActionDiscard, "op"),
	}
	out, err := s.Decide(t.Context(), store.Filter{IDs: ids}, d)
	require.NoError(t, err)
	require.Equal(t, deadletterclient.Decided{
		Letters: 7, Skipped: []deadletterclient.Skipped{{Why: deadletterclient.SkippedInReplay, Letters: 3}},
	}, out)
	l, err := s.Get(t.Context(), ids[9])
	require.NoError(t, err)
	require.Equal(t, []any{"discarded", "op", at(7), "old"}, []any{l.State, l.DiscardedBy, l.DiscardedAt, l.DiscardReason})
	d.From, d.To, d.Record = deadletterclient.Discarded, deadletterclient.Open, sampleRecord(deadletterclient.ActionRestore, "op")
	out, err = s.Decide(t.Context(), store.Filter{IDs: ids[5:]}, d)
	require.NoError(t, err)
	require.Equal(t, 5, out.Letters)
	l, err = s.Get(t.Context(), ids[9])
	require.NoError(t, err)
	require.Equal(t, []any{"open", "", time.Time{}, ""}, []any{l.State, l.DiscardedBy, l.DiscardedAt, l.DiscardReason})
	n, err := s.Delete(t.Context(), ids, sampleRecord(deadletterclient.ActionDelete, "op"))
	require.NoError(t, err)
	require.Equal(t, 7, n, "letters in a replay stay")
}

func imports(t *testing.T, s store.Store) {
	l := put(t, s, Sample(1))
	stored, err := s.Import(t.Context(), l)
	require.NoError(t, err)
	require.False(t, stored)
	twin := l
	twin.ID = uuid.Must(uuid.NewV7()).String()
	stored, err = s.Import(t.Context(), twin)
	require.NoError(t, err)
	require.False(t, stored, "it is the same death")
	other := Sample(2)
	other.ID = l.ID
	_, err = s.Import(t.Context(), other)
	require.ErrorIs(t, err, store.ErrOtherLetter)
	fresh := Sample(3)
	stored, err = s.Import(t.Context(), fresh)
	require.NoError(t, err)
	require.True(t, stored)
	got, err := s.Get(t.Context(), fresh.ID)
	require.NoError(t, err)
	require.Equal(t, fresh, got)
}

func audits(t *testing.T, s store.Store) {
	var all []deadletterclient.AuditRecord
	for i := range 6 {
		r := sampleRecord(deadletterclient.Actions()[i%3], fmt.Sprintf("op-%d", i%2))
		r.At = at(i)
		require.NoError(t, s.Append(t.Context(), r))
		all = append([]deadletterclient.AuditRecord{r}, all...)
	}
	got, err := s.ListAudit(t.Context(), store.AuditFilter{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, all, got)
	got, err = s.ListAudit(t.Context(), store.AuditFilter{
		Author: "op-1", Actions: []string{deadletterclient.Actions()[0], deadletterclient.Actions()[1]}, After: at(1), BeforeAt: at(3), Limit: 10,
	})
	require.NoError(t, err)
	require.Equal(t, []deadletterclient.AuditRecord{all[4]}, got)
	got, err = s.ListAudit(t.Context(), store.AuditFilter{BeforeKey: all[1].ID, Limit: 2})
	require.NoError(t, err)
	require.Equal(t, all[2:4], got)
}
