package pgstore

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/internal/rows"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	newer := schema(t)
	require.NoError(t, opened(t, newer).Close())
	name := newer[strings.LastIndex(newer, "search_path=")+len("search_path="):]
	name, _, _ = strings.Cut(name, "&")
	require.NoError(t, server.Exec(t.Context(), "INSERT INTO "+name+".goose_db_version (version_id, is_applied) VALUES (9999, true);"+
		"INSERT INTO "+name+".goose_db_version_floor (version) VALUES (9999)"))
	for _, c := range []struct{ name, address, says string }{
		{"newer tables", newer, "run the newer program"},
		{"not a URL", "postgres://u:secret@h:port/db", "not a URL"},
		{"unknown pooler", "postgres://u:secret@h/db?pooler=session", "use none or transaction"},
		{"bad parameter", "postgres://u:secret@h/db?pool_max_conns=many", "pool_max_conns"},
		{"wrong password", wrongPassword(t), "password authentication failed"},
		{"no server", "postgres://u:secret@127.0.0.1:1/db", "can't be reached"},
		{"unknown parameter", server.URL("") + "&nonsense=1", "nonsense"},
		{"no schema", server.URL("nowhere"), "no schema of the search_path exists"},
		{"commits that can be lost", schema(t) + "&synchronous_commit=off", "synchronous_commit is off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(context.Background(), c.address)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, c.name == "no server", errors.Is(err, job.ErrUnavailable), "only a server that is not there is waited for")
		})
	}
}

func wrongPassword(t *testing.T) string {
	u, err := url.Parse(server.TCPURL(""))
	require.NoError(t, err)
	u.User = url.UserPassword("postgres", "secret")
	return u.String()
}

// TestReplicasOpenAtOnce: one of them makes the tables.
func TestReplicasOpenAtOnce(t *testing.T) {
	t.Parallel()
	address := schema(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := Open(context.Background(), address)
			if err != nil {
				t.Error(err)
				return
			}
			if s.Alone() {
				t.Error("a replica believes that it is alone")
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestForgottenPoolerIsNamed(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	err := s.View(t.Context(), func(r store.Reader) error {
		_, err := r.LastSeq()
		require.NoError(t, err)
		// what a pooler does between two transactions: other statements are prepared
		require.NoError(t, r.(rows.Reader).Conn.(*conn).now("DEALLOCATE ALL"))
		_, err = r.LastSeq()
		return err
	})
	require.ErrorContains(t, err, "add pooler=transaction")
}

// TestTextOfAnyBytesIsKept: PostgreSQL's text holds neither a zero byte nor
// broken UTF-8; a worker's last words may.
func TestTextOfAnyBytesIsKept(t *testing.T) {
	t.Parallel()
	s := opened(t, schema(t))
	l := ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: job.SystemClock{}})
	c, err := l.Create(t.Context(), input("ada"))
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error {
		return tx.AddMove(c.Job.ID, job.Move{Why: "ffmpeg: \x00\xff!", Version: 99})
	}))
	got, err := l.Get(t.Context(), c.Job.ID, "")
	require.NoError(t, err)
	require.Equal(t, "ffmpeg: \uFFFD\uFFFD!", got.History[len(got.History)-1].Why)
}
