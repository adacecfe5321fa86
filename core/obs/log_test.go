package obs_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/obs"
)

// A line logged with a context says what the context knows, and nothing twice.
func TestLinesSayWhatTheirContextKnows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, "json", "info")
	require.NoError(t, err)
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2},
	}))
	ctx = obs.WithAttrs(obs.WithAttrs(ctx, slog.String("job", "j1")), slog.Int("attempt", 2))

	log.With("attempt", 3).InfoContext(ctx, "narrated", "took", 1500*time.Millisecond)
	require.Equal(t, map[string]any{
		"job": "j1", "attempt": 3.0, "took": 1.5, "trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	}, fields(t, &out))
	log.InfoContext(ctx, "settled", "job", "j2")
	require.Equal(t, map[string]any{
		"job": "j2", "attempt": 2.0, "trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	}, fields(t, &out))
	log.Info("ready")
	require.Empty(t, fields(t, &out))
}

// fields returns the one line of out without time, level and message.
func fields(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	line := map[string]any{}
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	names := bytes.Count(out.Bytes(), []byte(`":`))
	require.Len(t, line, names, "no name is there twice: %s", out)
	out.Reset()
	for _, own := range []string{"time", "level", "msg"} {
		require.Contains(t, line, own)
		if own == "time" {
			require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`, line[own])
		}
		delete(line, own)
	}
	return line
}
