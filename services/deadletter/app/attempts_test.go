package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/worker"
)

// TestAttempts: a letter tells what every attempt of its job did, also those
// before a replay, on both stores.
func TestAttempts(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		attempts(t, newWorld(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server, err := postgres.Start()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Stop()) })
		attempts(t, newWorldOn(t, server.URL("")))
	})
}

func attempts(t *testing.T, w *world) {
	w.start()
	began := time.Now().Add(-time.Second)
	w.workOn(func(a *worker.Attempt) error {
		switch a.Number {
		case 1:
			return fault.New(fault.Dependency, "The writer is away.").After(time.Millisecond)
		case 2:
			return fault.New(fault.Poison, "The page can't be read.")
		default:
			return fault.New(fault.Poison, "The page still can't be read.")
		}
	})
	w.relay()
	e := w.create("ada")
	require.NoError(t, publish(t.Context(), w, e))
	first, err := w.letters.Get(t.Context(), w.one(told).ID)
	require.NoError(t, err)
	inOrder(t, began, first.Attempts, "The writer is away.", "The page can't be read.")
	require.Equal(t, []string{"", job.Audio.Queue()}, []string{first.OriginExchange, first.OriginRoutingKey})

	replayed, _, err := w.letters.Replay(t.Context(), first.ID, "op", "it is mended")
	require.NoError(t, err)
	require.Equal(t, first.Attempts, replayed.Attempts)
	open := w.until(deadletterclient.Filter{States: []string{deadletterclient.Open}}, func(all []deadletterclient.DeadLetter) bool {
		return len(all) == 1 && told(all[0])
	})
	require.Equal(t, e.JobID, open[0].JobID)
	second, err := w.letters.Get(t.Context(), open[0].ID)
	require.NoError(t, err)
	inOrder(t, began, second.Attempts, "The writer is away.", "The page can't be read.", "The page still can't be read.")
	require.Equal(t, first.Attempts, second.Attempts[:2])
	first, err = w.letters.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Len(t, first.Attempts, 2, "the letter keeps what was when it was stored")
}

// inOrder checks that attempts follow each other in time and ended as they
// should.
func inOrder(t *testing.T, began time.Time, all []deadletterclient.Attempt, errors ...string) {
	t.Helper()
	require.Len(t, all, len(errors))
	for i, a := range all {
		require.Equal(t, i+1, a.Number)
		require.NotEmpty(t, a.Worker)
		require.Contains(t, a.Error, errors[i])
		require.True(t, a.StartedAt.After(began), "%v %v", began, a)
		require.False(t, a.EndedAt.Before(a.StartedAt), "%v", a)
		began = a.EndedAt.Add(-time.Microsecond)
	}
}

// TestAuditByID: records are in the order of their ids, also those of one
// millisecond, and can be read from any of them on.
func TestAuditByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t).start()
	w.dead(message(1), reason)
	ids := deadletterclient.Selection{IDs: []string{w.one(told).ID}}
	for range 10 {
		_, err := w.letters.Discard(t.Context(), ids, "op", "not wanted")
		require.NoError(t, err)
		_, err = w.letters.Restore(t.Context(), ids, "op", "wanted")
		require.NoError(t, err)
	}
	log, err := w.letters.Audit(t.Context(), deadletterclient.AuditFilter{})
	require.NoError(t, err)
	require.Len(t, log.Records, 20)
	for i, r := range log.Records[1:] {
		require.Less(t, r.ID, log.Records[i].ID)
		require.False(t, r.At.After(log.Records[i].At))
	}
	for i, r := range log.Records {
		require.Equal(t, []string{deadletterclient.ActionRestore, deadletterclient.ActionDiscard}[i%2], r.Action)
	}
	f := deadletterclient.AuditFilter{BeforeID: log.Records[4].ID, PageSize: 5}
	var read []deadletterclient.AuditRecord
	for {
		page, err := w.letters.Audit(t.Context(), f)
		require.NoError(t, err)
		read = append(read, page.Records...)
		if f.PageToken = page.NextPageToken; f.PageToken == "" {
			break
		}
	}
	require.Equal(t, log.Records[5:], read)
	_, err = w.letters.Audit(t.Context(), deadletterclient.AuditFilter{BeforeID: "yesterday"})
	refused(t, err, "before_id")
}
