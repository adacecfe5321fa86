package sqlitestore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store/sqlitestore"
	"github.com/studycast/studycast/services/status/store/storetest"
)

// BenchmarkJob takes jobs through create, start and finish. Every commit is
// flushed.
func BenchmarkJob(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "status.db"))
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			storetest.Bench(b, callers, s)
		})
	}
}
