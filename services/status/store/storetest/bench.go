package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// Bench takes b.N jobs through create, start and finish, from so many callers
// at once, each of which has a worker session of its own.
func Bench(b *testing.B, callers int, stores ...store.Store) {
	b.Helper()
	ctx := context.Background()
	todo := make(chan struct{}, callers)
	var wg sync.WaitGroup
	for i := range callers {
		l := ledger.New(ledger.Options{
			Store: stores[i%len(stores)], Policies: job.DefaultPolicies(), Clock: job.SystemClock{},
		})
		s, _, err := l.Open(ctx, ledger.Hello{Worker: "w", Kind: job.Video, Slots: 1})
		require.NoError(b, err)
		wg.Go(func() {
			for range todo {
				if err := throughOnce(ctx, l, s.ID); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

func throughOnce(ctx context.Context, l *ledger.Ledger, session job.SessionID) error {
	c, err := l.Create(ctx, ledger.Input{
		Owner: "ada", Request: job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}},
	})
	if err != nil {
		return err
	}
	a, err := l.Start(ctx, session, c.Job.ID, "once")
	if err != nil {
		return err
	}
	_, err = l.Finish(ctx, c.Job.ID, a.Job.Attempt, job.Outcome{Succeeded: &job.Success{Title: "Leaves"}})
	return err
}
