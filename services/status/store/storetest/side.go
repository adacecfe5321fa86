package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

func sessions(t *testing.T, b *bench) {
	one := store.Session{ID: "s1", Worker: "w", Kind: job.Audio, Slots: 3, Stream: 1, OpenedAt: at(0), HeardAt: at(1), EndsAt: at(10)}
	two := store.Session{ID: "s2", Worker: "w", Kind: job.Video, Slots: 1, Stream: 1, OpenedAt: at(0), HeardAt: at(3), EndsAt: at(20)}
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutSession(one))
		return tx.PutSession(two)
	})
	b.update(func(tx store.Tx) error {
		got, err := tx.Session("s1")
		require.NoError(t, err)
		require.Equal(t, one, got)
		dead, err := tx.Expired(at(10), 10)
		require.NoError(t, err)
		require.Equal(t, []store.Session{one}, dead, "the end itself is over")
		heard, err := tx.LastHeard()
		require.NoError(t, err)
		require.Equal(t, at(3), heard)
		one.Stream, one.HeardAt, one.EndsAt = 2, at(2), at(11)
		require.NoError(t, tx.PutSession(one))
		dead, err = tx.Expired(at(10), 10)
		require.NoError(t, err)
		require.Empty(t, dead)
		require.NoError(t, tx.Prolong(at(5), at(12)))
		got, err = tx.Session("s1")
		require.NoError(t, err)
		one.HeardAt, one.EndsAt = at(5), at(12)
		require.Equal(t, one, got)
		got, err = tx.Session("s2")
		require.NoError(t, err)
		require.Equal(t, two, got, "one that lives longer is left alone")
		require.NoError(t, tx.ExtendAll(at(7), at(15)))
		dead, err = tx.Expired(at(15), 1)
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.NoError(t, tx.DeleteSession("s1"))
		_, err = tx.Session("s1")
		require.ErrorIs(t, err, job.ErrNotFound)
		return tx.DeleteSession("s1")
	})
}

func promises(t *testing.T, b *bench) {
	put := func(id job.ID, owner string, due int) {
		b.insert(small(id, owner, job.Queued, due))
		b.update(func(tx store.Tx) error {
			return tx.PutPromise(store.Promise{JobID: id, Owner: owner, Due: at(due), Token: int64(due)})
		})
	}
	for i := range 5 {
		put(job.ID(fmt.Sprintf("greedy-%d", i)), "greedy", i+1)
	}
	put("ada-0", "ada", 8)
	put("ada-1", "ada", 9)
	put("ben-0", "ben", 50)
	due := func(now time.Time, limit int) (out []job.ID) {
		b.update(func(tx store.Tx) error {
			ps, err := tx.DuePromises(now, limit)
			out = nil
			for _, p := range ps {
				out = append(out, p.JobID)
			}
			return err
		})
		return out
	}
	require.Equal(t, []job.ID{"greedy-0", "ada-0", "greedy-1", "ada-1", "greedy-2"}, due(at(10), 5))
	require.Equal(t, []job.ID{"greedy-0"}, due(at(1), 5))
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.Confirmed("greedy-0", 99, at(60)))
		require.NoError(t, tx.DropPromise("greedy-1"))
		require.NoError(t, tx.DropPromise("ada-0"))
		return tx.PutPromise(store.Promise{JobID: "greedy-2", Owner: "greedy", Due: at(60), Token: 70})
	})
	require.Equal(t, []job.ID{"greedy-0", "ada-1", "greedy-3", "greedy-4"}, due(at(10), 9))
}

func keys(t *testing.T, b *bench) {
	b.insert(small("a", "ada", job.Queued, 0))
	b.insert(small("b", "ada", job.Queued, 0))
	k := store.Key{Owner: "ada", Key: "k", Fingerprint: []byte{0, 1, 2, 255}, JobID: "a", EndsAt: at(10)}
	b.update(func(tx store.Tx) error { return tx.PutKey(k) })
	b.update(func(tx store.Tx) error {
		got, err := tx.Key("ada", "k")
		require.NoError(t, err)
		require.Equal(t, k, got)
		_, err = tx.Key("ben", "k")
		require.ErrorIs(t, err, job.ErrNotFound)
		k.JobID, k.EndsAt = "b", at(20)
		require.NoError(t, tx.PutKey(k))
		require.NoError(t, tx.ExpireKeys(at(19)))
		got, err = tx.Key("ada", "k")
		require.NoError(t, err)
		require.Equal(t, job.ID("b"), got.JobID)
		require.NoError(t, tx.ExpireKeys(at(20)))
		_, err = tx.Key("ada", "k")
		require.ErrorIs(t, err, job.ErrNotFound)
		return nil
	})
}

func tombstones(t *testing.T, b *bench) {
	stone := func(id job.ID, owner string, seq int64, sweep time.Time) store.Tombstone {
		return store.Tombstone{JobID: id, Owner: owner, Seq: seq, DeletedAt: at(int(seq)), SweepAt: sweep}
	}
	one, two, three := stone("a", "ada", 1, at(5)), stone("b", "ben", 2, time.Time{}), stone("c", "ada", 3, at(9))
	b.update(func(tx store.Tx) error {
		require.NoError(t, tx.PutTombstone(one))
		require.NoError(t, tx.PutTombstone(two))
		return tx.PutTombstone(three)
	})
	b.update(func(tx store.Tx) error {
		got, err := tx.Buried("ada", 0, 10)
		require.NoError(t, err)
		require.Equal(t, []store.Tombstone{one, three}, got)
		got, err = tx.Buried("", 1, 1)
		require.NoError(t, err)
		require.Equal(t, []store.Tombstone{two}, got)
		got, err = tx.Unswept(at(5), 10)
		require.NoError(t, err)
		require.Equal(t, []store.Tombstone{one}, got)
		one.Sweeps, one.SweepAt = 2, time.Time{}
		require.NoError(t, tx.PutTombstone(one))
		require.NoError(t, tx.ExpireTombstones(at(1)))
		_, err = tx.Tombstone("a")
		require.ErrorIs(t, err, job.ErrNotFound)
		require.NoError(t, tx.ExpireTombstones(at(99)))
		_, err = tx.Tombstone("c")
		require.NoError(t, err, "one that was not swept stays")
		return nil
	})
}
