package sqlitestore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
)

// TestAuditNeverChanges: not even for who has the file open.
func TestAuditNeverChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "status.db")
	s, err := sqlitestore.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error { return tx.AddRecord(store.Record{ID: "1", Author: "op"}) }))
	require.NoError(t, s.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, text := range []string{"UPDATE audit SET author = 'eve'", "DELETE FROM audit"} {
		_, err := db.ExecContext(t.Context(), text)
		require.ErrorContains(t, err, "append-only", text)
	}
}
