package tables_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/tables"
)

// An older program works on tables to which a newer one has only added, and not
// on those from which one has taken something away.
func TestOlderProgramsWorkUntilSomethingIsTakenAway(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "a.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	migrate := func(n int, contract bool) error {
		files := scripts(n)
		if contract {
			files["migrations/00003_c.sql"].Data = []byte("-- +goose Up\n" + tables.Contract + "\nDROP TABLE t1;\n")
		}
		return tables.Migrate(t.Context(), goose.DialectSQLite3, db, files, "ours")
	}
	require.NoError(t, migrate(1, false))
	require.NoError(t, migrate(2, false))
	require.NoError(t, migrate(1, false), "the newer one only added")
	looked := func(knows int) tables.State {
		s, err := tables.Look(t.Context(), goose.DialectSQLite3, db, scripts(knows), "ours")
		require.NoError(t, err)
		return s
	}
	require.Equal(t, tables.State{Has: 2, Needs: 1}, looked(1))
	require.NoError(t, migrate(3, true))
	require.Equal(t, tables.State{Has: 3, Needs: 2, Beyond: true}, looked(2))
	require.ErrorContains(t, migrate(2, false), "tables have version 3, this program knows 2: run the newer program")
	require.NoError(t, migrate(3, true))

	// Tables of a time before this was written down.
	_, err = db.ExecContext(t.Context(), "DROP TABLE ours_floor")
	require.NoError(t, err)
	require.ErrorContains(t, migrate(2, false), "run the newer program")
}
