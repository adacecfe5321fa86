package app_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sandbox/s3"
	"github.com/studycast/studycast/gateway/app"
)

// onBucket keeps the files of a gateway in a bucket.
func onBucket(t *testing.T) (*s3.Server, func(*app.Options)) {
	t.Helper()
	server, err := s3.Start()
	require.NoError(t, err)
	store, err := backend.OpenArtifacts(server.URL(""), backend.ArtifactOptions{KeyID: s3.KeyID, SecretKey: s3.SecretKey})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, store.(io.Closer).Close())
		require.NoError(t, server.Down())
	})
	return server, func(o *app.Options) { o.Artifacts = store }
}

func redirecting(o *app.Options) { o.RedirectFiles = true }

// straight makes the client of a gateway follow no redirect.
func (g *gateway) straight() *gateway {
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return g
}

func (g *gateway) finishOn(store artifact.Store, id job.ID, name, mediaType, content string) {
	g.artifacts = store
	g.finish(id, "Tides & moon", name, mediaType, content)
}

// TestRedirectedFiles: what weighs comes from the bucket, as the gateway would
// have given it.
func TestRedirectedFiles(t *testing.T) {
	t.Parallel()
	server, bucket := onBucket(t)
	var store artifact.Store
	g := start(t, bucket, redirecting, asOwner, func(o *app.Options) { store = o.Artifacts })
	id := g.submitAs("ann")
	g.finishOn(store, id, "video.mp4", "video/mp4", "0123456789")
	g.finishOn(store, id, "captions.vtt", "text/vtt", "WEBVTT")
	at := "/v1/jobs/" + string(id) + "/artifacts/"
	mine := []string{"Owner", "ann"}

	whole := g.get(at+"video.mp4", mine...)
	require.Equal(t, http.StatusOK, whole.StatusCode, string(whole.body))
	require.Equal(t, "0123456789", string(whole.body))
	require.Equal(t, strings.TrimPrefix(server.Endpoint(), "http://"), whole.Request.URL.Host)
	require.Equal(t, "video/mp4", whole.Header.Get("Content-Type"))
	require.Equal(t, `inline; filename="Tides & moon.mp4"`, whole.Header.Get("Content-Disposition"))
	part := g.get(at+"video.mp4", append(mine, "Range", "bytes=2-4")...)
	require.Equal(t, http.StatusPartialContent, part.StatusCode)
	require.Equal(t, "234", string(part.body))
	head := g.call(http.MethodHead, at+"video.mp4", nil, mine...)
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.EqualValues(t, 10, head.ContentLength)
	saved := g.get(at+"captions.vtt?download=1", mine...)
	require.Equal(t, "WEBVTT", string(saved.body))
	require.Equal(t, `attachment; filename="Tides & moon - captions.vtt"`, saved.Header.Get("Content-Disposition"))
	require.Equal(t, "text/vtt; charset=utf-8", saved.Header.Get("Content-Type"))

	shown := g.get(at+"captions.vtt", mine...)
	require.Equal(t, "WEBVTT", string(shown.body))
	require.Equal(t, strings.TrimPrefix(g.base, "http://"), shown.Request.URL.Host, "a page may read captions from its own host only")

	g.straight()
	to := g.get(at+"video.mp4", mine...)
	require.Equal(t, http.StatusTemporaryRedirect, to.StatusCode)
	require.Equal(t, "no-store", to.Header.Get("Cache-Control"))
	require.Contains(t, to.Header.Get("Location"), "X-Amz-Expires=900")
	require.NotContains(t, g.logs.String(), "X-Amz-Signature")
	same := g.get(at+"video.mp4", append(mine, "If-None-Match", `"other", W/`+to.Header.Get("ETag"))...)
	require.Equal(t, http.StatusNotModified, same.StatusCode)
	require.Equal(t, to.Header.Get("ETag"), same.Header.Get("ETag"))

	links := g.get("/v1/jobs/"+string(id)+"/links", mine...).json()["links"].([]any)
	address := links[0].(map[string]any)["url"].(string)
	require.Equal(t, http.StatusTemporaryRedirect, g.get(address).StatusCode, "a link of the gateway stands for who made it")
	require.Contains(t, g.get("/", mine...).Header.Get("Content-Security-Policy"), "media-src 'self' "+server.Endpoint()+";")
}

