package s3store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
)

func TestWhatIsKeptBesideAnObject(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL("pre/fix"), keys)
	sum := sha256.Sum256([]byte("x"))
	for key, tag := range map[string]string{artifact.JobKey("j1", 1, "video.mp4"): "", artifact.StageKey("j1", "k"): "studycast=stage"} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), "video/mp4")
		require.NoError(t, err)
		h, err := server.Header("pre/fix/" + key)
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(sum[:]), h.Get("X-Amz-Meta-Sha256"))
		require.Equal(t, "video/mp4", h.Get("Content-Type"))
		require.Equal(t, tag, h.Get("X-Amz-Tagging"))
	}
	untagged := open(t, server.URL("")+"&tags=false", keys)
	_, err := untagged.Put(t.Context(), artifact.StageKey("j2", "k"), strings.NewReader("x"), "text/plain")
	require.NoError(t, err)
	h, err := server.Header(artifact.StageKey("j2", "k"))
	require.NoError(t, err)
	require.Empty(t, h.Get("X-Amz-Tagging"))
}

// TestPutStartsWhereTheReaderStands: a file that was read from goes on there,
// and is not closed.
func TestPutStartsWhereTheReaderStands(t *testing.T) {
	t.Parallel()
	s := open(t, serve(t).URL(""), keys)
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, []byte("0123456789"), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	_, err = f.Seek(4, io.SeekStart)
	require.NoError(t, err)
	info, err := s.Put(t.Context(), "k", f, "text/plain")
	require.NoError(t, errors.Join(err, f.Close()))
	require.EqualValues(t, 6, info.Size)
	got, err := s.Open(t.Context(), "k")
	require.NoError(t, err)
	b, err := io.ReadAll(got)
	require.NoError(t, errors.Join(err, got.Close()))
	require.Equal(t, "456789", string(b))
}

// TestLargeStreamLeavesNoFile: not even while it is put.
func TestLargeStreamLeavesNoFile(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	server := serve(t)
	s := open(t, server.URL(""), keys)
	server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		files, err := os.ReadDir(temp)
		if err != nil || len(files) > 0 {
			t.Errorf("%v %v", files, err)
		}
		next(w, r)
	})
	info, err := s.Put(t.Context(), "k", io.LimitReader(zeros{}, 3<<20), "text/plain")
	require.NoError(t, err)
	require.EqualValues(t, 3<<20, info.Size)
	require.Equal(t, 1, server.Requests(http.MethodPut))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestSizeAndStartCostOneRequest: what looks for the size by seeking, as
// http.ServeContent does, and reads from the start asks the server once.
func TestSizeAndStartCostOneRequest(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL(""), keys)
	put(t, s, "0123456789")
	f, err := s.Open(t.Context(), "a/b.txt")
	require.NoError(t, err)
	_, err = f.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	_, err = f.Seek(0, io.SeekStart)
	require.NoError(t, err)
	_, err = io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, 1, server.Requests(http.MethodGet))
	_, err = f.Seek(-1, io.SeekStart)
	require.Error(t, err)
	_, err = f.Seek(0, 9)
	require.Error(t, err)
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.Close(), os.ErrClosed)
	_, err = f.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
}

// TestReplacedWhileRead: a bucket with versions gives what was there, one
// without says that it is gone.
func TestReplacedWhileRead(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]bool{"with versions": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t)
			if versions {
				require.NoError(t, server.Versioned())
			}
			s := open(t, server.URL(""), keys)
			put(t, s, "before, long")
			f, err := s.Open(t.Context(), "a/b.txt")
			require.NoError(t, err)
			defer func() { require.NoError(t, f.Close()) }()
			for range 2 {
				_, err = f.Seek(3, io.SeekStart)
				require.NoError(t, err)
				put(t, s, "after, as long")
				b, err := io.ReadAll(f)
				if !versions {
					require.ErrorIs(t, err, artifact.ErrReplaced)
					require.NotErrorIs(t, err, artifact.ErrUnavailable)
					require.Empty(t, b)
				} else {
					require.NoError(t, err)
					require.Equal(t, "ore, long", string(b))
				}
				require.NoError(t, s.Delete(t.Context(), "a"))
			}
		})
	}
}

// TestOneBucketManyStores: what lies beside a prefix is out of reach.
func TestOneBucketManyStores(t *testing.T) {
	t.Parallel()
	server := serve(t)
	a, b := open(t, server.URL("a"), keys), open(t, server.URL("a-b"), keys)
	put(t, a, "of a")
	put(t, b, "of b")
	require.NoError(t, a.Delete(t.Context(), "a"))
	names, err := server.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"a-b/a/b.txt"}, names)
}

// TestDeletesMoreThanAListHolds: a list of S3 ends at a thousand.
func TestDeletesMoreThanAListHolds(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL(""), keys)
	for i := range 1003 {
		require.NoError(t, server.Fill("many/"+strings.Repeat("x", 1+i%100)+"/"+hex.EncodeToString([]byte{byte(i / 256), byte(i)})))
	}
	require.NoError(t, s.Delete(t.Context(), "many"))
	names, err := server.Names()
	require.NoError(t, err)
	require.Empty(t, names)
	require.Equal(t, 2, server.Requests(http.MethodPost))
}

// TestForeignObject: what somebody else put has no sum, and can be read.
func TestForeignObject(t *testing.T) {
	t.Parallel()
	server := serve(t)
	require.NoError(t, server.Fill("a/b.txt"))
	f, err := open(t, server.URL(""), keys).Open(t.Context(), "a/b.txt")
	require.NoError(t, err)
	require.Empty(t, f.Info.SHA256)
	require.False(t, f.Info.ModTime.IsZero())
	require.NoError(t, f.Close())
}
