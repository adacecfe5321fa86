package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// TestBadPages: what a page may do to a worker, by way of the whole product.
func TestBadPages(t *testing.T) {
	t.Parallel()
	s, web := started(t, append([]string{"--audio-slots", "4"}, quick...)...), newSite(t)
	noise := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	web.page("/garbage", string(noise))
	web.page("/empty", "")
	web.page("/blank", "<html><head><title>Nothing</title></head><body></body></html>")
	web.page("/digits", "<html><body><article><p>"+strings.Repeat("31415926535897932384", 250)+"</p></article></body></html>")
	web.mux.Handle("/private", http.RedirectHandler("http://192.168.0.1/", http.StatusFound))
	web.mux.Handle("/metadata", http.RedirectHandler("http://[::ffff:169.254.169.254]/latest", http.StatusMovedPermanently))
	web.mux.Handle("/circle", http.RedirectHandler("/circle", http.StatusFound))
	web.mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, endless{}, 100<<20)
	})
	bomb := gzipped(t, 200<<20)
	web.mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(bomb)
	})
	ids := map[string]string{}
	says := map[string]string{
		"/garbage": "", "/empty": "empty", "/blank": "", "/digits": "", "/private": "redirects to an address",
		"/metadata": "redirects to an address", "/circle": "redirects more than", "/large": "larger than 10 MiB", "/gzip": "50 MiB",
	}
	for path := range says {
		ids[path] = s.submitURL(t, "audio", web.URL+path)
	}
	for path, id := range ids {
		j := s.failed(t, id, "request")
		t.Logf("%s: %s", path, j.Fault.Text)
		require.Contains(t, j.Fault.Text, says[path], path)
		require.Regexp(t, `(?i)(paste|upload|check|choose|open)`, j.Fault.Text, "%s: the text says what to do", path)
		require.Equal(t, 1, j.Attempt, path)
	}
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
}

// TestOddPages have something wrong that a lesson can do without.
func TestOddPages(t *testing.T) {
	t.Parallel()
	s, web := started(t), newSite(t)
	web.mux.HandleFunc("/bomb.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(pngHeader(60_000, 60_000))
	})
	web.page("/picture", strings.Replace(article, "<h2>Erosion</h2>",
		`<h2>Erosion</h2><figure><img src="/bomb.png" width="640" height="480" alt="A valley"><figcaption>A valley</figcaption></figure>`, 1))
	web.mux.HandleFunc("/charset", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8") // it is Windows-1252
		_, _ = io.WriteString(w, strings.ReplaceAll(article, "fertile and easy", "fertile \x96 and caf\xe9 owners like it \x96 and easy"))
	})
	picture, charset := s.submitURL(t, "video", web.URL+"/picture"), s.submitURL(t, "audio", web.URL+"/charset")
	j := s.succeeded(t, picture)
	require.Equal(t, 1, web.visited("/bomb.png"), "the picture was looked at")
	require.NotEmpty(t, j.Notes, "the student is told of the picture that is left out")
	s.succeeded(t, charset)
	s.stop(t)
}

// TestPrivateAddresses: every spelling is refused at the submit.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newServer(t, quick...)
	s.env = []string{"ALLOW_LOOPBACK=false"}
	s.start(t)
	for _, url := range []string{
		"http://localhost/", "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://[::1]/",
		"http://ip6.localhost/", "http://printer.local/",
		"http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://3232235777/", "http://0xC0A80101/",
		"http://[::ffff:10.0.0.1]/", "http://[fd00::1]/", "http://[fe80::1]/", "http://169.254.169.254/latest/meta-data/",
		"http://100.64.0.1/", "http://0.0.0.0/", "http://[64:ff9b::a00:1]/", "file:///etc/passwd", "ftp://example.org/a",
		"http://example.org:22/", "not an address",
	} {
		_, err := s.client(t).Submit(t.Context(), client.Request{Kind: "audio", Source: client.Source{URL: url}})
		var p *client.Problem
		require.ErrorAs(t, err, &p, url)
		require.Equal(t, http.StatusUnprocessableEntity, p.Status, "%s: %v", url, err)
		require.Contains(t, err.Error(), "source.url", url)
	}
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "All work and no play. "), nil }

func gzipped(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.CopyN(w, zeros{}, n)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// pngHeader is the start of a picture that claims a size.
func pngHeader(width, height uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	data := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	data = append(data, chunk...)
	data = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
	return append(data, 0, 0, 0x10, 0, 'I', 'D', 'A', 'T')
}
