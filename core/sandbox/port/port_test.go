//go:build linux

package port_test

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/port"
)

func TestRowsNeverMeet(t *testing.T) {
	t.Parallel()
	const rows, width = 50, 20
	var mu sync.Mutex
	seen := map[int]bool{}
	var wg sync.WaitGroup
	for range rows {
		wg.Go(func() {
			r, err := port.Reserve(width)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { require.NoError(t, r.Close()) })
			mu.Lock()
			defer mu.Unlock()
			for i := range width {
				require.False(t, seen[r.At(i)], "port %d twice", r.At(i))
				seen[r.At(i)] = true
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, rows*width)
}

func TestReservedPortsAreFree(t *testing.T) {
	t.Parallel()
	r, err := port.Reserve(3)
	require.NoError(t, err)
	for i := range 3 {
		l, err := net.Listen("tcp", r.Address(i))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "twice is once")
}

func TestTooManyPortsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := port.Reserve(20_000)
	require.ErrorContains(t, err, "no 20000 free ports in a row")
}
