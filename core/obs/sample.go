package obs

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Sampler decides which traces are sent: one that belongs to a trace of a caller
// when that is, one that begins here and is linked to another when that is, and
// of the others the given part.
func Sampler(ratio float64) sdktrace.Sampler {
	return linked{sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))}
}

// linked samples a new trace as the one that it is linked to. Otherwise most
// retries of a job that is traced would be missing.
type linked struct{ sdktrace.Sampler }

// ShouldSample implements trace.Sampler.
func (l linked) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if len(p.Links) == 0 || trace.SpanContextFromContext(p.ParentContext).IsValid() {
		return l.Sampler.ShouldSample(p)
	}
	for _, link := range p.Links {
		if link.SpanContext.IsSampled() {
			return sdktrace.AlwaysSample().ShouldSample(p)
		}
	}
	return sdktrace.NeverSample().ShouldSample(p)
}
