package edge

import (
	"maps"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// LimitRate counts each request for its owner and answers 429 to one too many.
// Requests must have passed Authenticate. fileRoute is the route pattern of
// files, which are counted by themselves.
func LimitRate(limiter *limit.Rate, fileRoute string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			call := limit.API
			if chi.RouteContext(r.Context()).RoutePattern() == fileRoute {
				call = limit.File
			}
			if err := take(w, r, limiter, call); err != nil {
				problem.Write(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func take(w http.ResponseWriter, r *http.Request, limiter *limit.Rate, call limit.Call) error {
	me, _ := caller.From(r.Context())
	quota, err := limiter.Take(me, call)
	maps.Copy(w.Header(), quota.Headers())
	return err
}
