package obs

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// attributes are those that leave a program, in alphabetical order.
var attributes = []attribute.Key{
	"error.type",
	"exception.type",
	"http.request.body.size",
	"http.request.method",
	"http.response.body.size",
	"http.response.status_code",
	"http.route",
	"messaging.destination.name",
	"messaging.message.id",
	"messaging.operation.type",
	"messaging.system",
	"network.protocol.version",
	"process.executable.name",
	"process.exit.code",
	"rpc.grpc.status_code",
	"rpc.method",
	"rpc.response.status_code",
	"rpc.service",
	"rpc.system",
	"rpc.system.name",
	"studycast.artifact",
	"studycast.attempt",
	"studycast.bytes",
	"studycast.fault",
	"studycast.job.id",
	"studycast.outcome",
	"studycast.stage",
}

// Attributes lists the attributes of spans and of their events that leave a
// program. Whatever else a library adds (addresses, paths, agents, texts of
// errors) stays inside, because users have a hand in it: the log of the same
// trace says more to those who run the system.
func Attributes() []attribute.Key { return slices.Clone(attributes) }

// listed exports what is on the list.
type listed struct{ sdktrace.SpanExporter }

// ExportSpans implements trace.SpanExporter.
func (l listed) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	plain := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		plain[i] = listedSpan{s}
	}
	return l.SpanExporter.ExportSpans(ctx, plain)
}

// listedSpan is a span without what is not on the list, the words of its status,
// and the state that a caller may send along with a trace.
type listedSpan struct{ sdktrace.ReadOnlySpan }

func (s listedSpan) SpanContext() trace.SpanContext {
	return s.ReadOnlySpan.SpanContext().WithTraceState(trace.TraceState{})
}

func (s listedSpan) Parent() trace.SpanContext {
	return s.ReadOnlySpan.Parent().WithTraceState(trace.TraceState{})
}

func (s listedSpan) Attributes() []attribute.KeyValue { return onList(s.ReadOnlySpan.Attributes()) }

func (s listedSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

func (s listedSpan) Events() []sdktrace.Event {
	events := slices.Clone(s.ReadOnlySpan.Events())
	for i := range events {
		events[i].Attributes = onList(events[i].Attributes)
	}
	return events
}

func (s listedSpan) Links() []sdktrace.Link {
	links := slices.Clone(s.ReadOnlySpan.Links())
	for i := range links {
		links[i].SpanContext = links[i].SpanContext.WithTraceState(trace.TraceState{})
		links[i].Attributes = onList(links[i].Attributes)
	}
	return links
}

func onList(all []attribute.KeyValue) []attribute.KeyValue {
	kept := make([]attribute.KeyValue, 0, len(all))
	for _, a := range all {
		if _, ok := slices.BinarySearch(attributes, a.Key); ok {
			kept = append(kept, a)
		}
	}
	return kept
}
