package rpc_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/rpc"
)

func TestAskHealth(t *testing.T) {
	t.Parallel()
	var ill atomic.Bool
	srv := serve(t, &service{}, rpc.ServerOptions{Ready: func() error {
		if ill.Load() {
			return errors.New("not now")
		}
		return nil
	}}, nil)
	conn := dial(t, srv.address, rpc.DialOptions{})
	before := time.Now()
	clock, err := rpc.AskHealth(t.Context(), conn)
	require.NoError(t, err)
	require.WithinRange(t, clock, before, time.Now())

	ill.Store(true)
	clock, err = rpc.AskHealth(t.Context(), conn)
	require.ErrorIs(t, err, rpc.ErrNotReady)
	require.WithinRange(t, clock, before, time.Now(), "one that is not ready tells its time all the same")

	_, err = rpc.AskHealth(t.Context(), dial(t, "127.0.0.1:1", rpc.DialOptions{}))
	require.Equal(t, codes.Unavailable, status.Code(err))
}
