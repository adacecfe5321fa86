package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
)

var errFull = errors.New("the disk is full")

// forgetful is a store that can't write records.
type forgetful struct{ store.Store }

func (f forgetful) Update(ctx context.Context, fn func(store.Tx) error) error {
	return f.Store.Update(ctx, func(tx store.Tx) error { return fn(noRecords{tx}) })
}

type noRecords struct{ store.Tx }

func (noRecords) AddRecord(store.Record) error { return errFull }

// TestNothingIsDoneOffTheRecord: an act whose record can't be written leaves
// nothing behind.
func TestNothingIsDoneOffTheRecord(t *testing.T) {
	t.Parallel()
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "status.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ctx, by := t.Context(), ledger.Act{Author: "ada", Reason: "r"}
	clock := &stopped{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	good := ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: clock})
	bad := ledger.New(ledger.Options{Store: forgetful{s}, Policies: job.DefaultPolicies(), Clock: clock})
	sess, _, err := good.Open(ctx, ledger.Hello{Worker: "w", Kind: job.Video, Slots: 1})
	require.NoError(t, err)
	queue := job.Video.Queue()

	_, err = bad.Pause(ctx, queue, by)
	require.ErrorIs(t, err, errFull)
	_, err = bad.DrainWorker(ctx, sess.ID, by)
	require.ErrorIs(t, err, errFull)
	o, err := good.Orders(ctx, sess.ID)
	require.NoError(t, err)
	require.Zero(t, o)

	_, err = good.Pause(ctx, queue, by)
	require.NoError(t, err)
	_, err = bad.Resume(ctx, queue, by)
	require.ErrorIs(t, err, errFull)
	o, err = good.Orders(ctx, sess.ID)
	require.NoError(t, err)
	require.Equal(t, store.Orders{Paused: true}, o)
	rs, err := good.Records(ctx, store.RecordFilter{})
	require.NoError(t, err)
	require.Len(t, rs, 1)
}

func TestOrdersOfASessionThatIsOver(t *testing.T) {
	t.Parallel()
	l, clock, sessions, _ := silent(t)
	_, err := l.Orders(t.Context(), "never")
	require.ErrorIs(t, err, job.ErrSessionUnknown)
	_, err = l.DrainWorker(t.Context(), sessions[0].ID, ledger.Act{Author: "ada", Reason: "r"})
	require.ErrorIs(t, err, ledger.ErrWorkerUnknown, "its lease ended, although nobody took note")
	census, err := l.Census(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[ledger.WorkerState]int{ledger.Silent: 2}, census.Workers[job.Video])
	clock.now = clock.now.Add(-25 * time.Second)
	_, err = l.DrainWorker(t.Context(), sessions[0].ID, ledger.Act{Author: "ada", Reason: "r"})
	require.NoError(t, err)
}
