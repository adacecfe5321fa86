package program_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbeAsksTheProgramThatRuns(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !ready.Load() {
			http.Error(w, "the broker is away", http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	ask := func() outcome {
		return run(t.Context(), never, "--probe", "--admin-listen=0.0.0.0:"+port, "--expose-admin")
	}
	o := ask()
	require.Equal(t, 1, o.code)
	require.Contains(t, o.err, "the broker is away")
	ready.Store(true)
	require.Equal(t, outcome{}, ask())
	s.Close()
	o = ask()
	require.Equal(t, 1, o.code)
	require.Contains(t, o.err, "does not answer")
}
