package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/app"
)

// collect returns the one series of a metric as a collector of its own.
func collect(t *testing.T, g *gateway, name string) prometheus.Collector {
	t.Helper()
	families, err := g.registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			c := prometheus.NewGauge(prometheus.GaugeOpts{Name: "copy", Help: "copy"})
			c.Set(f.GetMetric()[0].GetGauge().GetValue())
			return c
		}
	}
	require.Fail(t, "no metric "+name)
	return nil
}

func TestMetricsAndAccessLog(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	g.get("/v1/jobs?kind=audio&page_token=0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30", "Authorization", "Bearer swordfish")
	g.get("/nowhere/" + string(id))
	g.get("/v1/jobs/" + string(id))
	require.Eventually(t, func() bool {
		return strings.Contains(string(g.get("/metrics").body), `studycast_relay_published_total{outcome="confirmed",path="fast"} 1`)
	}, within, time.Millisecond)
	a := g.get("/metrics")
	require.Equal(t, http.StatusOK, a.StatusCode)
	text := string(a.body)
	require.Contains(t, text, `studycast_http_request_duration_seconds_count{code="202",method="POST",route="/v1/jobs"} 1`)
	require.Contains(t, text, `{code="200",method="GET",route="/v1/jobs/{id}"} 1`)
	require.Contains(t, text, `{code="404",method="GET",route="unmatched"} 1`)
	require.NotContains(t, text, string(id), "no ids in labels")

	log := g.logs.String()
	require.Contains(t, log, `"route":"/v1/jobs/{id}"`)
	for _, secret := range []string{"swordfish", "kind=audio", "example.org", "page_token"} {
		require.NotContains(t, log, secret)
	}
	require.Contains(t, log, strings.TrimSpace(a.Header.Get("X-Request-Id")))
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	g := start(t)
	for _, path := range []string{"/docs", "/docs.css", "/v1/jobs", "/openapi.json", "/nowhere", "/healthz"} {
		h := g.get(path).Header
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"), path)
		require.Empty(t, h.Get("Access-Control-Allow-Origin"), path)
	}
	require.Equal(t, http.StatusOK, g.call(http.MethodHead, "/v1/jobs", nil).StatusCode)
}

func TestPanicBecomesAProblem(t *testing.T) {
	t.Parallel()
	g := start(t, func(o *app.Options) {
		o.Authenticate = func(*http.Request) (app.Identity, error) { panic("swordfish") }
	})
	a := g.get("/v1/jobs")
	a.problem(t, http.StatusInternalServerError)
	require.NotContains(t, string(a.body), "swordfish")
	require.Contains(t, g.logs.String(), "swordfish")
	require.Contains(t, g.logs.String(), a.Header.Get("X-Request-Id"))
}

func TestNobodyIsRefused(t *testing.T) {
	t.Parallel()
	g := start(t, func(o *app.Options) {
		o.Authenticate = func(*http.Request) (app.Identity, error) {
			return app.Identity{}, errors.New("key of issuer x is unknown")
		}
	})
	a := g.get("/v1/jobs")
	a.problem(t, http.StatusUnauthorized)
	require.Equal(t, "Bearer", a.Header.Get("WWW-Authenticate"))
	require.NotContains(t, string(a.body), "issuer")
	require.Equal(t, http.StatusOK, g.get("/").StatusCode)
}
