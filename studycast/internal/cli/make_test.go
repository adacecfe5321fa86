package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
)

func TestPlaceTellsFilesFromFolders(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"lesson.mp4": "lesson.mp4",
		"lesson":     "lesson/video.mp4",
		"v1.12.0":    "v1.12.0/video.mp4",
		"dir.mp4":    "dir.mp4/video.mp4", // exists as a folder
	} {
		dir := t.TempDir()
		made := filepath.Join(dir, "made.mp4")
		require.NoError(t, os.WriteFile(made, []byte("film"), 0o600))
		if name == "dir.mp4" {
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		}
		c := makeCmd{Output: filepath.Join(dir, name)}
		_, err := c.place([]lesson.File{{Name: "video.mp4", Path: made}})
		require.NoError(t, err)
		require.FileExists(t, filepath.Join(dir, want), name)
	}
	_, err := (&makeCmd{Output: "lesson.html"}).place([]lesson.File{{Name: "video.mp4"}, {Name: "captions.vtt"}})
	require.ErrorContains(t, err, "use one of .mp4 .vtt, or a folder")
}
