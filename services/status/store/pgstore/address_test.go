package pgstore

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/services/status/store"
)

// through is the address of a new schema behind the pooler, with the parameters.
func through(t testing.TB, more url.Values) string {
	t.Helper()
	address, err := pooler.Schema(context.Background())
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	server, err := url.Parse(server.TCPURL(""))
	require.NoError(t, err)
	password, _ := server.User.Password()
	u.User = url.UserPassword(u.User.Username(), password)
	q := u.Query()
	for name, values := range more {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// direct names the server beside the pooler.
func direct() url.Values {
	return url.Values{"direct": {server.Address()}, "direct_user": {"postgres"}}
}

// TestDirectAddressIsCalled: beside a pooler that swallows calls, news come at
// once and not with the next question.
func TestDirectAddressIsCalled(t *testing.T) {
	t.Parallel()
	address := through(t, direct())
	speaker, listener := opened(t, address), opened(t, address)
	heard := make(chan store.Note, 100)
	listener.Subscribe(func(ns []store.Note) { pass(ns, heard) })
	fastest := time.Hour
	for range 20 {
		require.NoError(t, speaker.Update(t.Context(), func(tx store.Tx) error {
			tx.Note(store.Note{JobID: "a"})
			return nil
		}))
		began := time.Now()
		require.Equal(t, job.ID("a"), next(t, heard).JobID)
		fastest = min(fastest, time.Since(began))
	}
	require.Less(t, fastest, pollEvery/4, "nobody called")
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	a, err := parse("postgres://me:secret@one:5432,two:5433/db?target_session_attrs=read-write&pooler=transaction" +
		"&direct=three:5434,four:5435&direct_user=myself")
	require.NoError(t, err)
	c := a.config.ConnConfig
	require.Equal(t, []string{"one", "two"}, []string{c.Host, c.Fallbacks[len(c.Fallbacks)-1].Host})
	require.NotNil(t, c.ValidateConnect, "only a primary will do")
	require.Equal(t, "me", c.User)
	require.EqualValues(t, readers, a.config.MaxConns)
	require.Equal(t, []string{"three", "four"}, []string{a.calls.Host, a.calls.Fallbacks[len(a.calls.Fallbacks)-1].Host})
	require.EqualValues(t, 5434, a.calls.Port)
	require.Equal(t, "myself", a.calls.User)
	require.Equal(t, "secret", a.calls.Password)
	require.NotNil(t, a.calls.ValidateConnect)

	a, err = parse("postgres://me@one/db?pooler=transaction&pool_max_conns=9")
	require.NoError(t, err)
	require.Nil(t, a.calls, "nobody can call through a pooler")
	require.EqualValues(t, 9, a.config.MaxConns)
	a, err = parse("postgres://me@one/db")
	require.NoError(t, err)
	require.Equal(t, "one", a.calls.Host)
}

// TestFailsOverToTheOtherHost: of two servers in the address the one that takes
// writes is used. One that refuses them stands for a standby here.
func TestFailsOverToTheOtherHost(t *testing.T) {
	t.Parallel()
	one, two := started(t), started(t)
	opened(t, two.URL("")) // makes the tables, as replication would
	const standby = "ALTER DATABASE postgres SET default_transaction_read_only = "
	require.NoError(t, two.Exec(t.Context(), standby+"on"))
	s := opened(t, both(t, one, two))
	seq := int64(0)
	count := func(tx store.Tx) (err error) {
		seq, err = tx.NextSeq()
		return err
	}
	for n := range 3 {
		require.NoError(t, s.Update(t.Context(), count))
		require.EqualValues(t, n+1, seq)
	}
	require.NoError(t, one.Exec(t.Context(), standby+"on"), "for the time when it comes back")
	require.NoError(t, one.Halt())
	require.ErrorIs(t, s.Update(t.Context(), count), job.ErrUnavailable, "nobody takes writes")
	require.NoError(t, two.Exec(t.Context(), "BEGIN READ WRITE; "+standby+"off; COMMIT"))
	require.NoError(t, s.Update(t.Context(), count))
	require.EqualValues(t, 1, seq, "it is the other server")

	require.NoError(t, one.Run())
	require.NoError(t, s.Update(t.Context(), count), "the old one came back as a standby")
	require.EqualValues(t, 2, seq)
	seen := int64(0)
	require.NoError(t, s.View(t.Context(), func(r store.Reader) (err error) {
		seen, err = r.LastSeq()
		return err
	}))
	require.EqualValues(t, 2, seen)
}

// both is an address with two hosts.
func both(t testing.TB, servers ...*postgres.Server) string {
	t.Helper()
	q := url.Values{"sslmode": {"disable"}, "target_session_attrs": {"read-write"}}
	var hosts, ports []string
	for _, s := range servers {
		u, err := url.Parse(s.URL(""))
		require.NoError(t, err)
		hosts, ports = append(hosts, u.Query().Get("host")), append(ports, u.Query().Get("port"))
	}
	q.Set("host", strings.Join(hosts, ","))
	q.Set("port", strings.Join(ports, ","))
	return "postgres://postgres@/postgres?" + q.Encode()
}

func started(t testing.TB) *postgres.Server {
	t.Helper()
	s, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}
