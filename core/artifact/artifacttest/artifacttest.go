// Package artifacttest is what every artifact store must do, as a suite. An
// adapter's test calls Run.
package artifacttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
)

// Run runs the suite. open returns a new, empty store and ends it with the
// test.
func Run(t *testing.T, open func(t *testing.T) artifact.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, artifact.Store){
		"RoundTrip":             roundTrip,
		"EmptyObject":           emptyObject,
		"ReadsRangesBySeek":     readsRanges,
		"ReplacesWhole":         replacesWhole,
		"OpenFilesNeverMix":     openFilesNeverMix,
		"InvisibleUntilWhole":   invisibleUntilWhole,
		"FailedPutChangesNone":  failedPutChangesNothing,
		"EndedContextStopsPut":  endedContext,
		"NotFound":              notFound,
		"DeletesBelowKey":       deletesBelow,
		"DeleteSparesSiblings":  deleteSparesSiblings,
		"KeyAndFolderLiveSided": keyAndFolder,
		"RefusesInvalidKeys":    refusesInvalid,
		"ManyAtOnce":            manyAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, s artifact.Store, key, content string) artifact.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, strings.NewReader(content), "text/plain")
	require.NoError(t, err)
	return info
}

func get(t *testing.T, s artifact.Store, key string) string {
	t.Helper()
	f, err := s.Open(t.Context(), key)
	require.NoError(t, err)
	b, err := io.ReadAll(f)
	require.NoError(t, errors.Join(err, f.Close()))
	return string(b)
}

func requireGone(t *testing.T, s artifact.Store, key string) {
	t.Helper()
	_, err := s.Open(t.Context(), key)
	require.ErrorIs(t, err, artifact.ErrNotFound, key)
}

func roundTrip(t *testing.T, s artifact.Store) {
	content := bytes.Repeat([]byte{0, 1, 0xff, '\n'}, 1<<18)
	sum := sha256.Sum256(content)
	before := time.Now().Add(-time.Minute)
	info, err := s.Put(t.Context(), "jobs/j1/1/video.mp4", bytes.NewReader(content), "video/mp4")
	require.NoError(t, err)
	require.Equal(t, "jobs/j1/1/video.mp4", info.Key)
	require.EqualValues(t, len(content), info.Size)
	require.Equal(t, hex.EncodeToString(sum[:]), info.SHA256)
	require.Equal(t, "video/mp4", info.MediaType)
	require.True(t, info.ModTime.After(before) && info.ModTime.Before(time.Now().Add(time.Minute)))
	f, err := s.Open(t.Context(), info.Key)
	require.NoError(t, err)
	require.Equal(t, info, f.Info)
	got, err := io.ReadAll(f)
	require.NoError(t, errors.Join(err, f.Close()))
	require.Equal(t, content, got)
}

func emptyObject(t *testing.T, s artifact.Store) {
	require.Zero(t, put(t, s, "empty", "").Size)
	require.Empty(t, get(t, s, "empty"))
}

func readsRanges(t *testing.T, s artifact.Store) {
	put(t, s, "a/b", "0123456789")
	f, err := s.Open(t.Context(), "a/b")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for _, c := range []struct {
		offset int64
		whence int
		want   string
	}{{7, io.SeekStart, "78"}, {-3, io.SeekEnd, "78"}, {0, io.SeekStart, "01"}, {1, io.SeekCurrent, "34"}} {
		_, err := f.Seek(c.offset, c.whence)
		require.NoError(t, err)
		b := make([]byte, 2)
		_, err = io.ReadFull(f, b)
		require.NoError(t, err)
		require.Equal(t, c.want, string(b))
	}
	end, err := f.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	require.EqualValues(t, 10, end)
}

func replacesWhole(t *testing.T, s artifact.Store) {
	put(t, s, "k", "a long first content")
	info, err := s.Put(t.Context(), "k", strings.NewReader("short"), "text/html")
	require.NoError(t, err)
	f, err := s.Open(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, info, f.Info)
	require.NoError(t, f.Close())
	require.Equal(t, "short", get(t, s, "k"))
}

// openFilesNeverMix: what was opened reads as it was, or says that it is gone.
func openFilesNeverMix(t *testing.T, s artifact.Store) {
	const half = 1 << 20
	put(t, s, "k", strings.Repeat("a", 2*half))
	f, err := s.Open(t.Context(), "k")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	first := make([]byte, half)
	_, err = io.ReadFull(f, first)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a", half), string(first))
	for _, change := range []func(){
		func() { put(t, s, "k", strings.Repeat("b", 2*half)) },
		func() { require.NoError(t, s.Delete(t.Context(), "k")) },
	} {
		change()
		for _, from := range []int64{half, 0, 2*half - 10} {
			_, err := f.Seek(from, io.SeekStart)
			require.NoError(t, err)
			b, err := io.ReadAll(f)
			if err != nil {
				require.ErrorIs(t, err, artifact.ErrReplaced)
				continue
			}
			require.Equal(t, strings.Repeat("a", 2*half-int(from)), string(b))
		}
	}
}

