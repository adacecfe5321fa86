package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
)

// crowded returns a ledger with so many jobs in line, and the last of them.
func crowded(t testing.TB, jobs int) (*Ledger, job.ID) {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "status.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	s.Subscribe(func([]store.Note) {})
	l := New(Options{Store: s, Policies: job.DefaultPolicies(), Clock: job.SystemClock{}})
	var last job.ID
	var mu sync.Mutex
	var wg sync.WaitGroup
	todo := make(chan int)
	for range 64 {
		wg.Go(func() {
			for i := range todo {
				c, err := l.Create(context.Background(), Input{
					Owner: fmt.Sprint("owner", i%100), Request: job.Request{Kind: job.Video, Source: job.Source{Text: "Tides."}},
				})
				if err != nil {
					t.Error(err)
					continue
				}
				mu.Lock()
				last = c.Job.ID
				mu.Unlock()
			}
		})
	}
	for i := range jobs {
		todo <- i
	}
	close(todo)
	wg.Wait()
	return l, last
}

// TestReadersShareThePlaces: however many ask, the line is read once a second.
func TestReadersShareThePlaces(t *testing.T) {
	t.Parallel()
	l, last := crowded(t, 100)
	j, err := l.Get(t.Context(), last, "")
	require.NoError(t, err)
	require.NotNil(t, j.Line)
	first := l.boards.of(job.Video).latest.Load()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				_, _, err := l.List(context.Background(), store.Filter{Owner: "owner7"}, "")
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	latest := l.boards.of(job.Video).latest.Load()
	if latest.at.Sub(first.at) < boardFor {
		require.Same(t, first, latest)
	}
	require.False(t, first.shows("nobody", first.at.Add(boardShare*first.took+time.Microsecond)))
	require.False(t, first.shows(last, first.at.Add(boardFor)))
}

func BenchmarkPlaces(b *testing.B) {
	l, last := crowded(b, 10_000)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			_, err := l.readPlaces(b.Context(), job.Video)
			require.NoError(b, err)
		}
	})
	b.Run("show", func(b *testing.B) {
		for b.Loop() {
			p, err := l.places(b.Context(), job.Video, last)
			require.NoError(b, err)
			p.line(p.of[last])
		}
	})
}
