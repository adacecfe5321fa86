package sqlitestore

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store/internal/rows"
)

// TestCommitsAreFlushed: an answered write has to survive the loss of power,
// which no test can take away; the settings that promise it can be read.
func TestCommitsAreFlushed(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "status.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		require.NoError(t, s.writer.Read(func(row rows.Scanner) error { return row.Scan(&got) }, "PRAGMA "+pragma))
		require.Equal(t, want, got, pragma)
	}
}
