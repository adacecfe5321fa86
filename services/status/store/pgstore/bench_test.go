package pgstore

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store"
	"github.com/studycast/studycast/services/status/store/storetest"
)

// BenchmarkJob takes jobs through create, start and finish from 1 and from 64
// callers, on one replica and on two, straight and through pgbouncer. fsync is
// on.
func BenchmarkJob(b *testing.B) {
	for _, c := range []struct{ callers, replicas int }{{1, 1}, {64, 1}, {64, 2}} {
		b.Run(fmt.Sprintf("callers=%d/replicas=%d", c.callers, c.replicas), func(b *testing.B) {
			oneJob(b, schema(b), c.callers, c.replicas)
		})
	}
	b.Run("callers=64/replicas=1/pooler", func(b *testing.B) {
		address, err := pooler.Schema(context.Background())
		require.NoError(b, err)
		oneJob(b, address, 64, 1)
	})
}

func oneJob(b *testing.B, address string, callers, replicas int) {
	var stores []store.Store
	for range replicas {
		stores = append(stores, opened(b, address))
	}
	storetest.Bench(b, callers, stores...)
}
