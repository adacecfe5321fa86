package pgstore

import (
	"fmt"
	"testing"

	"github.com/studycast/studycast/services/status/store/storetest"
)

// BenchmarkFollowers reports the progress of a shared run.
func BenchmarkFollowers(b *testing.B) {
	for _, followers := range []int{50, 1000} {
		b.Run(fmt.Sprint(followers), func(b *testing.B) {
			storetest.BenchFollowers(b, opened(b, schema(b)), followers)
		})
	}
}
