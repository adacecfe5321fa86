//go:build linux

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/postgres"
)

// read returns the number in the table n, through an address.
func read(ctx context.Context, url string) (n int, err error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	return n, c.QueryRow(ctx, "SELECT n FROM n").Scan(&n)
}

func TestDataOutlastKillHaltAndFreeze(t *testing.T) {
	t.Parallel()
	s, err := postgres.Start()
	require.NoError(t, err)
	ctx := t.Context()
	require.NoError(t, s.Exec(ctx, "CREATE TABLE n AS SELECT 7 AS n"))

	for name, end := range map[string]func() error{"kill": s.Kill, "halt": s.Halt} {
		require.NoError(t, end(), name)
		_, err = read(ctx, s.TCPURL(""))
		require.Error(t, err, "it answers after %s", name)
		require.NoError(t, s.Run())
	}
	for _, url := range []string{s.URL(""), s.TCPURL("")} {
		n, err := read(ctx, url)
		require.NoError(t, err)
		require.Equal(t, 7, n)
	}
	require.NoError(t, s.Freeze())
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err = read(short, s.TCPURL(""))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, s.Thaw())
	_, err = read(ctx, s.TCPURL(""))
	require.NoError(t, err)

	require.NoError(t, s.Freeze())
	require.NoError(t, s.Stop(), "a frozen server stops too")
	require.NoDirExists(t, s.Dir())
	left, err := child.Left("", s.Dir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestPortAsksForThePassword(t *testing.T) {
	t.Parallel()
	s, err := postgres.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	_, err = read(t.Context(), "postgres://postgres:guess@"+s.Address()+"/postgres?sslmode=disable")
	require.ErrorContains(t, err, "password authentication failed")
	require.NoError(t, s.Kill(), "Stop has nothing to end then")
}
