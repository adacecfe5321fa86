package sqlitestore

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "dead-letters.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store { return open(t) })
}

func TestSecondOpenIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "50%?#.db")
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	require.FileExists(t, path)
	_, err = Open(t.Context(), path)
	require.ErrorIs(t, err, sqlitefile.ErrInUse)
	require.ErrorContains(t, err, "stop that one")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is fine")
	s, err = Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestNewerTablesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dead-letters.db")
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	_, err = s.writes.ExecContext(t.Context(), "INSERT INTO dead_letters_version (version_id, is_applied) VALUES (9999, 1)")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = Open(t.Context(), path)
	require.ErrorContains(t, err, "run the newer program")
}

func TestFileThatIsNoStoreIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), t.TempDir())
	require.Error(t, err)
}

// TestCommitsAreFlushed: an acknowledged letter has to survive the loss of
// power, which no test can take away; the settings that promise it can be read.
func TestCommitsAreFlushed(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, db := range []*sql.DB{s.writes, s.reads} {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
			var got string
			require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
	}
}

func BenchmarkPut(b *testing.B) { storetest.BenchmarkPut(b, open(b)) }

func BenchmarkList(b *testing.B) { storetest.BenchmarkList(b, open(b)) }
