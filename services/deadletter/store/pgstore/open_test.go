package pgstore

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/storetest"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	newer := schema(t)
	s := opened(t, newer)
	_, err := s.db.ExecContext(t.Context(), "INSERT INTO dead_letters_version (version_id, is_applied) VALUES (9999, true)")
	require.NoError(t, err)
	_, err = s.db.ExecContext(t.Context(), "INSERT INTO dead_letters_version_floor (version) VALUES (9999)")
	require.NoError(t, err)
	for _, c := range []struct {
		name, address, says string
		later               bool // trying again may help
	}{
		{"newer tables", newer, "run the newer program", false},
		{"not a URL", "postgres://u:secret@h:port/db", "not a URL", false},
		{"unknown pooler", "postgres://u:secret@h/db?pooler=session", "use none or transaction", false},
		{"bad parameter", "postgres://u:secret@h/db?pool_max_conns=many", "pool_max_conns", false},
		{"no server", "postgres://u:secret@127.0.0.1:1/db", "can't be reached", true},
		{"unknown parameter", server.URL("") + "&nonsense=1", "nonsense", false},
		{"no schema", server.URL("nowhere"), "no schema of the search_path exists", false},
		{"commits that can be lost", schema(t) + "&synchronous_commit=off", "synchronous_commit is off", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(context.Background(), c.address)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
			if c.later {
				require.ErrorIs(t, err, job.ErrUnavailable)
			} else {
				require.NotErrorIs(t, err, job.ErrUnavailable)
			}
		})
	}
}

// TestReplicasOpenAtOnce: one of them makes the tables, even with the fewest
// connections and parameters that only the status service needs.
func TestReplicasOpenAtOnce(t *testing.T) {
	t.Parallel()
	address := schema(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), address+"&pool_max_conns=1&direct=127.0.0.1:1&direct_user=somebody")
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestKilledServer: calls fail at once while it is away, and work again when it
// is back, with everything that was answered.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	own, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Stop()) })
	address, err := own.Schema(t.Context())
	require.NoError(t, err)
	s := opened(t, address)
	first := storetest.Sample(1)
	never := func(store.Letter) bool { return false }
	_, err = s.Put(t.Context(), first, never)
	require.NoError(t, err)
	require.NoError(t, own.Kill())
	for range 3 {
		_, err = s.Put(t.Context(), storetest.Sample(2), never)
		require.ErrorIs(t, err, job.ErrUnavailable)
		require.ErrorIs(t, s.Ping(t.Context()), job.ErrUnavailable)
	}
	require.NoError(t, own.Run())
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
	all, err := s.List(t.Context(), store.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, first.ID, all[0].ID)
	_, err = s.Put(t.Context(), storetest.Sample(2), never)
	require.NoError(t, err)
}

func TestForgottenPoolerIsNamed(t *testing.T) {
	t.Parallel()
	c, err := opened(t, schema(t)).db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	read := func() error {
		var n int
		return c.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM dead_letters").Scan(&n)
	}
	require.NoError(t, read())
	// what a pooler does between two transactions: other statements are prepared
	_, err = c.ExecContext(t.Context(), "DEALLOCATE ALL")
	require.NoError(t, err)
	require.ErrorContains(t, explain(read()), "add pooler=transaction")
}
