package rest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slow is a client that takes its time.
type slow struct{ io.Reader }

func (s slow) Read(b []byte) (int, error) {
	time.Sleep(10 * callTimeout)
	return s.Reader.Read(b)
}

func TestOnlyTheServiceIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn, done := takeTurns(t.Context())
		defer done()
		for range 3 {
			_, err := readInTurn{slow{strings.NewReader("x")}, turn}.Read(make([]byte, 1))
			require.NoError(t, err)
			_, err = writeInTurn{io.Discard, turn}.Write([]byte("x"))
			require.NoError(t, err)
			time.Sleep(callTimeout - time.Second)
			require.NoError(t, turn.ctx.Err(), "a service that is slow goes on")
		}
		broken := errors.New("broken")
		require.Equal(t, broken, turn.told(broken))
		time.Sleep(2 * time.Second)
		require.Error(t, turn.ctx.Err())
		require.ErrorIs(t, turn.told(broken), context.DeadlineExceeded)
		require.NoError(t, turn.told(nil))
	})
}

func TestACallerThatLeavesIsNoSilence(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	turn, done := takeTurns(ctx)
	defer done()
	leave()
	require.NotErrorIs(t, turn.told(turn.ctx.Err()), context.DeadlineExceeded)
}
