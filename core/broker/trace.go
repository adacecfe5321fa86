package broker

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	scope             = "github.com/studycast/studycast/core/broker"
	traceparentHeader = "traceparent"
)

// startSend starts the producer span and writes it into the message. Its
// parent is the span of ctx, or else the message's own traceparent: a relay
// publishes long after the request that caused the message.
func (b *Broker) startSend(ctx context.Context, queue string, m *Message) (context.Context, trace.Span) {
	ctx, span := b.tracer.Start(InTrace(ctx, m.Traceparent), "send "+queue,
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(b.attributes("send", queue, *m)...))
	m.Traceparent = inject(ctx)
	return ctx, span
}

// startProcess starts the consumer span: a child of the producer's the first
// time, a trace of its own with a link when the message comes again, or when it
// is for another attempt: a retry, a rescue or a replay may be days later.
func (b *Broker) startProcess(ctx context.Context, queue string, d *Delivery) (context.Context, trace.Span) {
	origin := extract(ctx, d.Message.Traceparent)
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(b.attributes("process", queue, d.Message)...),
	}
	if d.Count > 1 || d.Message.Attempt > 1 {
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(origin)))
	}
	return b.tracer.Start(origin, "process "+queue, options...)
}

func (b *Broker) attributes(operation, queue string, m Message) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", b.caps.Name),
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.destination.name", queue),
		attribute.String("messaging.message.id", m.ID),
		attribute.Int("studycast.attempt", m.Attempt),
	}
}

// InTrace returns ctx in the trace of a message, unless ctx is in one already.
func InTrace(ctx context.Context, traceparent string) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return extract(ctx, traceparent)
}

func extract(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparentHeader: traceparent})
}

func inject(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get(traceparentHeader)
}

func recordError(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
}
