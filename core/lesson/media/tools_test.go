package media_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/process"
)

// onlyPath makes a PATH of some programs of this machine and some scripts.
func onlyPath(t *testing.T, programs []string, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range programs {
		path, err := exec.LookPath(name)
		require.NoError(t, err, "install the Debian package of %s", name)
		require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	for name, text := range scripts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700))
	}
	t.Setenv("PATH", dir)
}

func TestToolsOfThisMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tools, err := media.Examine(t.Context(), dir)
	require.NoError(t, err, "install the Debian package ffmpeg")
	require.Empty(t, tools.Missing)
	require.Regexp(t, `^\d+\.`, tools.Version)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestToolsThatAreMissing(t *testing.T) {
	onlyPath(t, []string{"prlimit", "ffprobe"}, nil)
	_, err := media.Examine(t.Context(), t.TempDir())
	require.ErrorIs(t, err, process.ErrNotInstalled)
	require.ErrorContains(t, err, "ffmpeg: not installed")

	onlyPath(t, []string{"prlimit", "ffprobe"}, map[string]string{"ffmpeg": "echo ' V..... libx264 the encoder'"})
	tools, err := media.Examine(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.Contains(t, tools.Missing, "encoder aac")
	require.Contains(t, tools.Missing, "demuxer matroska")
	require.NotContains(t, tools.Missing, "encoder libx264")
}

func TestProbeIsMissing(t *testing.T) {
	onlyPath(t, []string{"prlimit", "ffmpeg"}, nil)
	_, err := media.Examine(t.Context(), t.TempDir())
	require.ErrorIs(t, err, process.ErrNotInstalled)
	require.ErrorContains(t, err, "ffprobe")
}
