package s3store_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/s3store"
	"github.com/studycast/studycast/core/sandbox/s3"
)

func fetch(t *testing.T, method, address string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res, string(body)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL("pre"), keys)
	put(t, s, "0123456789")
	link := artifact.Link{
		Method: http.MethodGet, Life: time.Minute, MediaType: "text/vtt; charset=utf-8",
		Disposition: `attachment; filename*=utf-8''Tides%20%26%20moon.vtt`,
	}
	address, err := s.Link(t.Context(), "a/b.txt", link)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(address, s.Origin()+"/"))
	require.NotContains(t, address, s3.SecretKey)
	res, body := fetch(t, http.MethodGet, address)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, "0123456789", body)
	require.Equal(t, link.MediaType, res.Header.Get("Content-Type"))
	require.Equal(t, link.Disposition, res.Header.Get("Content-Disposition"))
	res, body = fetch(t, http.MethodGet, address, "Range", "bytes=2-4")
	require.Equal(t, http.StatusPartialContent, res.StatusCode)
	require.Equal(t, "234", body)
	res, _ = fetch(t, http.MethodHead, address)
	require.Equal(t, http.StatusForbidden, res.StatusCode, "a link is for one method")
	res, _ = fetch(t, http.MethodGet, strings.Replace(address, "b.txt", "c.txt", 1))
	require.Equal(t, http.StatusForbidden, res.StatusCode, "and for one object")
	res, _ = fetch(t, http.MethodGet, strings.Replace(address, "attachment", "inline", 1))
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	link.Method = http.MethodHead
	head, err := s.Link(t.Context(), "a/b.txt", link)
	require.NoError(t, err)
	res, _ = fetch(t, http.MethodHead, head)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.EqualValues(t, 10, res.ContentLength)
	server.SetClock(func() time.Time { return time.Now().Add(2 * time.Minute) })
	res, _ = fetch(t, http.MethodGet, address)
	require.Equal(t, http.StatusForbidden, res.StatusCode, "and it ends")
	_, err = s.Link(t.Context(), "../x", link)
	require.ErrorIs(t, err, artifact.ErrInvalidKey)
}

// TestLinksLeadToWhereOthersReachTheServer: the address of the programs may
// mean nothing to a browser.
func TestLinksLeadToWhereOthersReachTheServer(t *testing.T) {
	t.Parallel()
	for address, origin := range map[string]string{
		"s3://lessons?region=eu-central-1": "https://lessons.s3.dualstack.eu-central-1.amazonaws.com",
		"s3://lessons/a?endpoint=http://store:9000&path_style=true&public_endpoint=https://files.example.org":  "https://files.example.org",
		"s3://lessons/a?endpoint=http://store:9000&path_style=false&public_endpoint=https://files.example.org": "https://lessons.files.example.org",
		"s3://lessons?endpoint=http://store:9000":                                                              "http://store:9000",
	} {
		s := open(t, address, keys)
		require.Equal(t, origin, s.Origin(), address)
		link, err := s.Link(t.Context(), "k", artifact.Link{Method: http.MethodGet, Life: time.Minute})
		require.NoError(t, err)
		u, err := url.Parse(link)
		require.NoError(t, err)
		require.Equal(t, origin, u.Scheme+"://"+u.Host)
	}
}

// TestWithoutKeys: nothing can be signed, and the remedy is to give keys.
func TestWithoutKeys(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	server := serve(t)
	server.Before(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { w.WriteHeader(http.StatusNotFound) })
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.Endpoint()+"/no-role")
	s := open(t, server.URL(""), s3store.Options{})
	_, err := s.Link(t.Context(), "k", artifact.Link{Method: http.MethodGet, Life: time.Minute})
	require.ErrorIs(t, err, artifact.ErrUnavailable)
	require.ErrorIs(t, err, s3store.ErrNoKeys)
	for _, do := range calls {
		require.ErrorIs(t, do(t.Context(), s), s3store.ErrNoKeys)
	}
}
