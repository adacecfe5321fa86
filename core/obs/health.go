package obs

import (
	"fmt"
	"net/http"
	"sort"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Checks are the parts that a program needs to be ready, by name. A check
// returns nil or why the part is not ready; it is cheap and safe at any time.
type Checks map[string]func() error

// Health returns a handler for /healthz, which says that the process lives,
// and /readyz, which says whether it does its work: 200, or 503 with one line
// for each part that is not ready.
func Health(checks Checks) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		var bad []string
		for name, check := range checks {
			if err := check(); err != nil {
				bad = append(bad, name+": "+err.Error())
			}
		}
		sort.Strings(bad)
		if len(bad) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			bad = []string{"ok"}
		}
		for _, line := range bad {
			_, _ = fmt.Fprintln(w, line)
		}
	})
	return mux
}

// Admin returns the handler of a program's admin port: Health and /metrics.
func Admin(g prometheus.Gatherer, checks Checks) http.Handler {
	mux := http.NewServeMux()
	health := Health(checks)
	mux.Handle("GET /healthz", health)
	mux.Handle("GET /readyz", health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(g, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	return mux
}
