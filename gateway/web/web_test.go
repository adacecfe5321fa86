package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
)

func get(t *testing.T, r http.Handler, path string, accept ...string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	req.Header["Accept"] = accept
	r.ServeHTTP(w, req)
	return w.Result()
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	require.NoError(t, mount(r, http.NotFound, policy("https://bucket.example.org"), fstest.MapFS{
		"index.html": {Data: []byte("<title>Studycast</title>")}, "assets/index-x.js": {Data: []byte("1")},
		"icon.svg": {Data: []byte("<svg/>")}, ".gitkeep": {},
	}))
	for _, path := range []string{"/", "/lessons/0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30", "/operate", "/operate/dead-letters/x"} {
		resp := get(t, r, path)
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
		require.Equal(t, "no-cache", resp.Header.Get("Cache-Control"))
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "script-src 'self';")
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "media-src 'self' https://bucket.example.org;")
	}
	require.Contains(t, get(t, r, "/assets/index-x.js").Header.Get("Cache-Control"), "immutable")
	require.Equal(t, "no-cache", get(t, r, "/icon.svg").Header.Get("Cache-Control"))
	for _, path := range []string{"/.gitkeep", "/index.html", "/lessons/a/b", "/other"} {
		require.Equal(t, http.StatusNotFound, get(t, r, path).StatusCode, path)
	}
}

// TestNoPage: whoever looks at an address that is none sees a page; programs and
// whoever uses the API get their own answer.
func TestNoPage(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	require.NoError(t, mount(r, http.NotFound, policy(), fstest.MapFS{"index.html": {Data: []byte("<title>Studycast</title>")}}))
	const browser = "text/html,application/xhtml+xml,*/*;q=0.8"
	resp := get(t, r, "/other", browser)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "script-src 'self';")
	require.Equal(t, "text/plain; charset=utf-8", get(t, r, "/other", "*/*").Header.Get("Content-Type"))
	require.Equal(t, "text/plain; charset=utf-8", get(t, r, "/v1/other", browser).Header.Get("Content-Type"))
}

func TestBuildWithoutPages(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	require.NoError(t, mount(r, http.NotFound, policy("https://bucket.example.org"), fstest.MapFS{"docs.css": {Data: []byte("a{}")}}, fstest.MapFS{".gitkeep": {}}))
	require.Equal(t, http.StatusNotFound, get(t, r, "/").StatusCode)
	require.Equal(t, http.StatusOK, get(t, r, "/docs.css").StatusCode)
}
