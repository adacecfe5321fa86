package pgstore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store"
)

// TestAuditNeverChanges: not even for who has a connection.
func TestAuditNeverChanges(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error { return tx.AddRecord(store.Record{ID: "1", Author: "op"}) }))
	for _, text := range []string{"UPDATE audit SET author = 'eve'", "DELETE FROM audit", "TRUNCATE audit"} {
		_, err := s.writes.Exec(t.Context(), text)
		require.ErrorContains(t, err, "append-only", text)
	}
}
