package app_test

import (
	"html"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page for humans shows everything that the document has, loads nothing
// from elsewhere and runs nothing.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	g := start(t)
	a := g.get("/docs")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
	page := html.UnescapeString(string(a.body))
	c := readContract(t, g)
	c.eachOperation(func(path, method string, o map[string]any) {
		require.Contains(t, page, `id="`+o["operationId"].(string)+`"`)
		require.Contains(t, page, o["summary"])
		require.Contains(t, page, "<code>"+path+"</code>")
		for status := range o["responses"].(map[string]any) {
			require.Contains(t, page, ">"+status+"</span>", method+" "+path)
		}
	})
	schemas := c.raw["components"].(map[string]any)["schemas"].(map[string]any)
	require.NotEmpty(t, schemas)
	for name := range schemas {
		require.Contains(t, page, `id="schema-`+name+`"`)
	}
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		require.Regexp(t, `^(/[a-z]|/$|#)`, l[1])
		if l[1][0] == '#' {
			require.Contains(t, page, ` id="`+l[1][1:]+`"`, "a link that leads nowhere")
		} else {
			require.Equal(t, http.StatusOK, g.get(l[1]).StatusCode, l[1])
		}
	}
	require.Equal(t, http.StatusNotModified, g.get("/docs", "If-None-Match", a.Header.Get("ETag")).StatusCode)
}
