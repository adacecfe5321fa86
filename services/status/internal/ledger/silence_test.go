package ledger_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
)

type stopped struct{ now time.Time }

func (c *stopped) Now() time.Time { return c.now }

// silent is a service that stood still for half a minute while two workers ran
// a job each.
func silent(t *testing.T) (l *ledger.Ledger, clock *stopped, sessions [2]store.Session, jobs [2]job.ID) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "status.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	clock = &stopped{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l = ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: clock})
	for i := range sessions {
		c, err := l.Create(t.Context(), ledger.Input{Owner: "ada", Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}}})
		require.NoError(t, err)
		jobs[i] = c.Job.ID
		sessions[i], _, err = l.Open(t.Context(), ledger.Hello{Worker: "w", Kind: job.Video, Slots: 1})
		require.NoError(t, err)
		a, err := l.Start(t.Context(), sessions[i].ID, jobs[i], "")
		require.NoError(t, err)
		require.True(t, a.Granted)
	}
	clock.now = clock.now.Add(30 * time.Second)
	return l, clock, sessions, jobs
}

// TestSilenceIsNobodysDeath: whoever comes first after the service stood still,
// the others get their time to come back, but only once.
func TestSilenceIsNobodysDeath(t *testing.T) {
	t.Parallel()
	firsts := map[string]func(*testing.T, *ledger.Ledger, store.Session) error{
		"upkeep": func(t *testing.T, l *ledger.Ledger, _ store.Session) error {
			n, err := l.Rescue(t.Context())
			require.Zero(t, n)
			return err
		},
		"heartbeat": func(t *testing.T, l *ledger.Ledger, s store.Session) error {
			_, err := l.Renew(t.Context(), s.ID, s.Stream, nil)
			return err
		},
		"hello": func(t *testing.T, l *ledger.Ledger, s store.Session) error {
			_, _, err := l.Open(t.Context(), ledger.Hello{Session: s.ID, Worker: "w", Kind: job.Video})
			return err
		},
		"new worker": func(t *testing.T, l *ledger.Ledger, _ store.Session) error {
			_, _, err := l.Open(t.Context(), ledger.Hello{Worker: "new", Kind: job.Video})
			return err
		},
	}
	for name, first := range firsts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, clock, sessions, jobs := silent(t)
			require.NoError(t, first(t, l, sessions[0]))
			_, err := l.Renew(t.Context(), sessions[0].ID, sessions[0].Stream+boolInt(name == "hello"), nil)
			require.NoError(t, err)
			a, err := l.Start(t.Context(), sessions[0].ID, jobs[1], "")
			require.NoError(t, err)
			require.NotNil(t, a.Wait, "the job of the other one was taken away")

			clock.now = clock.now.Add(decide.RestartGrace)
			n, err := l.Rescue(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n, "the one that did not come back")
			a, err = l.Start(t.Context(), sessions[0].ID, jobs[1], "")
			require.NoError(t, err)
			require.True(t, a.Granted)
		})
	}
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