// TestStrangersGetNoLink: whose file it is was asked before anything is signed.
func TestStrangersGetNoLink(t *testing.T) {
	t.Parallel()
	_, bucket := onBucket(t)
	var store artifact.Store
	g := start(t, bucket, redirecting, asOwner, func(o *app.Options) { store = o.Artifacts }).straight()
	id := g.submitAs("ann")
	g.finishOn(store, id, "video.mp4", "video/mp4", "0123456789")
	at := "/v1/jobs/" + string(id) + "/artifacts/"
	for _, a := range []answer{g.get(at+"video.mp4", "Owner", "bob"), g.get(at+"secret.mp4", "Owner", "ann")} {
		require.Empty(t, a.Header.Get("Location"))
		a.problem(t, http.StatusNotFound)
	}
	require.Equal(t, http.StatusTemporaryRedirect, g.get(at+"video.mp4", "Owner", "ann").StatusCode)
}

// TestStreamedFromABucket: as from a folder, and when the bucket is away the
// gateway says so.
func TestStreamedFromABucket(t *testing.T) {
	t.Parallel()
	server, bucket := onBucket(t)
	var store artifact.Store
	g := start(t, bucket, func(o *app.Options) { store = o.Artifacts })
	id := g.submit()
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	g.finishOn(store, id, "video.mp4", "video/mp4", string(content))
	at := "/v1/jobs/" + string(id) + "/artifacts/video.mp4"
	require.True(t, bytes.Equal(content, g.get(at).body))
	require.Equal(t, "cdef0123", string(g.get(at, "Range", "bytes=1036-1043").body))
	require.Equal(t, "f", string(g.get(at, "Range", "bytes=-1").body))
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, g.get(at, "Range", "bytes=99999999-").StatusCode)
	require.Contains(t, g.get("/").Header.Get("Content-Security-Policy"), "media-src 'self';")

	up := g.call(http.MethodPost, "/v1/uploads", strings.NewReader("Some text."), "Content-Type", "text/plain")
	require.Equal(t, http.StatusCreated, up.StatusCode, string(up.body))
	require.NoError(t, server.Down())
	g.get(at).problem(t, http.StatusServiceUnavailable)
	g.call(http.MethodPost, "/v1/uploads", strings.NewReader("Some text."), "Content-Type", "text/plain").problem(t, http.StatusServiceUnavailable)
	require.NoError(t, server.Up())
	require.Equal(t, http.StatusOK, g.get(at).StatusCode)
}

func TestRedirectNeedsABucket(t *testing.T) {
	t.Parallel()
	g := start(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	_, err = app.New(app.Options{
		Listener: l, Status: g.status, Broker: g.broker, Artifacts: g.artifacts, CheckURL: func(string) error { return nil }, RedirectFiles: true,
	})
	require.ErrorContains(t, err, "ARTIFACTS_REDIRECT needs a bucket")
}

// submitAs makes a job of somebody.
func (g *gateway) submitAs(owner string) job.ID {
	g.t.Helper()
	a := g.post("/v1/jobs", submission, "Owner", owner)
	require.Equal(g.t, http.StatusAccepted, a.StatusCode, string(a.body))
	return job.ID(a.json()["id"].(string))
}

// linking is a store whose files can be fetched elsewhere.
type linking struct{ artifact.Store }

func (linking) Link(context.Context, string, artifact.Link) (string, error) {
	return "https://bucket.example.org/file?signed", nil
}

func (linking) Origin() string { return "https://bucket.example.org" }

// directs tries the answer of a gateway whose files lie in a bucket.
func (x *exerciser) directs(file operation) {
	other := start(x.gateway.t, asOwner, func(o *app.Options) {
		o.Status, o.Artifacts, o.RedirectFiles = x.status, linking{o.Artifacts}, true
	}).straight()
	a := other.get(file.path, asAnn...)
	require.Equal(x.gateway.t, http.StatusTemporaryRedirect, a.StatusCode)
	x.check(file.id, a)
}
