package edge

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Traces makes each call of the API a span: of the caller's W3C trace, or of a
// new one. Nil: no spans, the caller's trace passes through. It is not otelhttp,
// which holds some kilobytes for each of thousands of streams, and tells
// addresses and agents that must not leave the program.
func Traces(provider trace.TracerProvider) func(http.Handler) http.Handler {
	if provider == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	tracer := provider.Tracer("github.com/studycast/studycast/gateway/internal/edge")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/v1/") {
				next.ServeHTTP(w, r)
				return
			}
			r = withSpan(tracer, r)
			defer trace.SpanFromContext(r.Context()).End()
			next.ServeHTTP(w, r)
		})
	}
}

// withSpan begins the span of a request. Observer names it, once the route is
// known.
func withSpan(tracer trace.Tracer, r *http.Request) *http.Request {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, _ = tracer.Start(ctx, method(r.Method), trace.WithSpanKind(trace.SpanKindServer))
	return r.WithContext(ctx)
}

// describe says in the span of a request what it was and how it ended.
func describe(span trace.Span, method, route string, status, bytes int) {
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.Int("http.response.status_code", status), attribute.Int("http.response.body.size", bytes))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}
