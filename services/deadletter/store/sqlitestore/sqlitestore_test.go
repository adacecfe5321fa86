package sqlitestore

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
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
	_, err = s.writes.ExecContext(t.Context(), "INSERT INTO dead_letters_version (version_id, is_applied) VALUES (9999, 1);"+
		"INSERT INTO dead_letters_version_floor (version) VALUES (9999)")
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

// TestAuditLogNeverChanges: not even for who has the file open.
func TestAuditLogNeverChanges(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.Append(t.Context(), deadletterclient.AuditRecord{ID: "1", Author: "op"}))
	for _, text := range []string{"UPDATE dead_letters_audit SET author = 'eve'", "DELETE FROM dead_letters_audit"} {
		_, err := s.writes.ExecContext(t.Context(), text)
		require.ErrorContains(t, err, "append-only", text)
	}
}

// TestOlderLettersAreFilled: letters of an older program get their fingerprint
// when the store is opened.
func TestOlderLettersAreFilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dead-letters.db")
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	l := storetest.Sample(1)
	_, err = s.Put(t.Context(), l, func(store.Letter) bool { return false })
	require.NoError(t, err)
	_, err = s.writes.ExecContext(t.Context(), "UPDATE dead_letters SET fingerprint = '', search = ''")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s, err = Open(t.Context(), path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	found, err := s.Groups(t.Context(), store.Filter{Text: "site is", Limit: 5}, store.GroupKey{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Len(t, found[0].Fingerprint, 16)
}

// TestLettersBeforeMigrations: what an older program stored is there after the
// tables changed, and known to be readable or not.
func TestLettersBeforeMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dead-letters.db")
	older := fstest.MapFS{}
	for _, name := range []string{"migrations/00001_dead_letters.sql", "migrations/00002_replays.sql"} {
		text, err := migrations.ReadFile(name)
		require.NoError(t, err)
		older[name] = &fstest.MapFile{Data: text}
	}
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	require.NoError(t, tables.Migrate(t.Context(), goose.DialectSQLite3, db, older, table.Versions))
	for id, undecodable := range map[string]string{"a": "", "b": "no message"} {
		_, err = db.ExecContext(t.Context(), `INSERT INTO dead_letters VALUES ($1, zeroblob(32), 'job', 'video', 'ada', 'q', 'open',
 'source', 'The site is down.', '', 'fetch', 1, 1, 1, 1, 1, 'failed', $2, 1, '', 0, '', '', '', '', '', '', 0, '', 0, '', 0, '', X'',
 CAST('{}' AS BLOB), X'00')`, id, undecodable)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	plan, err := s.Plan(t.Context(), store.Filter{Text: "SITE"})
	require.NoError(t, err)
	require.Equal(t, 1, plan.Letters)
	require.Equal(t, "a", plan.Groups[0].Sample)
	require.Equal(t, []deadletterclient.Skipped{{Why: deadletterclient.SkippedUndecodable, Letters: 1}}, plan.Skipped)
	l, err := s.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, l.Attempts)
}

func BenchmarkPut(b *testing.B) { storetest.BenchmarkPut(b, open(b)) }

func BenchmarkList(b *testing.B) { storetest.BenchmarkList(b, open(b)) }
