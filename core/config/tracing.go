package config

import (
	"errors"

	"github.com/studycast/studycast/core/obs"
)

// Tracing says where spans go, and those of how many traces.
type Tracing struct {
	OTLPEndpoint string  `name:"otlp-endpoint" help:"Collector of traces, by OTLP over gRPC; empty = no span leaves the program. The other OTEL_ variables of OpenTelemetry hold as well. Example: http://127.0.0.1:4317" env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	TraceRatio   float64 `name:"trace-ratio" help:"Part of the traces that begin in this program which are sent, 0 to 1. A call that belongs to a trace is sent when its caller's part is. OTEL_TRACES_SAMPLER wins over it." env:"TRACE_RATIO" default:"1"`
}

// Check checks the address and the ratio.
func (t Tracing) Check() error {
	err := checkURL("OTEL_EXPORTER_OTLP_ENDPOINT", t.OTLPEndpoint, "http://127.0.0.1:4317")
	if t.TraceRatio >= 0 && t.TraceRatio <= 1 { // false for NaN
		return err
	}
	return errors.Join(err, errors.New("TRACE_RATIO: use a number from 0, none, to 1, all"))
}

// Traces are the settings for the traces of a program.
func (t Tracing) Traces(program string) obs.Traces {
	return obs.Traces{Endpoint: t.OTLPEndpoint, Ratio: t.TraceRatio, Service: program}
}
