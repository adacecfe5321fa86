package app_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// finish ends a job with one file.
func (g *gateway) finish(id job.ID, title, name, mediaType, content string) {
	g.t.Helper()
	info, err := g.artifacts.Put(g.t.Context(), artifact.JobKey(id, 1, name), strings.NewReader(content), mediaType)
	require.NoError(g.t, err)
	g.status.Update(id, func(j *job.Job) {
		j.State, j.Title = job.Succeeded, title
		j.Artifacts = append(j.Artifacts, job.Artifact{Name: name, MediaType: mediaType, Size: info.Size, SHA256: info.SHA256, Key: info.Key})
	})
}

func TestArtifact(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	g.finish(id, `Tides: "why" they rise / fall…`, "video.mp4", "video/mp4", "0123456789")
	g.finish(id, `Tides: "why" they rise / fall…`, "transcript.md", "text/markdown", "# Tides")
	v := g.get("/v1/jobs/" + string(id)).json()
	url := v["artifacts"].([]any)[0].(map[string]any)["url"].(string)

	a := g.get(url)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, "0123456789", string(a.body))
	require.Equal(t, "video/mp4", a.Header.Get("Content-Type"))
	require.Equal(t, "bytes", a.Header.Get("Accept-Ranges"))
	require.Contains(t, a.Header.Get("Cache-Control"), "immutable")
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "sandbox")
	require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	tag := a.Header.Get("ETag")
	require.Len(t, tag, 66)

	a = g.get(url, "Range", "bytes=2-4")
	require.Equal(t, http.StatusPartialContent, a.StatusCode)
	require.Equal(t, "234", string(a.body))
	require.Equal(t, "bytes 2-4/10", a.Header.Get("Content-Range"))
	require.Equal(t, "789", string(g.get(url, "Range", "bytes=-3").body))
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, g.get(url, "Range", "bytes=50-").StatusCode)
	require.Equal(t, http.StatusOK, g.get(url, "Range", "bytes=2-4", "If-Range", `"other"`).StatusCode)
	require.Equal(t, http.StatusNotModified, g.get(url, "If-None-Match", tag).StatusCode)
	head := g.call(http.MethodHead, url, nil)
	require.Equal(t, int64(10), head.ContentLength)
	require.Empty(t, head.body)

	require.Equal(t, `inline; filename*=utf-8''Tides%20why%20they%20rise%20fall%E2%80%A6.mp4`, a.Header.Get("Content-Disposition"))
	saved := g.get(strings.Replace(url, "video.mp4", "transcript.md", 1) + "?download=1")
	require.Equal(t, `attachment; filename*=utf-8''Tides%20why%20they%20rise%20fall%E2%80%A6%20-%20transcript.md`, saved.Header.Get("Content-Disposition"))
	require.Equal(t, "text/markdown; charset=utf-8", saved.Header.Get("Content-Type"))
	g.get(strings.Replace(url, "video.mp4", "secret.txt", 1)).problem(t, http.StatusNotFound)
}

func TestArtifactGoneFromTheStore(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	g.finish(id, "Tides", "video.mp4", "video/mp4", "x")
	require.NoError(t, g.artifacts.Delete(t.Context(), artifact.JobPrefix(id)))
	g.get("/v1/jobs/"+string(id)+"/artifacts/video.mp4").problem(t, http.StatusNotFound)
}

func form(t *testing.T, name, contentType, content string) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("comment", "hello"))
	if name != "" {
		part, err := w.CreatePart(map[string][]string{
			"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {contentType},
		})
		require.NoError(t, err)
		_, err = io.WriteString(part, content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return &b, w.FormDataContentType()
}

func TestUploadThenJob(t *testing.T) {
	t.Parallel()
	g := start(t, asOwner)
	const page = "<!doctype html><title>Tides</title><p>The moon pulls the sea."
	a := g.call(http.MethodPost, "/v1/uploads", strings.NewReader(page), "Content-Type", "text/html; charset=iso-8859-1", "Owner", "ann")
	require.Equal(t, http.StatusCreated, a.StatusCode, string(a.body))
	v := a.json()
	require.Equal(t, "text/html; charset=iso-8859-1", v["media_type"])
	require.InDelta(t, len(page), v["size"], 0)
	f, err := g.artifacts.Open(t.Context(), artifact.UploadKey("ann", v["id"].(string)))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	stored, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, page, string(stored))

	body := `{"kind":"audio","source":{"upload":"` + v["id"].(string) + `"}}`
	require.Equal(t, http.StatusAccepted, g.post("/v1/jobs", body, "Owner", "ann").StatusCode)
	g.post("/v1/jobs", body, "Owner", "bob").problem(t, http.StatusUnprocessableEntity)
}

