package script

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
)

func BenchmarkOffline(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"100kB", 100_000}, {"1MB", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			doc := longDocument(size.bytes)
			for b.Loop() {
				_, err := NewOffline().Write(context.Background(), doc, lesson.Options{Kind: lesson.Video, Length: lesson.Long}, lesson.NoProgress)
				require.NoError(b, err)
			}
		})
	}
}
