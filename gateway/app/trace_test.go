package app_test

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

func traced(into *tracetest.SpanRecorder) func(*app.Options) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(into))
	return func(o *app.Options) { o.Tracer = provider }
}

// span waits for the span of a call to end: that is after its answer.
func span(t *testing.T, from *tracetest.SpanRecorder, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var found sdktrace.ReadOnlySpan
	require.Eventually(t, func() bool {
		for _, s := range from.Ended() {
			if s.Name() == name {
				found = s
			}
		}
		return found != nil
	}, within, time.Millisecond, name)
	return found
}

// A submit starts a trace, or goes on with the caller's, and says which.
func TestTraces(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	g := start(t, traced(spans))
	a := g.post("/v1/jobs", submission)
	require.Equal(t, http.StatusAccepted, a.StatusCode)
	submit := span(t, spans, "POST /v1/jobs")
	id := submit.SpanContext().TraceID().String()
	require.Equal(t, id, a.Header.Get("X-Trace-Id"))
	m := g.takeMessage("video-generation")
	require.Contains(t, m.Traceparent, id, "the message carries it on")

	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	a = g.get("/v1/jobs/"+m.ID, "traceparent", "00-"+parent+"-00f067aa0ba902b7-01")
	require.Equal(t, parent, a.Header.Get("X-Trace-Id"))
	read := span(t, spans, "GET /v1/jobs/{id}")
	require.Equal(t, parent, read.SpanContext().TraceID().String())
	require.Equal(t, "00f067aa0ba902b7", read.Parent().SpanID().String())

	g.get("/healthz")
	g.get("/")
	require.Len(t, spans.Ended(), 2, "only calls of the API are spans")
	l := g.listen("/v1/events") // flushes and deadlines go through
	require.Equal(t, "1", l.next().id)
}

func TestGRPCTraces(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	s := startGRPC(t, traced(spans))
	var header metadata.MD
	_, err := s.CreateJob(t.Context(), &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")}, grpc.Header(&header))
	require.NoError(t, err)
	create := span(t, spans, "studycast.gateway.v1.JobService/CreateJob")
	id := create.SpanContext().TraceID().String()
	require.Equal(t, []string{id}, header.Get("x-trace-id"))
	require.Contains(t, s.takeMessage("video-generation").Traceparent, id)
}

// The line of a request names its job and its trace, and not who made it.
func TestAccessLogNamesTheJob(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	g := start(t, traced(spans))
	a := g.post("/v1/jobs", submission)
	require.Equal(t, http.StatusAccepted, a.StatusCode)
	id := path.Base(a.Header.Get("Location"))
	g.get("/v1/jobs/" + id)
	g.get("/v1/jobs/not-an-id")
	g.stop()
	require.Equal(t, 2, strings.Count(g.logs.String(), `"job":"`+id+`"`)-strings.Count(g.logs.String(), `"msg":"message published"`))
	require.NotContains(t, g.logs.String(), "not-an-id")
	require.NotContains(t, g.logs.String(), `"owner"`)
}
