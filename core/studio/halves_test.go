package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/studio"
)

// The job half and the lesson half know nothing of one another, and have the same
// formats, hosts and names of voices.
func TestHalvesAgree(t *testing.T) {
	t.Parallel()
	for _, k := range job.Kinds() {
		var names []string
		for _, f := range lesson.Kind(k).Formats() {
			names = append(names, string(f))
			require.Equal(t, job.Options{Format: string(f)}.Hosts(k), lesson.Options{Kind: lesson.Kind(k), Format: f}.Hosts())
		}
		require.Equal(t, job.Formats(k), names)
		require.Equal(t, job.Options{}.Hosts(k), lesson.Options{Kind: lesson.Kind(k)}.Hosts())
	}
	voices := studio.Voices(config.Cast{})
	require.NotEmpty(t, voices)
	for _, v := range voices {
		require.True(t, job.VoiceName(v.Name), v.Name)
	}
}
