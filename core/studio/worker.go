package studio

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
)

// WorkerOptions are what a worker program gets from outside.
type WorkerOptions struct {
	Name       string // host, program and process; shown in the history of jobs
	Lesson     config.Lesson
	Broker     *broker.Broker
	Status     *statusclient.Client
	Artifacts  artifact.Store
	Slots      int           // jobs at once
	ScratchDir string        // for files of running attempts; swept at start
	DrainGrace time.Duration // how long attempts may finish once Run's context ended
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider // nil = no spans
	// Handler replaces the lesson maker, for benchmarks and tests of the job
	// half alone. May be nil.
	Handler   worker.Handler
	Failpoint func(name string) // called at named moments; tests only, may be nil
}

// NewWorker returns the runtime that makes lessons of one kind.
func NewWorker(k job.Kind, p *pipeline.Pipeline, o WorkerOptions) (*worker.Worker, error) {
	handler := o.Handler
	if handler == nil {
		handler = Handler(p)
	}
	var dependencies []*breaker.Breaker
	if p != nil { // a handler of its own needs none
		dependencies = p.Breakers
	}
	return worker.New(worker.Options{
		Kind: k, Handler: handler, Name: o.Name,
		Broker: o.Broker, Status: o.Status, Artifacts: o.Artifacts, Dependencies: dependencies,
		Slots: o.Slots, ScratchDir: o.ScratchDir, DrainGrace: o.DrainGrace,
		Logger: o.Logger, Registerer: o.Registerer, Tracer: o.Tracer, Failpoint: o.Failpoint,
	})
}
