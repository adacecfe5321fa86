// Package obs is how a program is seen from outside: its log, its health, its
// metrics.
package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// secret lists parts of attribute names whose values never reach a log.
var secret = []string{"key", "token", "secret", "password", "authorization"}

// plain lists attribute names that look secret and are not.
var plain = map[string]bool{"idempotency_key": true}

// NewLogger returns a logger in the given format ("json" or "text") that
// writes lines at or above level ("debug", "info", "warn", "error") to w.
// Values of attributes that are secret by their name are written as "***". A
// line that is logged with a context names the trace and the span in it, see also
// WithAttrs. Durations are seconds.
//
// docs/observability.md lists the attributes that lines may have.
func NewLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	o := &slog.HandlerOptions{Level: l, ReplaceAttr: polish}
	switch format {
	case "json":
		return slog.New(traced{Handler: slog.NewJSONHandler(w, o)}), nil
	case "text":
		return slog.New(traced{Handler: slog.NewTextHandler(w, o)}), nil
	}
	return nil, fmt.Errorf("log format %q: use json or text", format)
}

// fixedTime is RFC 3339 in UTC, always as long: lines of all machines sort by it
// as text.
const fixedTime = "2006-01-02T15:04:05.000000Z07:00"

// polish hides secrets, and writes times and durations so that jq can compare
// them.
func polish(_ []string, a slog.Attr) slog.Attr {
	name := strings.ToLower(a.Key)
	if !plain[name] && slices.ContainsFunc(secret, func(s string) bool { return strings.Contains(name, s) }) {
		return slog.String(a.Key, "***")
	}
	switch a.Value.Kind() {
	case slog.KindDuration:
		return slog.Float64(a.Key, a.Value.Duration().Seconds())
	case slog.KindTime:
		return slog.String(a.Key, a.Value.Time().UTC().Format(fixedTime))
	default:
		return a
	}
}

// withAttrs is the key of what lines logged with a context have.
type withAttrs struct{}

// WithAttrs returns ctx with attributes for every line that is logged with it,
// by whatever logger, unless the line has one of that name already.
func WithAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(withAttrs{}).([]slog.Attr)
	return context.WithValue(ctx, withAttrs{}, slices.Concat(before, attrs))
}

// traced adds what the context of a line knows: attributes, and the ids of the
// trace and the span that it was logged in.
type traced struct {
	slog.Handler
	has []string // names of the attributes that the logger gives every line
}

// Handle implements slog.Handler.
func (t traced) Handle(ctx context.Context, r slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	more, _ := ctx.Value(withAttrs{}).([]slog.Attr)
	if !span.IsValid() && len(more) == 0 {
		return t.Handler.Handle(ctx, r)
	}
	r = r.Clone()
	for _, a := range more {
		if !slices.Contains(t.has, a.Key) && !has(r, a.Key) {
			r.AddAttrs(a)
		}
	}
	if span.IsValid() && !has(r, "trace_id") {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return t.Handler.Handle(ctx, r)
}

func has(r slog.Record, key string) bool {
	found := false
	r.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// WithAttrs implements slog.Handler.
func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	names := slices.Clone(t.has)
	for _, a := range attrs {
		names = append(names, a.Key)
	}
	return traced{t.Handler.WithAttrs(attrs), names}
}

// WithGroup implements slog.Handler.
func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name), nil} }
