package obs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// lastSpans bounds the sending of what is left at the end.
const lastSpans = 2 * time.Second

// NewTraces returns a provider whose spans go to the collector at endpoint, by
// OTLP over gRPC, and its end, which sends what is left. Without an endpoint the
// provider is nil: no spans. service is the name that traces show. The OTEL_
// variables of OpenTelemetry hold as well. It does not wait for the collector:
// while there is none, spans are dropped, with a line in the log, which becomes
// that of all errors of OpenTelemetry in this process.
func NewTraces(ctx context.Context, endpoint, service string, log *slog.Logger) (trace.TracerProvider, func() error, error) {
	if endpoint == "" {
		return nil, func() error { return nil }, nil
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(endpoint))
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.namespace", "studycast"), attribute.String("service.name", service)),
		resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("describe the program for traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("traces could not be sent", "error", err)
	}))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return p, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			log.Warn("the last spans were not sent", "error", err)
		}
		return nil
	}, nil
}
