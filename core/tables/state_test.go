package tables_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/core/tables"
)

func scripts(n int) fstest.MapFS {
	all := fstest.MapFS{}
	for _, name := range []string{"00001_a.sql", "00002_b.sql", "00003_c.sql"}[:n] {
		all["migrations/"+name] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE t" + name[4:5] + " (x);\n")}
	}
	return all
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// look reads the version of the tables in a file and makes sure that nothing
// else came of it.
func look(t *testing.T, path string, known int) tables.State {
	t.Helper()
	before := files(t, filepath.Dir(path))
	db, err := sqlitefile.Look(path)
	require.NoError(t, err)
	s, err := tables.Look(t.Context(), goose.DialectSQLite3, db, scripts(known), "")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.Equal(t, before, files(t, filepath.Dir(path)), "nothing is left beside the file")
	return s
}

func TestLook(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a file.db")
	_, err := sqlitefile.Look(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.Equal(t, tables.State{Needs: 2}, look(t, path, 2), "an empty database stays empty")

	lock, err := sqlitefile.Take(t.Context(), path)
	require.NoError(t, err)
	address, err := sqlitefile.Address(path, sqlitefile.Durable()...)
	require.NoError(t, err)
	db, err := sql.Open("sqlite", address)
	require.NoError(t, err)
	require.NoError(t, tables.Migrate(t.Context(), goose.DialectSQLite3, db, scripts(2), ""))
	used, err := sqlitefile.InUse(path)
	require.NoError(t, err)
	require.True(t, used)
	require.FileExists(t, path+"-wal", "what was written is not in the file yet")
	require.Equal(t, tables.State{Has: 2, Needs: 3}, look(t, path, 3), "beside its owner")

	// What a killed owner leaves.
	killed := filepath.Join(t.TempDir(), "killed.db")
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + end)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(killed+end, data, 0o600))
	}
	shm, err := os.ReadFile(path + "-shm")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(killed+"-shm", shm, 0o600))
	require.Equal(t, tables.State{Has: 2, Needs: 2}, look(t, killed, 2))

	require.NoError(t, db.Close())
	require.NoError(t, lock.Close())
	used, err = sqlitefile.InUse(path)
	require.NoError(t, err)
	require.False(t, used)
	require.Equal(t, tables.State{Has: 2, Needs: 1}, look(t, path, 1), "a newer program made it")
}
