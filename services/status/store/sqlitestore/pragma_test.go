package sqlitestore

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommitsAreFlushed: an answered write has to survive the loss of power,
// which no test can take away; the settings that promise it can be read.
func TestCommitsAreFlushed(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "status.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	text := func(row scanner) (v string, err error) { return v, row.Scan(&v) }
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		got, err := one(s.writer, text, "PRAGMA "+pragma)
		require.NoError(t, err)
		require.Equal(t, want, got, pragma)
	}
}
