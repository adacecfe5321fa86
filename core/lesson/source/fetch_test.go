package source_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source"
)

// local returns a reader for servers on loopback.
func local(limits source.Limits) *source.Reader {
	return source.NewReader(source.Options{Limits: limits, Addresses: source.Addresses{AllowLoopback: true}})
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func requireFault(t *testing.T, err error, kind fault.Kind, text string) *fault.Error {
	t.Helper()
	require.Error(t, err)
	f := fault.From(err)
	require.Equal(t, kind, f.Kind, "%v", err)
	require.Contains(t, f.Text, text)
	return f
}

func TestFetchKeepsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new?x=1#part", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=ISO-8859-1")
		_, _ = io.WriteString(w, "<p>hello")
	})
	var done atomic.Value
	raw, err := local(source.Limits{}).Fetch(t.Context(), url+"/old", func(f float64) { done.Store(f) })
	require.NoError(t, err)
	require.Equal(t, "<p>hello", string(raw.Data))
	require.Equal(t, "text/html", raw.MediaType)
	require.Equal(t, "ISO-8859-1", raw.Charset)
	require.Equal(t, url+"/new?x=1", raw.URL)
	require.Positive(t, raw.Took)
	require.InDelta(t, 1.0, done.Load(), 0)
}

func TestFetchStatuses(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]struct {
		kind fault.Kind
		text string
	}{
		204: {fault.Request, "empty"}, 400: {fault.Request, "does not give out"}, 401: {fault.Request, "upload"},
		403: {fault.Request, "log in"}, 404: {fault.Request, "no page"}, 408: {fault.Source, "trouble"}, 410: {fault.Request, "no page"},
		429: {fault.Source, "busy"}, 451: {fault.Request, "does not give out"}, 500: {fault.Source, "trouble"}, 503: {fault.Source, "busy"},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
		})
		_, err := local(source.Limits{}).Fetch(t.Context(), url, lesson.NoProgress)
		f := requireFault(t, err, want.kind, want.text)
		if code == 429 || code == 503 {
			require.Equal(t, 7*time.Second, f.Delay)
		} else {
			require.Zero(t, f.Delay)
		}
	}
}

func TestFetchRefusesTypesWithoutReadingThem(t *testing.T) {
	t.Parallel()
	for mediaType, text := range map[string]string{
		"image/png": "picture", "video/mp4": "video", "audio/mpeg": "recording", "application/zip": "archive", "application/json": "data",
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write([]byte("x"))
		})
		_, err := local(source.Limits{}).Fetch(t.Context(), url, lesson.NoProgress)
		_ = requireFault(t, err, fault.Request, text)
	}
}

func TestFetchLimits(t *testing.T) {
	t.Parallel()
	zeros := func(w io.Writer, n int) {
		block := make([]byte, 1<<20)
		for range n {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		text  string
	}{
		"100 MiB announced": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "104857600")
			zeros(w, 100)
		}, "larger than 10 MiB"},
		"100 MiB unannounced": {func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			zeros(w, 100)
		}, "larger than 10 MiB"},
		"gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			zeros(z, 500)
			_ = z.Close()
		}, "unpacks to more than 50 MiB"},
		"broken gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "this is not gzip")
		}, "cannot be opened"},
		"unknown packing": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "x")
		}, "cannot be opened"},
		"endless redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, "redirects more than 5 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := local(source.Limits{}).Fetch(t.Context(), serve(t, c.serve), lesson.NoProgress)
			_ = requireFault(t, err, fault.Request, c.text)
		})
	}
}

func TestFetchFollowsFiveRedirects(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path) <= len("/xxxxx") {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "here")
	})
	raw, err := local(source.Limits{}).Fetch(t.Context(), url+"/x", lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "here", string(raw.Data))
}

func TestFetchUnpacks(t *testing.T) {
	t.Parallel()
	const text = "the same text in every packing"
	pack := func(w io.WriteCloser) { _, _ = io.WriteString(w, text); _ = w.Close() }
	var gz, zl, fl bytes.Buffer
	pack(gzip.NewWriter(&gz))
	pack(zlib.NewWriter(&zl))
	bare, err := flate.NewWriter(&fl, flate.BestSpeed)
	require.NoError(t, err)
	pack(bare)
	for _, c := range []struct {
		encoding string
		body     []byte
		want     string
	}{
		{"gzip", gz.Bytes(), text}, {"deflate", zl.Bytes(), text}, {"deflate", fl.Bytes(), text}, {"identity", []byte(text), text}, {"gzip", nil, ""},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", c.encoding)
			_, _ = w.Write(c.body)
		})
		raw, err := local(source.Limits{}).Fetch(t.Context(), url, lesson.NoProgress)
		require.NoError(t, err, c.encoding)
		require.Equal(t, c.want, string(raw.Data), c.encoding)
	}
}

func TestFetchGivesUpOnSlowSites(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		drip := time.NewTicker(5 * time.Millisecond)
		defer drip.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-drip.C:
				_, _ = io.WriteString(w, ".")
				w.(http.Flusher).Flush()
			}
		}
	})
	_, err := local(source.Limits{Timeout: 200 * time.Millisecond}).Fetch(t.Context(), url, lesson.NoProgress)
	_ = requireFault(t, err, fault.Source, "did not send the page")

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = local(source.Limits{}).Fetch(ctx, url, lesson.NoProgress)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFetchUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	_, err = local(source.Limits{}).Fetch(t.Context(), closed, lesson.NoProgress)
	_ = requireFault(t, err, fault.Source, "could not be reached")

	reset := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	_, err = local(source.Limits{}).Fetch(t.Context(), reset, lesson.NoProgress)
	_ = requireFault(t, err, fault.Source, "broke off")

	short := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "only this")
	})
	_, err = local(source.Limits{}).Fetch(t.Context(), short, lesson.NoProgress)
	_ = requireFault(t, err, fault.Source, "broke off")

	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	_, err = local(source.Limits{}).Fetch(t.Context(), secure.URL, lesson.NoProgress)
	_ = requireFault(t, err, fault.Source, "certificate")
}

func TestFetchIgnoresTheProxyOfTheEnvironment(t *testing.T) {
	var hits atomic.Int32
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	_, err := source.NewReader(source.Options{Limits: source.Limits{Timeout: 300 * time.Millisecond}}).
		Fetch(t.Context(), "http://192.0.2.1/", lesson.NoProgress)
	_ = requireFault(t, err, fault.Request, "public internet")
	require.Zero(t, hits.Load())
}

func TestLoopbackIsLoud(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	source.NewReader(source.Options{Logger: logger})
	require.Empty(t, log.String())
	source.NewReader(source.Options{Logger: logger, Addresses: source.Addresses{AllowLoopback: true}})
	require.Contains(t, log.String(), "level=WARN")
	require.True(t, strings.Contains(log.String(), "DEVELOPMENT ONLY"))
}
