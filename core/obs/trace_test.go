package obs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/version"
)

// sink is a collector of traces.
type sink struct {
	collector.UnimplementedTraceServiceServer
	got chan *collector.ExportTraceServiceRequest
}

func (s *sink) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.got <- r
	return &collector.ExportTraceServiceResponse{}, nil
}

// collect serves a collector and returns it with its address.
func collect(t *testing.T) (*sink, string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &sink{got: make(chan *collector.ExportTraceServiceRequest, 1)}
	srv := grpc.NewServer()
	collector.RegisterTraceServiceServer(srv, s)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		require.NoError(t, <-served)
	})
	return s, "http://" + l.Addr().String()
}

func TestSpansReachTheCollector(t *testing.T) {
	t.Parallel()
	s, address := collect(t)
	var log bytes.Buffer
	traces, end, err := obs.NewTraces(t.Context(), obs.Traces{Endpoint: address, Ratio: 1, Service: "gateway"},
		slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	_, span := traces.Tracer("test").Start(t.Context(), "one call")
	span.End()
	require.NoError(t, end(), "what is left is sent at the end")
	require.Empty(t, log.String())

	all := (<-s.got).GetResourceSpans()
	require.Len(t, all, 1)
	require.Equal(t, "one call", all[0].GetScopeSpans()[0].GetSpans()[0].GetName())
	about := texts(all[0].GetResource().GetAttributes())
	require.Equal(t, "gateway", about["service.name"])
	require.Equal(t, "studycast", about["service.namespace"])
	require.Equal(t, version.Version(), about["service.version"])
}

func texts(attributes []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		all[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return all
}

// Whatever libraries put into spans, users' words do not leave the program.
func TestOnlyListedAttributesAreSent(t *testing.T) {
	t.Parallel()
	const secret = "swordfish"
	s, address := collect(t)
	traces, end, err := obs.NewTraces(t.Context(), obs.Traces{Endpoint: address, Ratio: 1, Service: "gateway"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	state, err := trace.ParseTraceState("vendor=" + secret)
	require.NoError(t, err)
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	ctx, span := traces.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), caller), "GET /v1/jobs",
		trace.WithLinks(trace.Link{SpanContext: caller, Attributes: []attribute.KeyValue{attribute.String("owner", secret)}}),
		trace.WithAttributes(attribute.String("http.route", "/v1/jobs"), attribute.String("url.query", secret),
			attribute.String("user_agent.original", secret), attribute.String("client.address", secret)))
	require.Equal(t, secret, trace.SpanContextFromContext(ctx).TraceState().Get("vendor"), "inside it is left alone")
	span.RecordError(errors.New(secret))
	span.SetStatus(codes.Error, secret)
	span.End()
	require.NoError(t, end())

	sent := <-s.got
	require.NotContains(t, sent.String(), secret)
	one := sent.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
	require.Equal(t, map[string]string{"http.route": "/v1/jobs"}, texts(one.GetAttributes()))
	require.Len(t, one.GetLinks(), 1)
	require.Equal(t, "exception", one.GetEvents()[0].GetName())
	require.Equal(t, otlp.Status_STATUS_CODE_ERROR, one.GetStatus().GetCode())
}

func TestAttributesAreSorted(t *testing.T) {
	t.Parallel()
	require.True(t, slices.IsSorted(obs.Attributes()), "they are searched by halves")
}

// Without a collector logs and other programs still get the ids of traces.
func TestNoCollectorIDsOnly(t *testing.T) {
	t.Parallel()
	traces, end, err := obs.NewTraces(t.Context(), obs.Traces{Ratio: 1, Service: "gateway"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, span := traces.Tracer("test").Start(t.Context(), "one call")
	require.False(t, span.IsRecording())
	require.True(t, trace.SpanContextFromContext(ctx).IsValid())
	require.False(t, trace.SpanContextFromContext(ctx).IsSampled())
	require.NoError(t, end())
}

// A trace is sent whole or not at all, with the traces that are linked to it.
func TestSampling(t *testing.T) {
	t.Parallel()
	sampled := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	not := sampled.WithTraceFlags(0)
	for name, c := range map[string]struct {
		ratio  float64
		parent trace.SpanContext
		links  []trace.Link
		want   bool
	}{
		"all":                        {ratio: 1, want: true},
		"none":                       {ratio: 0, want: false},
		"of a caller that is sent":   {ratio: 0, parent: sampled, want: true},
		"of a caller that is not":    {ratio: 1, parent: not, want: false},
		"linked to one that is sent": {ratio: 0, links: []trace.Link{{SpanContext: sampled}}, want: true},
		"linked to one that is not":  {ratio: 1, links: []trace.Link{{SpanContext: not}}, want: false},
		"caller before link":         {ratio: 1, parent: not, links: []trace.Link{{SpanContext: sampled}}, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			traces := sdktrace.NewTracerProvider(sdktrace.WithSampler(obs.Sampler(c.ratio)))
			ctx := trace.ContextWithRemoteSpanContext(t.Context(), c.parent)
			_, span := traces.Tracer("test").Start(ctx, "one", trace.WithLinks(c.links...))
			require.Equal(t, c.want, span.SpanContext().IsSampled())
		})
	}
}

// The variable of OpenTelemetry wins over the ratio.
func TestSamplerOfTheEnvironment(t *testing.T) { //nolint:paralleltest // sets a variable
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	_, address := collect(t)
	traces, end, err := obs.NewTraces(t.Context(), obs.Traces{Endpoint: address, Ratio: 1, Service: "gateway"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, span := traces.Tracer("test").Start(t.Context(), "one call")
	require.False(t, span.SpanContext().IsSampled())
	require.NoError(t, end())
}

// What a span costs the program that makes it: with its list of attributes, and
// with the sending of it.
func BenchmarkSpan(b *testing.B) {
	for name, ratio := range map[string]float64{"sent": 1, "unsampled": 0} {
		b.Run(name, func(b *testing.B) {
			var lc net.ListenConfig
			l, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
			require.NoError(b, err)
			srv := grpc.NewServer()
			collector.RegisterTraceServiceServer(srv, quiet{})
			go func() { _ = srv.Serve(l) }()
			b.Cleanup(srv.Stop)
			traces, end, err := obs.NewTraces(b.Context(), obs.Traces{Endpoint: "http://" + l.Addr().String(), Ratio: ratio, Service: "bench"},
				slog.New(slog.DiscardHandler))
			require.NoError(b, err)
			tracer := traces.Tracer("bench")
			b.ReportAllocs()
			for b.Loop() {
				_, span := tracer.Start(b.Context(), "stage encode", trace.WithAttributes(
					attribute.String("studycast.stage", "encode"), attribute.String("url.path", "/left/out")))
				span.SetAttributes(attribute.Int("process.exit.code", 0))
				span.End()
			}
			require.NoError(b, end())
		})
	}
}

// quiet is a collector that throws everything away.
type quiet struct {
	collector.UnimplementedTraceServiceServer
}

func (quiet) Export(context.Context, *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	return &collector.ExportTraceServiceResponse{}, nil
}
