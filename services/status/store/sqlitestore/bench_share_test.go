package sqlitestore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/status/store/sqlitestore"
	"github.com/studycast/studycast/services/status/store/storetest"
)

// BenchmarkFollowers reports the progress of a shared run.
func BenchmarkFollowers(b *testing.B) {
	for _, followers := range []int{50, 1000} {
		b.Run(fmt.Sprint(followers), func(b *testing.B) {
			s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "status.db"))
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			storetest.BenchFollowers(b, s, followers)
		})
	}
}
