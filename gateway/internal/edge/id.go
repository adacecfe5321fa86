// Package edge is what every request passes before and after its handler:
// request id, access log and metrics, guards against hostile browsers, limits,
// authentication, security headers.
package edge

import (
	"net/http"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/gateway/internal/caller"
)

// RequestID gives each request an id of our own, so that nobody can write into
// the log by choosing one, and returns it as X-Request-Id. The W3C trace of
// the caller is taken up and its id returned as X-Trace-Id.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, withID(w, r)) // thousands of streams wait in here: keep the frame small
	})
}

func withID(w http.ResponseWriter, r *http.Request) *http.Request {
	id := uuid.NewString()
	ctx := caller.WithRequestID(r.Context(), id)
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	w.Header().Set("X-Request-Id", id)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		w.Header().Set("X-Trace-Id", sc.TraceID().String())
	}
	return r.WithContext(ctx)
}
