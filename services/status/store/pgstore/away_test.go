package pgstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/status/store"
)

// bound is how long a caller waits at most when the server is away: the rest of
// a batch that doubts its commit, and no batch of its own.
const bound = batchTimeout + settleTimeout

// slack is what a busy machine may add.
const slack = 15 * time.Second

// TestAbsentServerHangsNobody: with many callers each is told so in time,
// however the server is away, and a store that was left alone goes on by itself
// when the server is back.
func TestAbsentServerHangsNobody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		leave    func(*postgres.Server) error
		comeBack func(*postgres.Server) error
		within   time.Duration
	}{
		{"stopped", (*postgres.Server).Halt, (*postgres.Server).Run, slack},
		{"killed", (*postgres.Server).Kill, (*postgres.Server).Run, slack},
		{"frozen", (*postgres.Server).Freeze, (*postgres.Server).Thaw, bound + slack},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			own := started(t)
			s, other := opened(t, own.URL("")), opened(t, own.URL(""))
			heard := make(chan store.Note, 1000)
			other.Subscribe(func(ns []store.Note) { pass(ns, heard) })
			require.NoError(t, s.Update(t.Context(), count))
			t.Cleanup(func() { _ = own.Thaw() }) // one that stands still can't be stopped
			require.NoError(t, c.leave(own))
			began := time.Now()
			askAll(t, s)
			require.Less(t, time.Since(began), c.within)
			require.NoError(t, c.comeBack(own))

			began = time.Now()
			for s.Update(t.Context(), tell) != nil {
				require.Less(t, time.Since(began), slack, "it does not come back")
			}
			require.NoError(t, s.View(t.Context(), last))
			require.Equal(t, job.ID("a"), next(t, heard).JobID, "replicas hear of each other again")
			t.Logf("%s: back after %v", c.name, time.Since(began))
		})
	}
}

// askAll calls from many sides at once; nobody may get an answer of another
// kind than that the store is away.
func askAll(t *testing.T, s *Store) {
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			var err error
			if i%4 == 0 {
				err = s.View(context.Background(), last)
			} else {
				err = s.Update(context.Background(), count)
			}
			if !errors.Is(err, job.ErrUnavailable) {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func count(tx store.Tx) error {
	_, err := tx.NextSeq()
	return err
}

func tell(tx store.Tx) error {
	tx.Note(store.Note{JobID: "a"})
	return count(tx)
}

func last(r store.Reader) error {
	_, err := r.LastSeq()
	return err
}
