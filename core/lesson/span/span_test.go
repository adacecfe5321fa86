package span_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/span"
)

func TestStagesAreSpansOfTheirTrace(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	ctx, attempt := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)).Tracer("test").Start(t.Context(), "attempt")
	require.NoError(t, span.Stage(ctx, "draw", func(ctx context.Context) error {
		_, end := span.Start(ctx, "run ffmpeg")
		end(nil, attribute.Int("process.exit.code", 0))
		return nil
	}))
	secret := errors.New("https://example.org/secret")
	err := span.Stage(ctx, "fetch", func(context.Context) error { return fault.Wrap(fault.Source, secret, "%v", secret) })
	require.ErrorIs(t, err, secret)

	all := spans.GetSpans()
	require.Len(t, all, 3)
	run, draw, fetch := all[0], all[1], all[2]
	require.Equal(t, "run ffmpeg", run.Name)
	require.Equal(t, draw.SpanContext.SpanID(), run.Parent.SpanID())
	require.Equal(t, "stage draw", draw.Name)
	require.Equal(t, attempt.SpanContext().SpanID(), draw.Parent.SpanID())
	require.Equal(t, codes.Error, fetch.Status.Code)
	require.Empty(t, fetch.Status.Description)
	require.Equal(t, []attribute.KeyValue{
		attribute.String("studycast.stage", "fetch"), attribute.String("studycast.fault", "source"),
	}, fetch.Attributes)
	require.Empty(t, fetch.Events, "the error may quote the student")
}

func TestNoTraceNoSpans(t *testing.T) {
	t.Parallel()
	require.NoError(t, span.Stage(t.Context(), "draw", func(ctx context.Context) error {
		require.False(t, trace.SpanContextFromContext(ctx).IsValid())
		return nil
	}))
}
