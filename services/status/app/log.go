package app

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/propagation"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/metrics"
	"github.com/studycast/studycast/services/status/store"
)

// observe counts and logs what happens to jobs.
func (a *App) observe(m *metrics.Metrics) func(decide.Step) {
	return func(s decide.Step) {
		m.Stepped(s)
		logMoves(a.opts.Logger, s)
	}
}

// logMoves logs every change of a job's state, once, in the trace of its submit.
// Neither who asked for it nor why is told: both are the users' own words.
func logMoves(log *slog.Logger, s decide.Step) {
	if len(s.Moves) == 0 || !log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	ctx := submitted(s.Row)
	for _, m := range s.Moves {
		attrs := []slog.Attr{
			slog.String("job", string(s.Row.ID)), slog.String("kind", string(s.Row.Request.Kind)),
			slog.String("from", string(m.From)), slog.String("to", string(m.To)), slog.Int("attempt", m.Attempt),
		}
		if m.Worker != "" {
			attrs = append(attrs, slog.String("worker", m.Worker))
		}
		if f := s.Row.Fault; f != nil && (m.To == job.Failed || m.To == job.Retrying) {
			attrs = append(attrs, slog.String("fault", f.Kind), slog.String("stage", f.Stage))
		}
		log.LogAttrs(ctx, slog.LevelInfo, "job moved", attrs...)
	}
}

// submitted returns a context in the trace of a job's submit.
func submitted(r store.Row) context.Context {
	carrier := propagation.MapCarrier{"traceparent": r.Traceparent}
	return propagation.TraceContext{}.Extract(context.Background(), carrier)
}
