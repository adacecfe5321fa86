package artifact_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
)

func TestKeysOfTheProductAreValid(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		artifact.JobKey("0193a1b2-0000-7000-8000-000000000001", 2, "video.mp4"),
		artifact.JobPrefix("j1"),
		artifact.UploadKey("ада@example.org/../x", "0193a1b2"),
		artifact.StageKey("j1", "any text, also / and .."),
	} {
		require.NoError(t, artifact.CheckKey(key), key)
	}
	require.Equal(t, "jobs/j1/2/video.mp4", artifact.JobKey("j1", 2, "video.mp4"))
	require.NotEqual(t, artifact.UploadKey("ada", "1"), artifact.UploadKey("ben", "1"))
	require.NotContains(t, artifact.UploadKey("ada", "1"), "ada")
	require.True(t, strings.HasPrefix(artifact.StageKey("j1", "k"), artifact.StagePrefix("j1")+"/"))
	require.True(t, artifact.IsStage(artifact.StageKey("j1", "k")))
	require.False(t, artifact.IsStage(artifact.JobKey("j1", 1, "stages")))
	require.False(t, artifact.IsStage(artifact.UploadKey("ada", "stages")))
}

// FuzzCheckKey: a key that passes stays below the folder that it is joined to,
// and every prefix of it at a "/" passes too.
func FuzzCheckKey(f *testing.F) {
	for _, seed := range []string{"jobs/1/1/video.mp4", "..", "a/../b", "/", "", "a\x00", ".tmp", "a~meta.json"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if err := artifact.CheckKey(key); err != nil {
			require.ErrorIs(t, err, artifact.ErrInvalidKey)
			return
		}
		require.True(t, filepath.IsLocal(key))
		require.Equal(t, filepath.Clean(key), key)
		require.NotContains(t, key, "~")
		for i, c := range key {
			if c == '/' {
				require.NoError(t, artifact.CheckKey(key[:i]))
			}
		}
	})
}
