package script

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// TestWithoutFallback: what an endpoint does is told apart into "it is down" and
// everything else, and no text says more than it may.
func TestWithoutFallback(t *testing.T) {
	t.Parallel()
	status := func(n int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			http.Error(w, `{"error":{"message":"secret words"}}`, n)
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		down   bool
		text   string
	}{
		"500":     {status(500), true, "The script endpoint answered with status 500."},
		"502":     {status(502), true, "status 502"},
		"503":     {status(503), true, "status 503"},
		"429":     {status(429), true, "The script endpoint has too much to do."},
		"401":     {status(401), false, "The script endpoint refused the key."},
		"400":     {status(400), false, "status 400"},
		"404":     {status(404), false, "does not know the model"},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, false, "did not speak the protocol"},
		"nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			reply(w, "the sky is green", "stop")
		}, false, "The answer of the script endpoint was not usable"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, "The script endpoint could not be reached."},
		"too late": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true, "The script endpoint did not answer in 0 s."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request, _ string) { c.answer(w, r) })
			budget := 20 * time.Second
			if name == "too late" {
				budget = 300 * time.Millisecond
			}
			w := NewRemote(RemoteConfig{BaseURL: s.url, Key: secret, Model: "m", Budget: budget}, nil, slog.New(slog.DiscardHandler))
			_, err := w.Write(t.Context(), fixture(t, "vaccines"), lesson.Options{}, lesson.NoProgress)
			f := fault.From(err)
			require.Equal(t, fault.Dependency, f.Kind, err)
			require.Contains(t, f.Text, c.text)
			require.Equal(t, c.down, f.Down == fault.Script, err)
			require.NotContains(t, err.Error(), "127.0.0.1")
			require.NotContains(t, err.Error(), "secret words")
		})
	}
}

// TestDeadEndpointIsNotAskedForLong: lessons are written offline at once then.
func TestDeadEndpointIsNotAskedForLong(t *testing.T) {
	t.Parallel()
	c := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(http.StatusBadGateway) })
	w := NewRemote(RemoteConfig{BaseURL: c.url, Model: "m"}, NewOffline(), slog.New(slog.DiscardHandler))
	for range breaker.DefaultTrip + 5 {
		s, err := w.Write(t.Context(), fixture(t, "vaccines"), lesson.Options{Kind: lesson.Audio}, lesson.NoProgress)
		require.NoError(t, err)
		requireFellBack(t, s, "the script endpoint answered with status 502.")
	}
	require.EqualValues(t, breaker.DefaultTrip, c.calls.Load())
}

// TestCancelledScriptSaysNothingOfTheEndpoint: many students who change their
// minds don't make it look dead.
func TestCancelledScriptSaysNothingOfTheEndpoint(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	c := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request, _ string) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	w := NewRemote(RemoteConfig{BaseURL: c.url, Model: "m"}, nil, slog.New(slog.DiscardHandler))
	for range breaker.DefaultTrip + 2 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		_, err := w.Write(ctx, fixture(t, "vaccines"), lesson.Options{}, lesson.NoProgress)
		require.ErrorIs(t, err, context.Canceled)
	}
	require.EqualValues(t, breaker.DefaultTrip+2, c.calls.Load(), "each was asked")
}
