package pgstore

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/storetest"
)

// soon bounds a wait that must end.
const soon = 30 * time.Second

func TestReplicasHearOfEachOther(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func() string{
		"listen":             func() string { return schema(t) },
		"transaction pooler": func() string { return through(t, nil) },
		"beside the pooler":  func() string { return through(t, direct()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := place()
			heard := make(chan store.Note, 100)
			speaker, listener := opened(t, address), opened(t, address)
			own := make(chan store.Note, 100)
			speaker.Subscribe(func(ns []store.Note) { pass(ns, own) })
			listener.Subscribe(func(ns []store.Note) { pass(ns, heard) })
			const notes = 30
			for i := range notes {
				require.NoError(t, speaker.Update(t.Context(), func(tx store.Tx) error {
					tx.Note(store.Note{
						JobID: job.ID(fmt.Sprint(i)), Due: time.UnixMicro(int64(i + 1)).UTC(),
						Final: &store.Group{Owner: "ada", Kind: job.Video},
					})
					return nil
				}))
			}
			for i := range notes {
				n := next(t, heard)
				require.Equal(t, job.ID(fmt.Sprint(i)), n.JobID, "in the order of the commits")
				require.Equal(t, time.UnixMicro(int64(i+1)).UTC(), n.Due)
				require.Equal(t, &store.Group{Owner: "ada", Kind: job.Video}, n.Final)
			}
			require.Len(t, own, notes, "own notes come once")
		})
	}
}

func pass(ns []store.Note, to chan<- store.Note) {
	for _, n := range ns {
		to <- n
	}
}

func next(t *testing.T, from <-chan store.Note) store.Note {
	t.Helper()
	select {
	case n := <-from:
		return n
	case <-time.After(soon):
		require.FailNow(t, "a note never came")
		return store.Note{}
	}
}

// TestBrokenListenerMissesNothing: the news are kept, calls are only calls.
func TestBrokenListenerMissesNothing(t *testing.T) {
	t.Parallel()
	address := schema(t)
	speaker, listener := opened(t, address), opened(t, address)
	heard := make(chan store.Note, 100)
	listener.Subscribe(func(ns []store.Note) { pass(ns, heard) })
	for i := range 3 {
		require.NoError(t, server.Exec(t.Context(), fmt.Sprintf(
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN "%s"'`, listener.channel())))
		id := job.ID(fmt.Sprint(i))
		require.NoError(t, speaker.Update(t.Context(), func(tx store.Tx) error {
			tx.Note(store.Note{JobID: id})
			return nil
		}))
		require.Equal(t, id, next(t, heard).JobID)
	}
}

// TestReplicasAreSerial counts with several replicas at once: no update may be
// lost, and no seq may appear after a higher one was seen.
func TestReplicasAreSerial(t *testing.T) {
	t.Parallel()
	const replicas, each = 3, 40
	address := schema(t)
	first := opened(t, address)
	l := ledger.New(ledger.Options{Store: first, Policies: job.DefaultPolicies(), Clock: job.SystemClock{}})
	c, err := l.Create(t.Context(), input("ada"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range replicas {
		s := opened(t, address)
		for range each {
			wg.Go(func() {
				err := s.Update(context.Background(), func(tx store.Tx) error { return bump(tx, c.Job.ID) })
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	require.NoError(t, first.View(t.Context(), func(r store.Reader) error {
		row, err := r.Job(c.Job.ID)
		require.Equal(t, replicas*each, row.Attempt)
		seq, _ := r.LastSeq()
		require.GreaterOrEqual(t, seq, row.Seq)
		return err
	}))
}

func bump(tx store.Tx, id job.ID) error {
	r, err := tx.Job(id)
	if err != nil {
		return err
	}
	r.Attempt++
	if r.Seq, err = tx.NextSeq(); err != nil {
		return err
	}
	return tx.UpdateJob(r)
}

func input(owner string) ledger.Input {
	return ledger.Input{Owner: owner, Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}}}
}

// TestClaimsOfReplicasNeverOverlap lets several relays empty one outbox.
func TestClaimsOfReplicasNeverOverlap(t *testing.T) {
	t.Parallel()
	const jobs, replicas, slots = 60, 3, 30
	address := schema(t)
	ledgers := make([]*ledger.Ledger, replicas)
	clock := &later{}
	for i := range ledgers {
		ledgers[i] = ledger.New(ledger.Options{Store: opened(t, address), Policies: job.DefaultPolicies(), Clock: clock})
	}
	hire := func() {
		_, _, err := ledgers[0].Open(t.Context(), ledger.Hello{Worker: "w", Kind: job.Video, Slots: slots})
		require.NoError(t, err)
	}
	hire()
	for i := range jobs {
		_, err := ledgers[i%replicas].Create(t.Context(), input(fmt.Sprint("owner", i%4)))
		require.NoError(t, err)
	}
	hire() // half of them wait for their turn until now
	clock.late.Store(true)
	var mu sync.Mutex
	claims := map[job.ID]int{}
	var wg sync.WaitGroup
	for _, l := range ledgers {
		wg.Go(func() {
			for {
				entries, err := l.Claim(context.Background(), 7)
				if err != nil {
					t.Error(err)
				}
				if len(entries) == 0 {
					return
				}
				mu.Lock()
				for _, e := range entries {
					claims[e.JobID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, claims, jobs)
	for id, n := range claims {
		require.Equal(t, 1, n, id)
	}
}

// TestLockedPromiseIsPassedOver: somebody outside who holds a row keeps only
// that row from the relay.
func TestLockedPromiseIsPassedOver(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	clock := &later{}
	l := ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: clock})
	held, err := l.Create(t.Context(), input("ada"))
	require.NoError(t, err)
	free, err := l.Create(t.Context(), input("ada"))
	require.NoError(t, err)
	clock.late.Store(true)
	outside, err := s.reads.Begin(t.Context())
	require.NoError(t, err)
	_, err = outside.Exec(t.Context(), "SELECT 1 FROM promises WHERE job_id = $1 FOR UPDATE", string(held.Job.ID))
	require.NoError(t, err)
	entries, err := l.Claim(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, free.Job.ID, entries[0].JobID)
	require.NoError(t, outside.Rollback(t.Context()))
	entries, err = l.Claim(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, held.Job.ID, entries[0].JobID)
}

// TestCrowdOfReplicas lets a crowd loose on two replicas.
func TestCrowdOfReplicas(t *testing.T) {
	t.Parallel()
	storetest.Crowd(t, func(t testing.TB) []store.Store {
		address := schema(t)
		return []store.Store{opened(t, address), opened(t, address)}
	})
}
