package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// crowd is how many calls come at once.
const crowd = 20

func putsAtOnce(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for range crowd {
		wg.Go(func() {
			if _, err := s.Put(context.Background(), Sample(1), always); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := s.List(t.Context(), store.Filter{Limit: crowd})
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, crowd, all[0].Copies)
}

func changesAtOnce(t *testing.T, s store.Store) {
	l := put(t, s, Sample(1))
	refused := errors.New("it is not open")
	won := make(chan struct{}, crowd)
	var wg sync.WaitGroup
	for range crowd {
		wg.Go(func() {
			after, err := s.Change(context.Background(), l.ID, func(l *store.Letter) error {
				if l.State != deadletterclient.Open {
					return refused
				}
				l.State, l.JobState, l.ReplayedBy = deadletterclient.Replaying, "queued", "op"
				l.ReplayedAt, l.ReplayReason = at(7), "it is back"
				return nil
			})
			switch {
			case err == nil && after.State == deadletterclient.Replaying:
				won <- struct{}{}
			case !errors.Is(err, refused):
				t.Errorf("%+v %v", after, err)
			}
		})
	}
	wg.Wait()
	require.Len(t, won, 1, "one of %d at once takes an open letter", crowd)
	got, err := s.Get(t.Context(), l.ID)
	require.NoError(t, err)
	l.State, l.JobState, l.ReplayedBy = deadletterclient.Replaying, "queued", "op"
	l.ReplayedAt, l.ReplayReason = at(7), "it is back"
	require.Equal(t, l, got)
}

func refusedChange(t *testing.T, s store.Store) {
	l := put(t, s, Sample(1))
	refused := errors.New("no")
	_, err := s.Change(t.Context(), l.ID, func(l *store.Letter) error {
		l.State = deadletterclient.Replayed
		return refused
	})
	require.Equal(t, refused, err, "it comes back as it is")
	got, err := s.Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, l, got)
}

func endedContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, Sample(1), never)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.List(ctx, store.Filter{Limit: 1})
	require.ErrorIs(t, err, context.Canceled)
	all, err := s.List(t.Context(), store.Filter{Limit: 1})
	require.NoError(t, err)
	require.Empty(t, all)
}

func closedStore(t *testing.T, s store.Store) {
	require.NoError(t, s.Close())
	_, err := s.Put(t.Context(), Sample(1), never)
	require.ErrorIs(t, err, job.ErrUnavailable)
	_, err = s.Get(t.Context(), "x")
	require.ErrorIs(t, err, job.ErrUnavailable)
	_, err = s.Change(t.Context(), "x", func(*store.Letter) error { return nil })
	require.ErrorIs(t, err, job.ErrUnavailable)
	_, err = s.List(t.Context(), store.Filter{Limit: 1})
	require.ErrorIs(t, err, job.ErrUnavailable)
	_, err = s.Counts(t.Context())
	require.ErrorIs(t, err, job.ErrUnavailable)
	require.ErrorIs(t, s.Ping(t.Context()), job.ErrUnavailable)
}
