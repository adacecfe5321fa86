package speech

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// TestWhatIsDown: without a fallback an outage is told apart from an endpoint
// that is there and refuses or talks nonsense.
func TestWhatIsDown(t *testing.T) {
	t.Parallel()
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		down   bool
	}{
		"500": {status(500), true}, "503": {status(503), true}, "429": {status(429), true}, "408": {status(408), true},
		"401": {status(401), false}, "400": {status(400), false}, "404": {status(404), false},
		"nonsense": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello</html>")) }, false},
		"silence":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wav(24000, make([]int16, 24000))) }, false},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"hangs":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := endpoint(t, "", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // lets the server see that the client left
				c.answer(w, r)
			})
			_, err := New(Options{Engine: e}).Narrate(t.Context(), script(lesson.Video, sentences[:1]), t.TempDir(), lesson.NoProgress)
			require.Equal(t, fault.Dependency, fault.From(err).Kind, err)
			require.Equal(t, c.down, fault.From(err).Down == fault.Speech, err)
		})
	}
}

// TestEndpointThatComesBack is found again although two sentences are spoken at
// once: the second waits for what the first finds out.
func TestEndpointThatComesBack(t *testing.T) {
	t.Parallel()
	var spoken atomic.Int64
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		spoken.Add(1)
		_, _ = w.Write(wav(24000, tone(24000, 1)))
	})
	server := httptest.NewServer(answer)
	address := server.Listener.Addr().String()
	server.Close()
	e, err := NewRemote(RemoteConfig{BaseURL: "http://" + address + "/v1", Model: "m", Timeout: time.Minute})
	require.NoError(t, err)
	narrate := func() error {
		_, err := New(Options{Engine: e, Workers: 2}).Narrate(t.Context(), script(lesson.Audio, sentences[:2]), t.TempDir(), lesson.NoProgress)
		return err
	}
	for range 2 {
		err := narrate()
		require.Equal(t, fault.Speech, fault.From(err).Down, err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	require.NoError(t, err)
	again := &httptest.Server{Listener: l, Config: &http.Server{Handler: answer, ReadHeaderTimeout: time.Minute}}
	again.Start()
	defer again.Close()
	require.Equal(t, fault.Speech, fault.From(narrate()).Down, "it is not asked again at once")
	require.Zero(t, spoken.Load())
	require.Eventually(t, func() bool { return narrate() == nil }, time.Minute, 100*time.Millisecond)
	// Of two sentences that meet the end of the pause one may be refused.
	require.LessOrEqual(t, spoken.Load(), int64(3), "the first time that it is asked every sentence is spoken")
}
