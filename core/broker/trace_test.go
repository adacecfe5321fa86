package broker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/broker"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// One trace goes from the publisher over the message to the handler; what
// comes again starts a trace of its own, linked to the first.
func TestTrace(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	b := open(t, newFake(), broker.Options{Tracer: provider})
	ctx, request := provider.Tracer("test").Start(t.Context(), "request")
	require.NoError(t, b.Publish(ctx, queue, message(nil)))
	request.End()

	run, cancel := context.WithCancel(t.Context())
	var handled []trace.SpanContext
	require.NoError(t, b.Consume(run, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		handled = append(handled, trace.SpanContextFromContext(ctx))
		if len(handled) == 1 {
			require.NoError(t, d.Release(ctx))
			return
		}
		require.NoError(t, d.Ack(ctx))
		cancel()
	}))

	spans := exporter.GetSpans()
	require.Len(t, spans, 4)
	send := named(t, spans, "send "+queue)[0]
	require.Equal(t, request.SpanContext().SpanID(), send.Parent.SpanID())
	require.Equal(t, trace.SpanKindProducer, send.SpanKind)
	process := named(t, spans, "process "+queue)
	require.Equal(t, send.SpanContext.SpanID(), process[0].Parent.SpanID())
	require.Equal(t, handled[0].TraceID(), request.SpanContext().TraceID())
	require.False(t, process[1].Parent.IsValid())
	require.Equal(t, send.SpanContext.SpanID(), process[1].Links[0].SpanContext.SpanID())
	require.NotEqual(t, handled[1].TraceID(), handled[0].TraceID())
}

// The message of another attempt, by whatever way it came, is linked too.
func TestAnotherAttemptIsLinked(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	b := open(t, newFake(), broker.Options{Tracer: provider})
	require.NoError(t, b.Publish(t.Context(), queue, message(func(m *broker.Message) {
		m.Traceparent, m.Attempt = traceparent, 2
	})))
	run, cancel := context.WithCancel(t.Context())
	require.NoError(t, b.Consume(run, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		require.NoError(t, d.Ack(ctx))
		cancel()
	}))
	send := named(t, exporter.GetSpans(), "send "+queue)[0]
	require.Equal(t, traceparent[3:35], send.SpanContext.TraceID().String(), "it goes on with the trace of the submit")
	process := named(t, exporter.GetSpans(), "process "+queue)[0]
	require.False(t, process.Parent.IsValid())
	require.Equal(t, send.SpanContext.SpanID(), process.Links[0].SpanContext.SpanID())
}

func named(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStubs {
	t.Helper()
	var found tracetest.SpanStubs
	for _, s := range spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	require.NotEmpty(t, found, "no span %q", name)
	return found
}

// Without a tracer the traceparent of an outbox row still reaches the worker.
func TestTraceparentPassesWithoutTracer(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{"valid": traceparent, "none": "", "rubbish": "rubbish"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, newFake(), broker.Options{})
			require.NoError(t, b.Publish(t.Context(), queue, message(func(m *broker.Message) { m.Traceparent = given })))
			deliveries := consume(t, b, 1)
			d := <-deliveries
			want := given
			if name == "rubbish" {
				want = ""
			}
			require.Equal(t, want, d.Message.Traceparent)
			require.NoError(t, d.Ack(t.Context()))
		})
	}
}
