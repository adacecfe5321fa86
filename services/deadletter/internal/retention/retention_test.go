package retention_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/internal/jsonl"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/internal/retention"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/sqlitestore"
	"github.com/studycast/studycast/services/deadletter/store/storetest"
)

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) Now() time.Time { return c.at }

const (
	age  = 30 * 24 * time.Hour
	warn = 24 * time.Hour
)

// house is a store with a letter of every state, and a keeper.
func house(t *testing.T, open bool) (*retention.Keeper, store.Store, *clock, string) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "letters.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for i, state := range deadletterclient.States() {
		l := storetest.Sample(i)
		l.State = state
		if state == deadletterclient.Replayed {
			l.Outcome = deadletterclient.OutcomeFailedAgain
		}
		_, err := s.Put(t.Context(), l, func(store.Letter) bool { return false })
		require.NoError(t, err)
	}
	atWork := storetest.Sample(9)
	atWork.State = deadletterclient.Replayed
	_, err = s.Put(t.Context(), atWork, func(store.Letter) bool { return false })
	require.NoError(t, err)
	c := &clock{at: atWork.DiedAt}
	dir := filepath.Join(t.TempDir(), "kept")
	k := retention.New(retention.Options{
		Store: s, Clock: c, Logger: slog.New(slog.DiscardHandler), Metrics: metrics.New(nil),
		Policy: retention.Policy{MaxAge: age, WarnBefore: warn, ExportDir: dir, Open: open},
	})
	return k, s, c, dir
}

func states(t *testing.T, s store.Store) map[string]int {
	t.Helper()
	all, err := s.List(t.Context(), store.Filter{Limit: 100})
	require.NoError(t, err)
	by := map[string]int{}
	for _, l := range all {
		by[l.State]++
	}
	return by
}

func TestRemovesDecidedLettersAfterWritingThem(t *testing.T) {
	t.Parallel()
	k, s, c, dir := house(t, false)
	c.at = c.at.Add(age - time.Hour)
	require.NoError(t, k.Tidy(t.Context()))
	require.NoDirExists(t, dir, "it is not time yet")
	c.at = c.at.Add(2 * time.Hour)
	require.NoError(t, k.Tidy(t.Context()))
	require.Equal(t, map[string]int{"open": 1, "replaying": 1, "replayed": 1}, states(t, s), "undecided ones and those at work stay")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	f, err := os.Open(filepath.Join(dir, files[0].Name()))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	lines := jsonl.NewReader(f, jsonl.MaxLine)
	for range 3 {
		line, err := lines.Next()
		require.NoError(t, err)
		l, err := jsonl.Decode(line)
		require.NoError(t, err)
		require.NotEmpty(t, l.Body)
	}
	log, err := s.ListAudit(t.Context(), store.AuditFilter{Limit: 5})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, deadletterclient.ActionDelete, log[0].Action)
	require.Contains(t, log[0].Outcome, files[0].Name())
}

func TestRemovesOpenLettersWhenTold(t *testing.T) {
	t.Parallel()
	k, s, c, _ := house(t, true)
	c.at = c.at.Add(2 * age)
	require.NoError(t, k.Tidy(t.Context()))
	require.Equal(t, map[string]int{"replaying": 1, "replayed": 1}, states(t, s))
}

// TestKeepsWhatCannotBeWritten: nothing vanishes when the folder is broken.
func TestKeepsWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	k, s, c, dir := house(t, true)
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	c.at = c.at.Add(2 * age)
	require.Error(t, k.Tidy(t.Context()))
	require.Len(t, states(t, s), 5)
}

func TestPolicyIsChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, retention.Policy{}.Check())
	require.NoError(t, retention.Policy{MaxAge: age, ExportDir: "x"}.Check())
	for _, p := range []retention.Policy{
		{ExportDir: "x"}, {MaxAge: age}, {MaxAge: -age, ExportDir: "x"}, {MaxAge: age, WarnBefore: age, ExportDir: "x"},
	} {
		require.Error(t, p.Check(), "%+v", p)
	}
	retention.New(retention.Options{}).Run(context.Background()) // off: it returns at once
}
