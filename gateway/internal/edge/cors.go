package edge

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rs/cors"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// preflightAge is how long a browser remembers what a page may send.
const preflightAge = 10 * time.Minute

// CORS lets the pages of origins read answers and send what the API takes.
// Cookies stay out: callers are known by what they put into Authorization.
// Without origins no page of another site reads anything.
func CORS(origins []string) func(http.Handler) http.Handler {
	if len(origins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Last-Event-ID", "Range", "traceparent", "tracestate",
		},
		ExposedHeaders: []string{
			"Accept-Ranges", "Allow", "Content-Disposition", "Content-Range", "ETag", "Idempotency-Replayed", "Location", "RateLimit-Limit",
			"RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-Id", "X-Trace-Id",
		},
		MaxAge: int(preflightAge.Seconds()),
	}).Handler
}

// SameOrigin refuses requests that change something and come from a page of
// another site, by Sec-Fetch-Site and Origin, unless its origin is trusted.
// Programs send neither. The error names the origin that is none.
func SameOrigin(trusted []string) (func(http.Handler) http.Handler, error) {
	p := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := p.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("CORS origin: %w", err)
		}
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, problem.New(http.StatusForbidden,
			"A page of another site may not do this. Open Studycast itself and try there."))
	}))
	return p.Handler, nil
}
