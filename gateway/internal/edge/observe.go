package edge

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// Observer logs and counts requests.
//
//	studycast_http_request_duration_seconds{route,method,code}  from the first byte of the request to the last of the answer
//	studycast_http_panics_total                                 handlers that panicked
type Observer struct {
	log      *slog.Logger
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

// NewObserver returns an Observer; reg may be nil.
func NewObserver(log *slog.Logger, reg prometheus.Registerer) *Observer {
	o := &Observer{
		log: log,
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "studycast_http_request_duration_seconds",
			Help:    "Time of HTTP requests by route pattern, method and status code.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route", "method", "code"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "studycast_http_panics_total",
			Help: "HTTP handlers that panicked.",
		}),
	}
	if reg != nil {
		reg.MustRegister(o.duration, o.panics)
	}
	return o
}

// Handler logs and counts each request, without its query, headers or body,
// and turns a panic into an internal problem.
func (o *Observer) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		who := new(string)
		defer func() { o.done(r, ww, *who, time.Since(start)) }()
		defer o.rescue(ww, r)
		next.ServeHTTP(ww, r.WithContext(withNote(r.Context(), who)))
	})
}

// rescue answers for a handler that panicked. http.ErrAbortHandler means "cut
// the connection" and goes on to the server.
func (o *Observer) rescue(w middleware.WrapResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // compared as the server does
		panic(v)
	}
	o.panics.Inc()
	o.log.Error("handler panicked", "request_id", caller.RequestID(r.Context()), "panic", v, "stack", string(debug.Stack()))
	if w.Status() == 0 {
		problem.Write(w, r, problem.New(http.StatusInternalServerError, ""))
	}
}

func (o *Observer) done(r *http.Request, w middleware.WrapResponseWriter, owner string, took time.Duration) {
	route := chi.RouteContext(r.Context()).RoutePattern()
	if route == "" {
		route = "unmatched"
	}
	status := w.Status()
	if status == 0 {
		status = http.StatusOK
	}
	nameSpan(r.Context(), method(r.Method), route)
	o.duration.WithLabelValues(route, method(r.Method), strconv.Itoa(status)).Observe(took.Seconds())
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case route == "/healthz" || route == "/readyz" || route == "/metrics":
		level = slog.LevelDebug
	}
	o.log.Log(r.Context(), level, "request",
		"request_id", caller.RequestID(r.Context()), "method", method(r.Method), "route", route, "path", clip(r.URL.Path),
		"status", status, "bytes", w.BytesWritten(), "ms", took.Milliseconds(), "owner", owner)
}

// method keeps invented methods out of labels and logs.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func clip(path string) string {
	const most = 200
	if len(path) > most {
		return path[:most]
	}
	return path
}
