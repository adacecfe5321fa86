package edge

import (
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/obs/metric"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// knownMethods are those that labels and logs name.
var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

const (
	otherMethod = "other"
	noRoute     = "unmatched"
)

var (
	defDuration = metric.Def{
		Name: "studycast_http_request_duration_seconds", Type: metric.Histogram,
		Help: "Time of HTTP requests by route pattern, method and status code; an event stream takes as long as it is open.",
		Labels: []metric.Label{
			{Name: "route", Set: "patterns of the API and of the pages, or " + noRoute},
			metric.Of("method", append(slices.Clone(knownMethods), otherMethod)...),
			{Name: "code", Set: "HTTP status codes"},
		},
		Buckets: []float64{.005, .025, .1, .3, 1, 2.5, 10, 60},
	}
	defPanics = metric.Def{
		Name: "studycast_http_panics_total", Type: metric.Counter, Help: "HTTP handlers that panicked.",
	}
)

// Metrics defines what an Observer shows.
func Metrics() []metric.Def { return []metric.Def{defDuration, defPanics} }

// Observer logs and counts requests.
type Observer struct {
	log      *slog.Logger
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

// NewObserver returns an Observer; reg may be nil.
func NewObserver(log *slog.Logger, reg prometheus.Registerer) *Observer {
	o := &Observer{
		log: log, duration: defDuration.NewHistogramVec(), panics: defPanics.NewCounter(),
	}
	// Submits are what the service promises to take: their failures are divided by
	// all of them.
	for _, code := range []int{http.StatusAccepted, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		o.duration.WithLabelValues("/v1/jobs", http.MethodPost, strconv.Itoa(code))
	}
	if reg != nil {
		reg.MustRegister(o.duration, o.panics)
	}
	return o
}

// Handler logs and counts each request, without its address, headers or body,
// and turns a panic into an internal problem.
func (o *Observer) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() { o.done(r, ww, time.Since(start)) }()
		defer o.rescue(ww, r)
		next.ServeHTTP(ww, r)
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
	o.log.ErrorContext(r.Context(), "handler panicked", "request_id", caller.RequestID(r.Context()), "panic", v, "stack", string(debug.Stack()))
	if w.Status() == 0 {
		problem.Write(w, r, problem.New(http.StatusInternalServerError, ""))
	}
}

func (o *Observer) done(r *http.Request, w middleware.WrapResponseWriter, took time.Duration) {
	route := chi.RouteContext(r.Context()).RoutePattern()
	if route == "" {
		route = noRoute
	}
	status := w.Status()
	if status == 0 {
		status = http.StatusOK
	}
	describe(trace.SpanFromContext(r.Context()), method(r.Method), route, status, w.BytesWritten())
	o.duration.WithLabelValues(route, method(r.Method), strconv.Itoa(status)).Observe(took.Seconds())
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case route == "/healthz" || route == "/readyz" || route == "/metrics":
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("request_id", caller.RequestID(r.Context())), slog.String("method", method(r.Method)), slog.String("route", route),
		slog.Int("status", status), slog.Int("bytes", w.BytesWritten()), slog.Duration("took", took),
	}
	if id := jobOf(r, w, route); id != "" {
		attrs = append(attrs, slog.String("job", id))
	}
	o.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// jobOf returns the id of the job that a request was about or made; "" = none.
func jobOf(r *http.Request, w http.ResponseWriter, route string) string {
	id := ""
	switch {
	case strings.HasPrefix(route, "/v1/jobs/{id}"):
		id = chi.URLParam(r, "id")
	case route == "/v1/jobs":
		id = path.Base(w.Header().Get("Location"))
	}
	if uuid.Validate(id) != nil {
		return "" // whatever the caller wrote there
	}
	return id
}

// method keeps invented methods out of labels and logs.
func method(m string) string {
	if slices.Contains(knownMethods, m) {
		return m
	}
	return otherMethod
}
