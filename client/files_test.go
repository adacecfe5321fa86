package client_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/studycast/studycast/client"
)

// A file that can be read again is sent again, from where the caller stood, and
// stays open.
func TestUploadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.md")
	ok(t, os.WriteFile(path, []byte("skip# Tides"), 0o600))
	f, err := os.Open(path)
	ok(t, err)
	_, err = f.Seek(4, io.SeekStart)
	ok(t, err)
	synctest.Test(t, func(t *testing.T) {
		c, s := played(t, with(503, ""), lost, with(201, `{"id":"u"}`))
		id, err := c.Upload(t.Context(), "my notes.md", "text/markdown", f)
		ok(t, err)
		equal(t, "u", id)
		equal(t, []string{"# Tides", "# Tides", "# Tides"}, s.bodies)
		equal(t, int64(7), s.calls[2].ContentLength)
		equal(t, "/v1/uploads?name=my+notes.md", s.calls[2].URL.String()[len("http://studycast.test"):])
		equal(t, "text/markdown", s.calls[2].Header.Get("Content-Type"))
	})
	ok(t, f.Close())
}

func TestUploadOnce(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(201, `{"id":"u"}`))
	_, err := c.Upload(t.Context(), "a.md", "", io.MultiReader(strings.NewReader("# Tides")))
	ok(t, err)
	equal(t, int64(-1), s.calls[0].ContentLength)
	equal(t, "# Tides", s.bodies[0])
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for part, want := range map[[2]int64]string{{0, 1}: "bytes=0-0", {5, 10}: "bytes=5-14", {7, -1}: "bytes=7-"} {
		c, s := played(t, with(206, "x"))
		f, err := c.ArtifactRange(t.Context(), "j", "a b.mp4", part[0], part[1])
		ok(t, err)
		ok(t, f.Close())
		equal(t, want, s.calls[0].Header.Get("Range"))
		equal(t, "/v1/jobs/j/artifacts/a%20b.mp4", s.calls[0].URL.EscapedPath())
	}
	c, _ := played(t, with(200, "the whole"))
	if _, err := c.ArtifactRange(t.Context(), "j", "a", 1, 2); err == nil {
		t.Fatal("the whole is no part")
	}
	for _, part := range [][2]int64{{0, 0}, {-1, 3}} {
		if _, err := client.New("http://127.0.0.1:1").ArtifactRange(t.Context(), "j", "a", part[0], part[1]); err == nil {
			t.Fatal("that is no part")
		}
	}
}
