package obs_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/obs"
)

func TestSecretsAreHidden(t *testing.T) {
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, "json", "info")
	require.NoError(t, err)
	log.Info("calling", "api_key", "sk-123", "Authorization", "Bearer x", "idempotency_key", "mine", "job", "j1")
	require.NotContains(t, out.String(), "sk-123")
	require.NotContains(t, out.String(), "Bearer")
	require.Contains(t, out.String(), `"idempotency_key":"mine"`)
	require.Contains(t, out.String(), `"job":"j1"`)
}

func TestLoggerRefusesUnknownSettings(t *testing.T) {
	_, err := obs.NewLogger(nil, "xml", "info")
	require.ErrorContains(t, err, "use json or text")
	_, err = obs.NewLogger(nil, "json", "loud")
	require.ErrorContains(t, err, "use debug")
}

func TestReadyNamesWhatIsNot(t *testing.T) {
	var broken error
	h := obs.Admin(obs.NewRegistry(), obs.Checks{"broker": func() error { return broken }, "status": func() error { return nil }})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	require.Equal(t, 200, get("/readyz").Code)
	broken = errors.New("not consuming")
	require.Equal(t, 503, get("/readyz").Code)
	require.Equal(t, "broker: not consuming\n", get("/readyz").Body.String())
	require.Equal(t, 200, get("/healthz").Code)
	require.Contains(t, get("/metrics").Body.String(), "go_goroutines")
}
