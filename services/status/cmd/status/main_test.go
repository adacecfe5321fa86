package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/services/status/app"
)

func TestOperatorsSeeHealthReadinessAndMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	a, err := app.New(t.Context(), app.Options{
		StoreURL: "sqlite://" + filepath.Join(t.TempDir(), "status.db"), Listener: bufconn.Listen(1), Registerer: reg,
	})
	require.NoError(t, err)
	h := obs.Admin(reg, obs.Checks{"status": a.Ready})
	get := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		body, err := io.ReadAll(rec.Body)
		require.NoError(t, err)
		return rec.Code, string(body)
	}
	code, _ := get("/healthz")
	require.Equal(t, http.StatusOK, code)
	code, body := get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "does not take calls")
	code, body = get("/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, `studycast_jobs{kind="video",state="queued"} 0`)
	require.NoError(t, runToEnd(t, a))
}

// runToEnd frees what New opened.
func runToEnd(t *testing.T, a *app.App) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return a.Run(ctx)
}
