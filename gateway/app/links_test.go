package app_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
)

func closedListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l
}

// A link opens one file for whoever has it, and nothing else, for an hour.
func TestLinks(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	const secret = "the secret that signs links to files"
	g := start(t, signIn, func(o *app.Options) { o.LinkSecret = secret })
	ann := all["student"]
	id := g.jobOf(ann, job.Succeeded)
	linkOf := func(p person) string {
		t.Helper()
		a := g.get("/v1/jobs/"+id+"/links", p.header()...)
		require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		l := a.json()["links"].([]any)[0].(map[string]any)
		require.Equal(t, "video.mp4", l["name"])
		ends, err := time.Parse(time.RFC3339, l["expires_at"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(time.Hour), ends, time.Minute)
		return l["url"].(string)
	}
	link := linkOf(ann)
	a := g.get(link)
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, "0123456789", string(a.body))
	require.Contains(t, a.Header.Get("Cache-Control"), "private")
	require.Equal(t, "234", string(g.get(link, "Range", "bytes=2-4").body))
	require.Contains(t, g.get(link+"&download=1").Header.Get("Content-Disposition"), "attachment")
	require.Equal(t, http.StatusOK, g.get(linkOf(all["operator"])).StatusCode, "an operator's link to another's file")

	_, token, _ := strings.Cut(link, "?")
	other := g.jobOf(ann, job.Succeeded)
	for _, path := range []string{
		"/v1/jobs/" + other + "/artifacts/video.mp4?" + token, "/v1/jobs/" + id + "/artifacts/captions.vtt?" + token,
		"/v1/jobs/" + id + "/artifacts/video.mp4?token=x", "/v1/jobs/" + id + "/artifacts/video.mp4",
		"/v1/jobs/" + id + "?" + token, "/v1/jobs?" + token, "/v1/jobs/" + id + "/links?" + token, "/v1/jobs/" + id + "/events?" + token,
	} {
		g.get(path).problem(t, http.StatusUnauthorized)
	}
	g.get(link, "Authorization", "Bearer nonsense").problem(t, http.StatusUnauthorized)
	g.get("/v1/jobs/"+id+"/links", all["another student"].header()...).problem(t, http.StatusNotFound)
	require.NotContains(t, g.logs.String(), strings.TrimPrefix(token, "token="))
	g.status.Remove(job.ID(id))
	g.get(link).problem(t, http.StatusNotFound)
}

func TestLinkWithoutSignIn(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	g.finish(id, "Tides", "video.mp4", "video/mp4", "0123456789")
	link := g.get("/v1/jobs/" + string(id) + "/links").json()["links"].([]any)[0].(map[string]any)["url"].(string)
	require.Equal(t, "0123456789", string(g.get(link).body))
	require.Equal(t, "0123456789", string(g.get("/v1/jobs/"+string(id)+"/artifacts/video.mp4").body))
}
