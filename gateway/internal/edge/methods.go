package edge

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// OtherMethod answers a method that an address does not take, with Allow for
// those that it takes; OPTIONS is a question and gets no error.
func OtherMethod(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(methods(routes, r.URL.Path), ", "))
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		problem.Write(w, r, problem.New(http.StatusMethodNotAllowed, "See the Allow header for the methods that work here."))
	}
}

func methods(routes chi.Routes, path string) []string {
	var all []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if !routes.Match(chi.NewRouteContext(), m, path) {
			continue
		}
		all = append(all, m)
		if m == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	return append(all, http.MethodOptions)
}
