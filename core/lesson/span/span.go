// Package span times the parts of a lesson as spans of the trace in their
// context; without one there it costs next to nothing. Names and attributes are
// ours: nothing of a source or a script belongs in them.
package span

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/fault"
)

const scope = "github.com/studycast/studycast/core/lesson"

// Start begins a span below the one of ctx. Call end once, with how the part
// ended; of an error only the kind of its fault is told.
func Start(ctx context.Context, name string, about ...attribute.KeyValue) (inner context.Context, end func(error, ...attribute.KeyValue)) {
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer(scope)
	inner, s := tracer.Start(ctx, name, trace.WithAttributes(about...))
	return inner, func(err error, more ...attribute.KeyValue) {
		s.SetAttributes(more...)
		if err != nil {
			s.SetAttributes(attribute.String("studycast.fault", string(fault.From(err).Kind)))
			s.SetStatus(codes.Error, "")
		}
		s.End()
	}
}

// Stage times a stage of a lesson.
func Stage(ctx context.Context, name string, do func(ctx context.Context) error) error {
	ctx, end := Start(ctx, "stage "+name, attribute.String("studycast.stage", name))
	err := do(ctx)
	end(err)
	return err
}
