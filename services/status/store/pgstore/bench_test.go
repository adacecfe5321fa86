package pgstore

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// BenchmarkCreate creates jobs from 1 and from 64 callers, on one replica and
// on two, straight and through pgbouncer. fsync is on.
func BenchmarkCreate(b *testing.B) {
	through := pooled(b)
	for _, c := range []struct{ callers, replicas int }{{1, 1}, {64, 1}, {64, 2}} {
		b.Run(fmt.Sprintf("callers=%d/replicas=%d", c.callers, c.replicas), func(b *testing.B) {
			create(b, schema(b), c.callers, c.replicas)
		})
	}
	b.Run("callers=64/replicas=1/pooler", func(b *testing.B) {
		address, err := through.Schema(context.Background())
		require.NoError(b, err)
		create(b, address, 64, 1)
	})
}

func create(b *testing.B, address string, callers, replicas int) {
	ledgers := make([]*ledger.Ledger, replicas)
	for i := range ledgers {
		ledgers[i] = ledger.New(ledger.Options{
			Store: opened(b, address), Policies: job.DefaultPolicies(), Clock: job.SystemClock{},
		})
	}
	todo := make(chan int, callers)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := range todo {
				if _, err := ledgers[i%replicas].Create(context.Background(), input("ada")); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		todo <- i
	}
	close(todo)
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}