func TestUploadTypes(t *testing.T) {
	t.Parallel()
	g := start(t)
	for _, c := range []struct{ name, declared, content, want string }{
		{"a.pdf", "application/pdf", "%PDF-1.7\n...", "application/pdf"},
		{"a.bin", "application/octet-stream", "junk before %PDF-1.4", "application/pdf"},
		{"a.md", "application/octet-stream", "# Tides\n\nWater.", "text/markdown"},
		{"a", "text/markdown", "# Tides", "text/markdown"},
		{"a.txt", "text/plain", "Water.", "text/plain"},
		{"a.htm", "", "Water <b>rises</b>.", "text/html"},
		{"a.txt", "text/plain", "<html><body>Water", "text/html"},
		{"a.xhtml", "application/xhtml+xml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">`, "text/html"},
		{"a.png", "image/png", "\x89PNG\r\n\x1a\n", ""},
		{"a.txt", "text/plain", "\x89PNG\r\n\x1a\n", ""},
		{"a.zip", "application/zip", "PK\x03\x04", ""},
		{"a.txt", "application/octet-stream", "PK\x03\x04rest", ""},
		{"a.txt", "video/mp4", "plain", ""},
		{"a.txt", "text/plain", "\x00\x01\x02\x03", ""},
	} {
		t.Run(c.name+" "+c.declared, func(t *testing.T) {
			body, contentType := form(t, c.name, c.declared, c.content)
			byForm := g.call(http.MethodPost, "/v1/uploads", body, "Content-Type", contentType)
			raw := g.call(http.MethodPost, "/v1/uploads?name="+c.name, strings.NewReader(c.content), "Content-Type", c.declared)
			for _, a := range []answer{byForm, raw} {
				if c.want == "" {
					require.Contains(t, a.problem(t, http.StatusUnsupportedMediaType)["detail"], "PDF")
					continue
				}
				require.Equal(t, http.StatusCreated, a.StatusCode, string(a.body))
				require.Equal(t, c.want, a.json()["media_type"])
			}
		})
	}
}

func TestBadUploads(t *testing.T) {
	t.Parallel()
	g := start(t)
	upload := func(body io.Reader, contentType string) answer {
		return g.call(http.MethodPost, "/v1/uploads", body, "Content-Type", contentType)
	}
	upload(strings.NewReader(""), "text/plain").problem(t, http.StatusUnprocessableEntity)
	upload(strings.NewReader(" \n "), "text/plain").problem(t, http.StatusUnprocessableEntity)
	body, contentType := form(t, "", "", "")
	upload(body, contentType).problem(t, http.StatusUnprocessableEntity)
	upload(strings.NewReader("x"), "multipart/form-data").problem(t, http.StatusBadRequest)
	upload(strings.NewReader("no boundary here"), "multipart/form-data; boundary=zz").problem(t, http.StatusUnprocessableEntity)

	exact := strings.Repeat("a", 10<<20)
	require.Equal(t, http.StatusCreated, upload(strings.NewReader(exact), "text/plain").StatusCode)
	upload(strings.NewReader(exact+"a"), "text/plain").problem(t, http.StatusRequestEntityTooLarge)
	// Without a length the bytes are counted as they come.
	upload(io.MultiReader(strings.NewReader(exact), strings.NewReader("a")), "text/plain").problem(t, http.StatusRequestEntityTooLarge)
	body, contentType = form(t, "a.txt", "text/plain", exact+"a")
	upload(body, contentType).problem(t, http.StatusRequestEntityTooLarge)
}

// A body of 100 MiB is refused before it is read.
func TestHugeUpload(t *testing.T) {
	t.Parallel()
	g := start(t)
	body := io.LimitReader(letters{}, 100<<20)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.base+"/v1/uploads", body)
	require.NoError(t, err)
	req.ContentLength = 100 << 20
	req.Header.Set("Expect", "100-continue")
	res, err := g.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
