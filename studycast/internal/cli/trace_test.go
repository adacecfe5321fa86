package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A command sends its trace along when there is a collector, and only then.
func TestCommandsAreTraces(t *testing.T) {
	t.Parallel()
	var parents []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parents = append(parents, r.Header.Get("Traceparent"))
		_, _ = io.WriteString(w, `{"id":"1","kind":"video","state":"queued"}`)
	}))
	t.Cleanup(s.Close)
	call := func(args ...string) int {
		var out, errs bytes.Buffer
		return Main(append([]string{"show", "1", "--server", s.URL}, args...), &out, &errs, "test")
	}
	require.Zero(t, call())
	// None of its spans is sampled, so that nothing waits for the collector.
	require.Zero(t, call("--otlp-endpoint", "http://127.0.0.1:1", "--trace-ratio", "0"))
	require.Len(t, parents, 2)
	require.Empty(t, parents[0])
	require.Regexp(t, "^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", parents[1])
	require.NotZero(t, call("--otlp-endpoint", "collector:4317"), "no address")
	require.NotZero(t, call("--otlp-endpoint", "http://127.0.0.1:1", "--trace-ratio", "7"))
	require.Len(t, parents, 2)
}