// invisibleUntilWhole looks at the object while half of it is written.
func invisibleUntilWhole(t *testing.T, s artifact.Store) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := s.Put(context.Background(), "k", r, "text/plain")
		done <- err
	}()
	_, err := w.Write([]byte("first half"))
	require.NoError(t, err)
	requireGone(t, s, "k")
	_, err = w.Write([]byte(", second half"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, <-done)
	require.Equal(t, "first half, second half", get(t, s, "k"))
}

func failedPutChangesNothing(t *testing.T, s artifact.Store) {
	broken := errors.New("the source broke")
	half := func() io.Reader { return io.MultiReader(strings.NewReader("half"), failingReader{broken}) }
	_, err := s.Put(t.Context(), "new", half(), "text/plain")
	require.ErrorIs(t, err, broken)
	requireGone(t, s, "new")
	put(t, s, "old", "whole")
	_, err = s.Put(t.Context(), "old", half(), "text/plain")
	require.ErrorIs(t, err, broken)
	require.Equal(t, "whole", get(t, s, "old"))
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func endedContext(t *testing.T, s artifact.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, "k", strings.NewReader("x"), "text/plain")
	require.ErrorIs(t, err, context.Canceled)
	requireGone(t, s, "k")
}

func notFound(t *testing.T, s artifact.Store) {
	requireGone(t, s, "never/was")
	put(t, s, "a/b/c", "x")
	requireGone(t, s, "a/b")
	require.NoError(t, s.Delete(t.Context(), "never/was"))
}

func deletesBelow(t *testing.T, s artifact.Store) {
	keys := []string{"jobs/1/1/a.txt", "jobs/1/2/a.txt", "jobs/1/stages/ff", "jobs/1"}
	for _, k := range keys {
		put(t, s, k, k)
	}
	require.NoError(t, s.Delete(t.Context(), "jobs/1"))
	for _, k := range keys {
		requireGone(t, s, k)
	}
	put(t, s, "jobs/1/3/a.txt", "again")
	require.Equal(t, "again", get(t, s, "jobs/1/3/a.txt"))
}

func deleteSparesSiblings(t *testing.T, s artifact.Store) {
	for _, k := range []string{"jobs/1/a", "jobs/10/a", "jobs/1.x", "jobs/1-x"} {
		put(t, s, k, k)
	}
	require.NoError(t, s.Delete(t.Context(), "jobs/1"))
	requireGone(t, s, "jobs/1/a")
	for _, k := range []string{"jobs/10/a", "jobs/1.x", "jobs/1-x"} {
		require.Equal(t, k, get(t, s, k))
	}
}

func keyAndFolder(t *testing.T, s artifact.Store) {
	put(t, s, "a", "object")
	put(t, s, "a/b", "below")
	require.Equal(t, "object", get(t, s, "a"))
	require.Equal(t, "below", get(t, s, "a/b"))
}

func refusesInvalid(t *testing.T, s artifact.Store) {
	for _, key := range []string{"", "/etc/passwd", "..", "a/../b", "../a", "a//b", "a/", ".tmp/x", "a\\b", "a\x00b", "a b", "~", strings.Repeat("k", 600)} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), "text/plain")
		require.ErrorIs(t, err, artifact.ErrInvalidKey, "put %q", key)
		_, err = s.Open(t.Context(), key)
		require.ErrorIs(t, err, artifact.ErrInvalidKey, "open %q", key)
		require.ErrorIs(t, s.Delete(t.Context(), key), artifact.ErrInvalidKey, "delete %q", key)
	}
}

// manyAtOnce replaces one object from many sides: a reader sees one of the
// contents, whole, with the description that belongs to it.
func manyAtOnce(t *testing.T, s artifact.Store) {
	put(t, s, "k", strings.Repeat("0", 1000))
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			for range 20 {
				content := strings.Repeat(string(rune('a'+i)), 1000+i)
				if _, err := s.Put(context.Background(), "k", strings.NewReader(content), "text/plain"); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := readWhole(s, "k"); err != nil {
						t.Errorf("read: %v", err)
						return
					}
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}

func readWhole(s artifact.Store, key string) error {
	f, err := s.Open(context.Background(), key)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:]) != f.Info.SHA256 {
		return errors.New("the content does not belong to its description")
	}
	return nil
}
