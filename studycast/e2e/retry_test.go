package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// late is how long after its delay a retry may start when a worker is free, on a
// busy machine.
const late = 30 * time.Second

// TestRetryDelays: a page fails three times, then works.
func TestRetryDelays(t *testing.T) {
	t.Parallel()
	s, web := started(t, "--video-backoff", "500ms"), newSite(t)
	web.failing("/shaky", 3, http.StatusInternalServerError, nil)
	j := s.succeeded(t, s.submitURL(t, "video", web.URL+"/shaky"))
	require.Equal(t, 4, j.Attempt)
	require.Equal(t, 4, web.visited("/shaky"))
	require.Nil(t, j.Fault, "a job that succeeded shows no fault")
	requireDelays(t, j, 500*time.Millisecond, time.Second, 2*time.Second)
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
}

// TestRetryAfter: a busy site says itself when to come again.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s, web := started(t, "--audio-backoff", "300ms"), newSite(t)
	web.failing("/busy", 1, http.StatusTooManyRequests, http.Header{"Retry-After": {"2"}})
	j := s.succeeded(t, s.submitURL(t, "audio", web.URL+"/busy"))
	require.Equal(t, 2, j.Attempt)
	requireDelays(t, j, 2*time.Second)
	s.stop(t)
}

// requireDelays checks when the attempts after the first began.
func requireDelays(t *testing.T, j job, delays ...time.Duration) {
	t.Helper()
	failed, began := j.at("retrying"), j.at("running")
	require.Len(t, failed, len(delays))
	require.Len(t, began, len(delays)+1)
	for i, want := range delays {
		waited := began[i+1].Sub(failed[i])
		t.Logf("retry %d after %s, asked for %s", i+1, waited.Round(time.Millisecond), want)
		require.GreaterOrEqual(t, waited, want, "retry %d", i+1)
		require.Less(t, waited, want+late, "retry %d", i+1)
	}
}
