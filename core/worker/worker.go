// Package worker is the runtime of every worker program. It takes deliveries,
// asks the status service for an attempt, runs the program's Handler under the
// attempt's time limit, publishes what the handler made, stores the outcome
// and settles the delivery last. It knows nothing of what handlers do.
// What it counts is defined in Metrics.
package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/statusclient"
)

// Failpoints are places at which a crash is most instructive. Options.Failpoint
// is called with their names as a delivery passes them.
const (
	FailAfterConsume            = "after-consume"
	FailAfterStart              = "after-start"
	FailAfterPublishArtifacts   = "after-publish-artifacts"
	FailBeforeFinish            = "before-finish"
	FailAfterFinishBeforeSettle = "after-finish-before-settle"
)

// scope names who makes the spans of this package.
const scope = "github.com/studycast/studycast/core/worker"

const defaultDrainGrace = 30 * time.Second

// Options make a Worker. Kind, Broker, Status, Artifacts and Handler are
// needed; every other field may be left out.
type Options struct {
	Kind      job.Kind
	Broker    *broker.Broker
	Status    *statusclient.Client
	Artifacts artifact.Store
	Handler   Handler

	// Dependencies guard what the handler calls, for the metrics; the worker adds
	// that of the artifact store.
	Dependencies []*breaker.Breaker

	Name       string        // of the process in the history of jobs; "" = host/kind-worker/pid
	Slots      int           // attempts at once, and prefetch; 0 = 1
	ScratchDir string        // parent of the attempts' folders; "" = studycast in the system's temp folder
	DrainGrace time.Duration // how long attempts may go on after the drain began; 0 = 30 s

	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	Clock      job.Clock
	Failpoint  func(name string) // called at the Fail… places; nil = nothing
}

// Worker takes jobs of one kind. Make it with New, run it once.
type Worker struct {
	o       Options
	log     *slog.Logger
	tracer  trace.Tracer
	metrics *metrics
	queue   string
	made    time.Time
	store   *guarded

	life    *life
	active  *active
	slots   chan struct{} // one token per busy slot
	started sync.Once

	mu      sync.Mutex
	session *statusclient.Session // nil until it is open
	paused  bool
	deafAt  time.Time     // nothing new arrives from then on, while paused
	changed chan struct{} // closed when paused changes
	scratch string
}

// New checks the options and returns a worker that does nothing until Run.
func New(o Options) (*Worker, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	o.fill()
	obs.ShowDisk(o.Registerer, obs.PlaceScratch, o.ScratchDir)
	w := &Worker{
		o:       o,
		log:     o.Logger.With("kind", string(o.Kind), "worker", o.Name),
		tracer:  o.Tracer.Tracer(scope),
		metrics: newMetrics(o.Registerer, o.Kind),
		queue:   o.Kind.Queue(),
		made:    o.Clock.Now(),
		store:   guard(o.Artifacts),
		life:    newLife(),
		active:  newActive(),
		slots:   make(chan struct{}, o.Slots),
		changed: make(chan struct{}),
	}
	return w, nil
}

func (o *Options) check() error {
	switch {
	case !o.Kind.Valid():
		return fmt.Errorf("kind %q: use video or audio", o.Kind)
	case o.Broker == nil, o.Status == nil, o.Artifacts == nil, o.Handler == nil:
		return errors.New("it needs a broker, a status client, an artifact store and a handler")
	case o.Slots < 0:
		return fmt.Errorf("slots %d: use at least 1", o.Slots)
	case o.DrainGrace < 0:
		return fmt.Errorf("drain grace %s: use 0 or more", o.DrainGrace)
	}
	return nil
}

func (o *Options) fill() {
	if o.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		o.Name = fmt.Sprintf("%s/%s-worker/%d", host, o.Kind, os.Getpid())
	}
	if o.Slots == 0 {
		o.Slots = 1
	}
	if o.ScratchDir == "" {
		o.ScratchDir = filepath.Join(os.TempDir(), "studycast")
	}
	if o.DrainGrace == 0 {
		o.DrainGrace = defaultDrainGrace
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider()
	}
	if o.Clock == nil {
		o.Clock = job.SystemClock{}
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
}

// Kill stops at once: attempts are stopped and given back, calls get 2 s, and
// Run returns. It is what a second signal does. It may be called at any time.
func (w *Worker) Kill() {
	w.log.Warn("killed: attempts are stopped and given back")
	w.life.kill()
}

// Ready returns nil while the worker really takes jobs, or would if operators
// had not paused its queue, and otherwise why not. A pause is nothing that a
// restart or another machine could mend.
func (w *Worker) Ready() error {
	if err := w.idle(); !errors.Is(err, errPaused) {
		return err
	}
	return nil
}

// idle returns why the worker takes no jobs; nil when it does.
func (w *Worker) idle() error {
	w.mu.Lock()
	session, paused := w.session, w.paused
	w.mu.Unlock()
	switch {
	case w.life.last.Err() != nil:
		return errors.New("the worker was drained and takes no jobs until it is started anew")
	case w.life.draining.Err() != nil:
		return errors.New("the worker is draining")
	case session == nil:
		return errors.New("no session at the status service yet")
	case !session.Connected():
		return errors.New("the stream to the status service is broken")
	case paused:
		return errPaused
	case !w.o.Broker.Consuming(w.queue):
		return fmt.Errorf("queue %s is not being consumed", w.queue)
	}
	return nil
}
