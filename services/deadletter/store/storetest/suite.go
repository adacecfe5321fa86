// Package storetest is the conformance suite of store.Store. An adapter runs
// it with one call; what all adapters share is tested here and nowhere else.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Open opens a new empty store; the suite closes it.
type Open func(t testing.TB) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	cases := []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"letter keeps every field", keepsEveryField},
		{"missing letters are not found", missing},
		{"copy joins the letter that same picks", copyJoins},
		{"another digest is another letter", otherDigest},
		{"same sees the newest first", newestFirst},
		{"puts of one message at once make one letter", putsAtOnce},
		{"change is one at a time", changesAtOnce},
		{"refused change changes nothing", refusedChange},
		{"told keeps the attempts", toldKeeps},
		{"list is newest first and brief", listsNewestFirst},
		{"list filters and pages", listsFilterAndPage},
		{"counts by state and fault", counts},
		{"groups by fingerprint", groups},
		{"plan counts what is taken and left", plans},
		{"replay freezes a selection", createsReplays},
		{"replays at once share no letter", replaysAtOnce},
		{"replay takes its letters one by one", takesItems},
		{"new death ends a replay", newDeathEndsReplay},
		{"discard, restore and delete", decides},
		{"import is idempotent", imports},
		{"audit log", audits},
		{"ended context", endedContext},
		{"closed store is unavailable", closedStore},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			c.run(t, s)
		})
	}
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// Sample is an open letter that nothing else is like.
func Sample(n int) store.Letter {
	l := store.Letter{Digest: sha256.Sum256(fmt.Append(nil, n))}
	l.ID = uuid.Must(uuid.NewV7()).String()
	l.JobID, l.Kind, l.Owner, l.Queue = job.ID(fmt.Sprintf("job-%d", n)), job.Video, "ada", "video-generation"
	l.State, l.Copies, l.Attempt, l.Schema = deadletterclient.Open, 1, 4, 1
	l.DiedAt, l.StoredAt, l.LastAt = at(n), at(n+1), at(n+1)
	l.Fault = job.Fault{Kind: "source", Text: "The site is down.", Cause: "503", Stage: "fetch", At: l.DiedAt}
	l.Headers, l.Body = map[string]string{"traceparent": "00-x", "é": "ü"}, []byte("\x00\xff body")
	return l
}

func never(store.Letter) bool  { return false }
func always(store.Letter) bool { return true }

// put stores l as a letter of its own.
func put(t *testing.T, s store.Store, l store.Letter) store.Letter {
	t.Helper()
	_, err := s.Put(t.Context(), l, never)
	require.NoError(t, err)
	return l
}

func brief(l store.Letter) store.Letter {
	l.Headers, l.Body, l.Attempts = nil, nil, nil
	return l
}

func keepsEveryField(t *testing.T, s store.Store) {
	whole := Sample(1)
	whole.JobState, whole.Undecodable = "failed", "no message"
	whole.Attempts = attempts()
	whole.State, whole.ReplayedBy, whole.ReplayedAt, whole.ReplayReason = deadletterclient.Replayed, "op", at(9), "it is back"
	bare := store.Letter{}
	bare.ID, bare.State, bare.Copies = Sample(2).ID, deadletterclient.Open, 1
	for _, l := range []store.Letter{whole, bare} {
		stored, err := s.Put(t.Context(), l, never)
		require.NoError(t, err)
		require.Equal(t, brief(l), stored)
		got, err := s.Get(t.Context(), l.ID)
		require.NoError(t, err)
		require.Equal(t, l, got)
	}
}

func attempts() []deadletterclient.Attempt {
	return []deadletterclient.Attempt{
		{Number: 1, Worker: "host/1", StartedAt: at(1), EndedAt: at(2), Error: "„It“ broke."}, {Number: 2, StartedAt: at(3)},
	}
}

// toldKeeps: nothing else of a letter changes, whatever is decided meanwhile.
func toldKeeps(t *testing.T, s store.Store) {
	require.ErrorIs(t, s.Told(t.Context(), "nothing", "failed", nil), store.ErrNotFound)
	l := put(t, s, Sample(1))
	require.NoError(t, s.Told(t.Context(), l.ID, "failed", attempts()))
	_, err := s.Change(t.Context(), l.ID, func(l *store.Letter) error {
		require.Equal(t, "failed", l.JobState)
		l.State = deadletterclient.Replaying
		return nil
	})
	require.NoError(t, err)
	l.JobState, l.Attempts, l.State = "failed", attempts(), deadletterclient.Replaying
	got, err := s.Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, l, got)
	all, err := s.List(t.Context(), store.Filter{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []store.Letter{brief(l)}, all)
	require.NoError(t, s.Told(t.Context(), l.ID, "unknown", nil))
	got, err = s.Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Empty(t, got.Attempts)
}

func missing(t *testing.T, s store.Store) {
	put(t, s, Sample(1))
	_, err := s.Get(t.Context(), "nothing")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Change(t.Context(), "nothing", func(*store.Letter) error { return errors.New("must not run") })
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, s.Ping(t.Context()))
}

func copyJoins(t *testing.T, s store.Store) {
	first := put(t, s, Sample(1))
	again := Sample(1)
	again.LastAt, again.Fault.Text = at(50), "another text"
	stored, err := s.Put(t.Context(), again, func(before store.Letter) bool {
		require.Equal(t, brief(first), before)
		return true
	})
	require.NoError(t, err)
	first.Copies, first.LastAt = 2, at(50)
	require.Equal(t, brief(first), stored)
	got, err := s.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got, "what was stored first stays")
	_, err = s.Get(t.Context(), again.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func otherDigest(t *testing.T, s store.Store) {
	put(t, s, Sample(1))
	other := Sample(2)
	stored, err := s.Put(t.Context(), other, func(store.Letter) bool {
		t.Error("a letter of another message was offered")
		return true
	})
	require.NoError(t, err)
	require.Equal(t, brief(other), stored)
}

func newestFirst(t *testing.T, s store.Store) {
	var ids []string
	for range 3 {
		ids = append([]string{put(t, s, Sample(1)).ID}, ids...)
	}
	var seen []string
	stored, err := s.Put(t.Context(), Sample(1), func(before store.Letter) bool {
		seen = append(seen, before.ID)
		return before.ID == ids[2]
	})
	require.NoError(t, err)
	require.Equal(t, ids, seen)
	require.Equal(t, ids[2], stored.ID)
}

func counts(t *testing.T, s store.Store) {
	c, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Empty(t, c)
	for i := range 5 {
		l := Sample(i)
		if i == 0 {
			l.Fault.Kind = "poison"
		}
		if i == 1 {
			l.State = deadletterclient.Replayed
		}
		put(t, s, l)
	}
	c, err = s.Counts(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []store.Count{
		{State: "open", Fault: "poison", Letters: 1},
		{State: "replayed", Fault: "source", Letters: 1},
		{State: "open", Fault: "source", Letters: 3},
	}, c)
}
