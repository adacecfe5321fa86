package cli

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/alecthomas/kong"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/obs"
)

const scope = "github.com/studycast/studycast/studycast/internal/cli"

// caller is a command that talks to a server.
type caller interface{ address() *server }

func (s *server) address() *server { return s }

// traced runs a command. One that talks to a server is a trace, when there is a
// collector for it.
func (r *run) traced(k *kong.Context, command func() error) error {
	c, ok := k.Selected().Target.Addr().Interface().(caller)
	if !ok || c.address().OTLPEndpoint == "" {
		return command()
	}
	s := c.address()
	if err := config.Check(&s.Tracing); err != nil {
		return err
	}
	traces, end, err := obs.NewTraces(r.ctx, s.Traces("studycast-cli"), slog.New(slog.NewTextHandler(r.err, nil)))
	if err != nil {
		return err
	}
	s.traces = traces
	// The name has no arguments: those are the user's.
	ctx, span := traces.Tracer(scope).Start(r.ctx, k.Selected().FullPath())
	r.ctx = ctx
	err = command()
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
	return errors.Join(err, end())
}

// traced makes each call of a server a span and sends the server its trace.
func (s *server) traced(next http.RoundTripper) http.RoundTripper {
	if s.traces == nil {
		return next
	}
	return &tracedCalls{next, s.traces.Tracer(scope)}
}

// tracedCalls leaves addresses out of spans, which otelhttp would put in: their
// queries say whose jobs were asked for.
type tracedCalls struct {
	next   http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip implements http.RoundTripper. The span ends with the header of the
// answer: a stream may go on for hours.
func (t *tracedCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), r.Method, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	defer span.End()
	r = r.Clone(ctx)
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	res, err := t.next.RoundTrip(r)
	if err != nil {
		span.SetStatus(codes.Error, "")
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	if res.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "")
	}
	return res, nil
}

// CloseIdleConnections lets the client close what it no longer needs.
func (t *tracedCalls) CloseIdleConnections() {
	(&http.Client{Transport: t.next}).CloseIdleConnections()
}
