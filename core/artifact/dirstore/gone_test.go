package dirstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
)

// TestDirectoryThatGoesAwayAndComesBack: what is missing because the disk is
// away was never said to be deleted, and nothing is made in the empty place.
func TestDirectoryThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	away := dir + ".away"
	s := open(t, dir)
	put := func() error {
		_, err := s.Put(t.Context(), "a/b.txt", strings.NewReader("x"), "text/plain")
		return err
	}
	requireUnavailable := func() {
		require.ErrorIs(t, put(), artifact.ErrUnavailable)
		_, err := s.Open(t.Context(), "a/b.txt")
		require.ErrorIs(t, err, artifact.ErrUnavailable)
		require.NotErrorIs(t, err, artifact.ErrNotFound)
		require.ErrorIs(t, s.Delete(t.Context(), "a/b.txt"), artifact.ErrUnavailable)
	}
	require.NoError(t, put())

	require.NoError(t, os.Rename(dir, away))
	requireUnavailable()
	require.NoDirExists(t, dir)
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	requireUnavailable()
	require.NoError(t, os.Remove(dir))

	require.NoError(t, os.Rename(away, dir))
	f, err := s.Open(t.Context(), "a/b.txt")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, put())
	_, err = s.Open(t.Context(), "a/other.txt")
	require.ErrorIs(t, err, artifact.ErrNotFound)
	require.NotErrorIs(t, err, artifact.ErrUnavailable)

	require.NoError(t, os.Rename(dir, away))
	require.NoError(t, os.Mkdir(dir, 0o750))
	require.NoError(t, put(), "another disk in its place is taken into use")
	require.FileExists(t, filepath.Join(dir, "a", "b.txt~meta.json"))
}

// TestFaultsOfTheReaderAreNotTheStores: what is put may come from a broken
// connection, whose error must not look like that of the store.
func TestFaultsOfTheReaderAreNotTheStores(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for _, cause := range []error{syscall.EIO, os.ErrNotExist, errors.New("other")} {
		_, err := s.Put(t.Context(), "a", iotest.ErrReader(cause), "text/plain")
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, artifact.ErrUnavailable)
	}
}
