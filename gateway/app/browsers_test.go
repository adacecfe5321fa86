package app_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

const (
	site     = "https://learn.example.org"
	stranger = "https://evil.example"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	g := start(t, asOwner, func(o *app.Options) { o.CORSOrigins = []string{site} })
	ask := func(origin, method, headers string) answer {
		return g.call(http.MethodOptions, "/v1/jobs", nil, "Origin", origin, "Access-Control-Request-Method", method,
			"Access-Control-Request-Headers", headers)
	}
	a := ask(site, http.MethodPost, "authorization,content-type,idempotency-key")
	require.Equal(t, http.StatusNoContent, a.StatusCode)
	require.Equal(t, site, a.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "authorization,content-type,idempotency-key", a.Header.Get("Access-Control-Allow-Headers"))
	require.Equal(t, "600", a.Header.Get("Access-Control-Max-Age"))
	require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
	for name, refused := range map[string]answer{
		"origin": ask(stranger, http.MethodPost, ""), "method": ask(site, http.MethodPut, ""), "header": ask(site, http.MethodPost, "x-forwarded-for"),
	} {
		require.Empty(t, refused.Header.Get("Access-Control-Allow-Origin"), name)
	}

	from := func(origin string) answer {
		return g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`, "Owner", "ann",
			"Origin", origin, "Sec-Fetch-Site", "cross-site")
	}
	a = from(site)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, site, a.Header.Get("Access-Control-Allow-Origin"))
	for _, name := range []string{"Location", "ETag", "Retry-After", "X-Request-Id"} {
		require.Contains(t, strings.ToLower(a.Header.Get("Access-Control-Expose-Headers")), strings.ToLower(name))
	}
	require.Contains(t, a.Header.Values("Vary"), "Origin")
	require.Empty(t, from(stranger).Header.Get("Access-Control-Allow-Origin"))
	from(stranger).problem(t, http.StatusForbidden)
	unknown := g.get("/v1/jobs", "Origin", site)
	unknown.problem(t, http.StatusUnauthorized)
	require.Equal(t, site, unknown.Header.Get("Access-Control-Allow-Origin"), "a page may read what went wrong")

	none := start(t)
	a = none.call(http.MethodOptions, "/v1/jobs", nil, "Origin", site, "Access-Control-Request-Method", http.MethodGet)
	require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"), "by default nobody")
}

func TestMethods(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := string(g.submit())
	for path, want := range map[string]string{
		"/v1/jobs": "GET, HEAD, POST, OPTIONS", "/v1/jobs/" + id: "GET, HEAD, DELETE, OPTIONS",
		"/v1/uploads": "POST, OPTIONS", "/": "GET, HEAD, OPTIONS", "/openapi.json": "GET, HEAD, OPTIONS",
	} {
		a := g.call(http.MethodOptions, path, nil)
		require.Equal(t, http.StatusNoContent, a.StatusCode, path)
		require.Equal(t, want, a.Header.Get("Allow"), path)
		a = g.call(http.MethodPatch, path, nil)
		a.problem(t, http.StatusMethodNotAllowed)
		require.Equal(t, want, a.Header.Get("Allow"), path)
	}
	g.call(http.MethodOptions, "/nowhere", nil).problem(t, http.StatusNotFound)
	for _, path := range []string{"/", "/v1/jobs", "/v1/jobs/" + id, "/openapi.json", "/healthz"} {
		get, head := g.get(path), g.call(http.MethodHead, path, nil)
		require.Equal(t, get.StatusCode, head.StatusCode, path)
		require.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"), path)
		require.Equal(t, get.Header.Get("ETag"), head.Header.Get("ETag"), path)
		require.Empty(t, head.body, path)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	media := strings.Repeat("media ", 1_000)
	info, err := g.artifacts.Put(t.Context(), artifact.JobKey(id, 1, "transcript.md"), strings.NewReader(media), "text/markdown")
	require.NoError(t, err)
	g.status.Update(id, func(j *job.Job) {
		j.State = job.Succeeded
		j.Artifacts = []job.Artifact{{Name: "transcript.md", MediaType: "text/markdown", Size: info.Size, SHA256: info.SHA256, Key: info.Key}}
	})
	for range 20 {
		g.submit()
	}
	for _, path := range []string{"/v1/jobs", "/docs", "/docs.css", "/openapi.json"} {
		plain := g.get(path, "Accept-Encoding", "identity")
		require.Empty(t, plain.Header.Get("Content-Encoding"), path)
		a := g.get(path, "Accept-Encoding", "gzip")
		require.Equal(t, "gzip", a.Header.Get("Content-Encoding"), path)
		require.Contains(t, a.Header.Values("Vary"), "Accept-Encoding", path)
		require.Equal(t, plain.Header.Get("ETag"), a.Header.Get("ETag"), path)
		require.Less(t, len(a.body), len(plain.body)*2/3, path)
		unpacked, err := gzip.NewReader(strings.NewReader(string(a.body)))
		require.NoError(t, err)
		text, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.Equal(t, string(plain.body), string(text), path)
		if tag := a.Header.Get("ETag"); tag != "" {
			require.Equal(t, http.StatusNotModified, g.get(path, "Accept-Encoding", "gzip", "If-None-Match", tag).StatusCode, path)
		}
	}
	file := "/v1/jobs/" + string(id) + "/artifacts/transcript.md"
	for path, headers := range map[string][]string{
		file: nil, file + "?download=true": {"Range", "bytes=0-2999"}, "/docs.css": {"Range", "bytes=0-1999"}, "/v1/jobs/" + string(id) + "/events": nil,
		"/healthz": nil,
	} {
		a := g.get(path, append(headers, "Accept-Encoding", "gzip")...)
		require.Less(t, a.StatusCode, 300, path)
		require.Empty(t, a.Header.Get("Content-Encoding"), path)
	}
	require.Equal(t, media, string(g.get(file, "Accept-Encoding", "gzip").body))
}
