package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lifecycle"
)

func TestStopsInReverseOrder(t *testing.T) {
	var mu sync.Mutex
	var order []string
	s := lifecycle.New(slog.New(slog.DiscardHandler))
	for _, name := range []string{"store", "broker", "worker"} {
		s.Defer(name, func() error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			return nil
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.Wait(ctx))
	require.Equal(t, []string{"worker", "broker", "store"}, order)
}

func TestAPartThatEndsStopsTheOthersAndIsNamed(t *testing.T) {
	broken := errors.New("port is taken")
	stopped := false
	s := lifecycle.New(slog.New(slog.DiscardHandler))
	s.Defer("store", func() error { stopped = true; return nil })
	s.Go("gateway", func(context.Context) error { return broken })
	err := s.Wait(context.Background())
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "gateway: ")
	require.True(t, stopped)
}

func TestAPartMayNotEndInSilence(t *testing.T) {
	s := lifecycle.New(slog.New(slog.DiscardHandler))
	s.Go("relay", func(context.Context) error { return nil })
	require.ErrorContains(t, s.Wait(context.Background()), "relay: ended by itself")
}

func TestSecondSignalForces(t *testing.T) {
	forced := make(chan struct{})
	ctx, stop := lifecycle.Signals(context.Background(), func() { close(forced) })
	defer stop()
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
	<-ctx.Done()
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
	<-forced
}
