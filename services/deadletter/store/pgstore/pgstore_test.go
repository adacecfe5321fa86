package pgstore

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/storetest"
)

var server *postgres.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if server, err = postgres.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func schema(t testing.TB) string {
	t.Helper()
	address, err := server.Schema(context.Background())
	require.NoError(t, err)
	return address
}

func opened(t testing.TB, address string) *Store {
	t.Helper()
	s, err := Open(context.Background(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store { return opened(t, schema(t)) })
}

// TestStoreThroughPooler is the same suite through pgbouncer in transaction mode.
func TestStoreThroughPooler(t *testing.T) {
	t.Parallel()
	pooler, err := server.StartPooler()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pooler.Stop()) })
	storetest.Run(t, func(t testing.TB) store.Store {
		address, err := pooler.Schema(context.Background())
		require.NoError(t, err)
		return opened(t, address)
	})
}

// TestAuditLogNeverChanges: not even for the owner of the table.
func TestAuditLogNeverChanges(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	require.NoError(t, s.Append(t.Context(), deadletterclient.AuditRecord{ID: "1", Author: "op"}))
	for _, text := range []string{
		"UPDATE dead_letters_audit SET author = 'eve'", "DELETE FROM dead_letters_audit", "TRUNCATE dead_letters_audit",
	} {
		_, err := s.db.ExecContext(t.Context(), text)
		require.ErrorContains(t, err, "append-only", text)
	}
}

func BenchmarkPut(b *testing.B) { storetest.BenchmarkPut(b, opened(b, schema(b))) }

func BenchmarkList(b *testing.B) { storetest.BenchmarkList(b, opened(b, schema(b))) }
