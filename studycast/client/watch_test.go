package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/studycast/client"
)

// TestWatchWaitsOutTrouble: a service that restarts under a reader refuses for
// a moment; the reader goes on where it was.
func TestWatchWaitsOutTrouble(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 1:
			event(w, "1", "running")
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			if r.Header.Get("Last-Event-ID") != "1" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			event(w, "2", "succeeded")
		}
	}))
	t.Cleanup(s.Close)
	c := client.New(s.URL)
	defer c.Close()
	var seen []string
	for j, err := range c.Watch(t.Context(), "j") {
		require.NoError(t, err)
		seen = append(seen, j.State)
	}
	require.Equal(t, []string{"running", "succeeded"}, seen)
}

func TestWatchEndsWithARefusal(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	c := client.New(s.URL)
	defer c.Close()
	for _, err := range c.Watch(t.Context(), "j") {
		require.Error(t, err)
		return
	}
	t.Fatal("the sequence ended without an error")
}

func event(w http.ResponseWriter, id, state string) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = fmt.Fprintf(w, "id: %s\ndata: {\"id\":\"j\",\"state\":%q}\n\n", id, state)
}
