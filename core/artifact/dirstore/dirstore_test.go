package dirstore_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/artifacttest"
	"github.com/studycast/studycast/core/artifact/dirstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *dirstore.Store {
	t.Helper()
	s, err := dirstore.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	artifacttest.Run(t, func(t *testing.T) artifact.Store { return open(t, filepath.Join(t.TempDir(), "new", "store")) })
}

// files lists the files of a store without those of its own that live.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(path, ".lock") {
			list = append(list, path)
		}
		return err
	}))
	return list
}

func TestReplacedContentLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for range 3 {
		_, err := s.Put(t.Context(), "a/video.mp4", strings.NewReader("x"), "video/mp4")
		require.NoError(t, err)
	}
	list := files(t, dir)
	require.Len(t, list, 2, "content and description: %v", list)
	require.NoError(t, s.Delete(t.Context(), "a/video.mp4"))
	require.Empty(t, files(t, dir))
}

func TestTwoProcessesShareADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	_, err := a.Put(t.Context(), "k", strings.NewReader("x"), "text/plain")
	require.NoError(t, err)
	f, err := b.Open(t.Context(), "k")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, b.Delete(t.Context(), "k"))
	_, err = a.Open(t.Context(), "k")
	require.ErrorIs(t, err, artifact.ErrNotFound)
}

func TestHalfWrittenFilesOfTheDeadAreSwept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	half := filepath.Join(dir, ".tmp", "run-dead", "half")
	require.NoError(t, os.MkdirAll(filepath.Dir(half), 0o700))
	require.NoError(t, os.WriteFile(half, []byte("x"), 0o600))
	open(t, dir)
	require.NoFileExists(t, half)
}

// TestLinksDoNotLeadOut: a link planted in the directory must not make a valid
// key reach files elsewhere.
func TestLinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir)
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "jobs")))
	_, err := s.Put(t.Context(), "jobs/1", strings.NewReader("x"), "text/plain")
	require.Error(t, err)
	require.Empty(t, files(t, outside))
}

func TestDamagedDescriptionIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, err := s.Put(t.Context(), "k", strings.NewReader("x"), "text/plain")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k~meta.json"), []byte("{"), 0o600))
	_, err = s.Open(t.Context(), "k")
	require.ErrorContains(t, err, "description")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k~meta.json"), []byte(`{"file":"../../etc/passwd"}`), 0o600))
	_, err = s.Open(t.Context(), "k")
	require.Error(t, err)
	_, err = s.Put(t.Context(), "k", strings.NewReader("mended"), "text/plain")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "k~meta.json"), []byte("{"), 0o600))
	require.NoError(t, s.Delete(t.Context(), "k"))
	_, err = s.Open(t.Context(), "k")
	require.ErrorIs(t, err, artifact.ErrNotFound)
}

func TestMissingContentIsNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, err := s.Put(t.Context(), "k", strings.NewReader("x"), "text/plain")
	require.NoError(t, err)
	for _, f := range files(t, dir) {
		if !strings.HasSuffix(f, "~meta.json") {
			require.NoError(t, os.Remove(f))
		}
	}
	_, err = s.Open(t.Context(), "k")
	require.ErrorIs(t, err, artifact.ErrNotFound)
}

// TestOpenFilesKeepContent: a directory can do what the port only wishes for.
func TestOpenFilesKeepContent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	put := func(content string) {
		_, err := s.Put(t.Context(), "k", strings.NewReader(content), "text/plain")
		require.NoError(t, err)
	}
	put("before")
	f, err := s.Open(t.Context(), "k")
	require.NoError(t, err)
	put("after")
	require.NoError(t, s.Delete(t.Context(), "k"))
	b, err := io.ReadAll(f)
	require.NoError(t, errors.Join(err, f.Close()))
	require.Equal(t, "before", string(b))
}
