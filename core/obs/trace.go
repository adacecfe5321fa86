package obs

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/version"
)

const (
	// lastSpans bounds the sending of what is left at the end.
	lastSpans = 2 * time.Second
	// longestValue bounds the text of an attribute, in bytes.
	longestValue = 256
)

// Traces says what traces of a program there are.
type Traces struct {
	Endpoint string  // collector, OTLP over gRPC; "" = no span leaves the program
	Ratio    float64 // part of the traces begun here that is sent, 0 to 1
	Service  string  // name that traces show
}

// NewTraces returns a provider whose spans go to the collector, and its end,
// which sends what is left. Without a collector its traces have ids, which other
// programs and the logs get, and nothing else. The OTEL_ variables of
// OpenTelemetry hold as well, OTEL_TRACES_SAMPLER before Ratio. It does not wait
// for the collector: while there is none, spans are dropped, with a line in the
// log, which becomes that of all errors of OpenTelemetry in this process.
//
// Of a span only what is on a closed list leaves the program: see Attributes.
func NewTraces(ctx context.Context, t Traces, log *slog.Logger) (trace.TracerProvider, func() error, error) {
	if t.Endpoint == "" {
		silent := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
		return silent, func() error { return nil }, nil
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(t.Endpoint))
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	about, err := describe(ctx, t)
	if err != nil {
		return nil, nil, fmt.Errorf("describe the program for traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("traces could not be sent", "error", err)
	}))
	limits := sdktrace.NewSpanLimits()
	limits.AttributeValueLengthLimit = longestValue
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithBatcher(listed{exporter}), sdktrace.WithResource(about), sdktrace.WithRawSpanLimits(limits),
	}
	if os.Getenv("OTEL_TRACES_SAMPLER") == "" {
		options = append(options, sdktrace.WithSampler(Sampler(t.Ratio)))
	}
	p := sdktrace.NewTracerProvider(options...)
	return p, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			log.Warn("the last spans were not sent", "error", err)
		}
		return nil
	}, nil
}

func describe(ctx context.Context, t Traces) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(
			attribute.String("service.namespace", "studycast"), attribute.String("service.name", t.Service),
			attribute.String("service.version", version.Version()), attribute.Int("process.pid", os.Getpid())),
		resource.WithFromEnv())
}
