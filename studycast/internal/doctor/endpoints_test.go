package doctor

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/closed/models":
			if r.Header.Get("Authorization") != "Bearer right" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		case "/broken/models":
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	try := func(base, key string, fallback bool) finding {
		var o Options
		o.ScriptURL, o.ScriptKey, o.ScriptFallback = base, key, fallback
		return o.endpointCheck().run(t.Context())
	}
	require.Equal(t, OK, try(server.URL+"/closed", "right", true).status())
	require.Equal(t, OK, try(server.URL+"/without/list", "", true).status())
	require.Equal(t, Warning, try(server.URL+"/broken", "", true).status())
	require.Equal(t, Failure, try(server.URL+"/broken", "", false).status(), "nothing takes its place")
	require.Equal(t, Warning, try("http://127.0.0.1:1/v1", "", true).status())

	refused := try(server.URL+"/closed", "geheim", true)
	require.Equal(t, Failure, refused.status())
	require.Contains(t, refused.failures[0].Remedy, "SCRIPT_KEY")
	require.NotContains(t, refused.failures[0].Wrong, "geheim")
}
