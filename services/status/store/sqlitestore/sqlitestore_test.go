package sqlitestore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
	"github.com/studycast/studycast/services/status/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store {
		s, err := sqlitestore.Open(context.Background(), filepath.Join(t.TempDir(), "status.db"))
		require.NoError(t, err)
		return s
	})
}

func TestSecondOpenIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder", "50%?#.db")
	s, err := sqlitestore.Open(t.Context(), path)
	require.NoError(t, err)
	require.FileExists(t, path)
	_, err = sqlitestore.Open(t.Context(), path)
	require.ErrorIs(t, err, sqlitefile.ErrInUse)
	require.ErrorContains(t, err, "stop that one")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is fine")
	s, err = sqlitestore.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestSeqSurvivesReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status.db")
	var seqs []int64
	for range 3 {
		s, err := sqlitestore.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error {
			seq, err := tx.NextSeq()
			seqs = append(seqs, seq)
			return err
		}))
		require.NoError(t, s.Close())
	}
	require.Equal(t, []int64{1, 2, 3}, seqs)
}

func TestNewerTablesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status.db")
	s, err := sqlitestore.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1);"+
		"INSERT INTO goose_db_version_floor (version) VALUES (9999)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = sqlitestore.Open(t.Context(), path)
	require.ErrorContains(t, err, "run the newer program")
}

func TestFileThatIsNoStoreIsRefused(t *testing.T) {
	t.Parallel()
	_, err := sqlitestore.Open(t.Context(), t.TempDir())
	require.Error(t, err)
}
