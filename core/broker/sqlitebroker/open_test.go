package sqlitebroker_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/brokertest"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
)

var queues = []driver.Queue{{Name: "work"}}

func open(t testing.TB, path string, o sqlitebroker.Options) *sqlitebroker.Broker {
	t.Helper()
	b, err := sqlitebroker.Open(context.Background(), path, queues, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	return b
}

func take(t *testing.T, b driver.Broker, queue string) driver.Delivery {
	t.Helper()
	arrived := make(chan driver.Delivery, 1)
	c, err := b.Subscribe(t.Context(), queue, 1, func(d driver.Delivery) { arrived <- d })
	require.NoError(t, err)
	d := <-arrived
	c.Stop()
	return d
}

func TestOneOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "q?u#e%.db")
	first := open(t, path, sqlitebroker.Options{})
	_, err := sqlitebroker.Open(t.Context(), path, queues, sqlitebroker.Options{})
	require.ErrorIs(t, err, sqlitebroker.ErrInUse)
	require.ErrorContains(t, err, path)
	require.NoError(t, first.Publish(t.Context(), "work", driver.Message{ID: "m"}))
	require.NoError(t, first.Close(t.Context()))
	second := open(t, path, sqlitebroker.Options{})
	require.Equal(t, "m", take(t, second, "work").Message.ID)
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "q.db")
	b := open(t, path, sqlitebroker.Options{})
	require.NoError(t, b.Publish(t.Context(), "work", driver.Message{ID: "m"}))
	for _, suffix := range []string{"", "-wal", ".lock"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	text := []byte(strings.Repeat("This is not a database. ", 100))
	require.NoError(t, os.WriteFile(path, text, 0o600))
	_, err := sqlitebroker.Open(t.Context(), path, queues, sqlitebroker.Options{})
	require.ErrorContains(t, err, "if the database is not ours")
	require.ErrorContains(t, err, path)
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, kept, "a file that isn't ours stays as it is")
	require.NoError(t, os.Remove(path))
	open(t, path, sqlitebroker.Options{}) // the lock was given back
}

func TestOpenRefusesTheFutureAndDirectories(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "q.db")
	require.NoError(t, open(t, path, sqlitebroker.Options{}).Close(t.Context()))
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1);
 INSERT INTO goose_db_version_floor (version) VALUES (99)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = sqlitebroker.Open(t.Context(), path, queues, sqlitebroker.Options{})
	require.ErrorContains(t, err, "version 99")
	_, err = sqlitebroker.Open(t.Context(), t.TempDir(), queues, sqlitebroker.Options{})
	require.Error(t, err)
}

// A queue that left the configuration keeps its messages for its return.
func TestUnconfiguredQueuesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "q.db")
	b := open(t, path, sqlitebroker.Options{})
	require.NoError(t, b.Publish(t.Context(), "work", driver.Message{ID: "m"}))
	require.NoError(t, b.Close(t.Context()))

	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, nil))
	b, err := sqlitebroker.Open(t.Context(), path, []driver.Queue{{Name: "other"}}, sqlitebroker.Options{Logger: logger})
	require.NoError(t, err)
	require.Contains(t, text.String(), "queue=work entries=1")
	require.NoError(t, b.Close(t.Context()))
	require.Equal(t, "m", take(t, open(t, path, sqlitebroker.Options{}), "work").Message.ID)
}

// The count of deliveries is written late, but a clean end writes it.
func TestCountSurvivesClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "q.db")
	b := open(t, path, sqlitebroker.Options{})
	require.NoError(t, b.Publish(t.Context(), "work", driver.Message{ID: "m"}))
	for want := 1; want <= 3; want++ {
		require.Equal(t, want, take(t, b, "work").Count)
		require.NoError(t, b.Close(t.Context()))
		b = open(t, path, sqlitebroker.Options{})
	}
}

func TestPublishWithEndedContext(t *testing.T) {
	t.Parallel()
	b := open(t, filepath.Join(t.TempDir(), "q.db"), sqlitebroker.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Publish(ctx, "work", driver.Message{ID: "m"}), context.Canceled)
	d, err := b.Depth(t.Context(), "work")
	require.NoError(t, err)
	require.Zero(t, d)
}

// A row that was deleted by hand doesn't block the queue behind it.
func TestDeletedRow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "q.db")
	b := open(t, path, sqlitebroker.Options{})
	for _, id := range []string{"gone", "m"} {
		require.NoError(t, b.Publish(t.Context(), "work", driver.Message{ID: id}))
	}
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(`DELETE FROM messages WHERE id = 'gone'`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.Equal(t, "m", take(t, b, "work").Message.ID)
}

func Benchmark(b *testing.B) {
	brokertest.Benchmark(b, func(b *testing.B, queues []driver.Queue) driver.Broker {
		s, err := sqlitebroker.Open(b.Context(), filepath.Join(b.TempDir(), "q.db"), queues, sqlitebroker.Options{})
		require.NoError(b, err)
		return s
	})
}
