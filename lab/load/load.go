// Package load submits jobs to a running system, over REST or gRPC, keeps what
// the system promised for each of them, and measures how it kept it.
package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Options say what is submitted and how. Targets is needed; every other field
// may be left out.
type Options struct {
	// Targets are the gateways: http://host:port for REST, grpc://host:port for
	// gRPC. Clients spread over them, and a try after trouble goes to the next.
	Targets []string

	Jobs    int           // how many; 0 = until For is over
	For     time.Duration // how long to submit; 0 = until Jobs are submitted
	Clients int           // submissions at once; 0 = 16
	// Rate is how many are submitted in a second, whether or not the system
	// keeps up, as far as Clients allow; 0 = as fast as Clients can.
	Rate float64

	Kinds  []job.Kind                    // taken in turn; nil = all
	Labels func(i int) map[string]string // of submission i; nil = none
	Source func(i int) job.Source        // of submission i; nil = a short text
	Key    string                        // start of the idempotency keys; "" = random
	Told   func(i int, id job.ID)        // called for each accepted job, concurrently; may be nil

	CallTimeout time.Duration // of one call; 0 = 15 s
	// Patience is how long a submission that got no answer, or a refusal that
	// may pass, is tried again with the same key; 0 = 1 min, negative = once.
	Patience time.Duration
	// Final is how long to wait, after the last submission, for every job to
	// become final; 0 = 1 min, negative = not at all.
	Final time.Duration
}

const (
	defaultClients     = 16
	defaultCallTimeout = 15 * time.Second
	defaultPatience    = time.Minute
	defaultFinal       = time.Minute
)

// Run submits, waits for the end of the jobs and reports. The end of ctx ends
// the submissions and the wait early; the report then says how far it came. An
// error means that nothing could be measured: wrong options, no target.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.check(); err != nil {
		return Report{}, fmt.Errorf("load: %w", err)
	}
	o.fill()
	targets, err := open(o.Targets, o.Clients)
	if err != nil {
		return Report{}, fmt.Errorf("load: %w", err)
	}
	defer targets.close()
	began := time.Now()
	s := &submitter{o: o, targets: targets}
	s.run(ctx)
	r := s.report(time.Since(began))
	if o.Final > 0 {
		final, cancel := context.WithTimeout(ctx, o.Final)
		defer cancel()
		w := &waiter{targets: targets, timeout: o.CallTimeout, accepted: s.accepted, since: s.earliest}
		w.run(final, &r)
	}
	return r, nil
}

func (o *Options) check() error {
	switch {
	case len(o.Targets) == 0:
		return errors.New("no target: give http://host:port or grpc://host:port")
	case o.Jobs < 0 || o.For < 0 || o.Jobs == 0 && o.For == 0:
		return errors.New("say how many jobs to submit, or for how long")
	case o.Clients < 0 || o.Rate < 0:
		return errors.New("clients and rate can't be negative")
	}
	for _, k := range o.Kinds {
		if !k.Valid() {
			return fmt.Errorf("kind %q: use video or audio", k)
		}
	}
	return nil
}

func (o *Options) fill() {
	if o.Clients == 0 {
		o.Clients = defaultClients
	}
	if len(o.Kinds) == 0 {
		o.Kinds = job.Kinds()
	}
	if o.Key == "" {
		o.Key = rand.Text()
	}
	fill := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	fill(&o.CallTimeout, defaultCallTimeout)
	fill(&o.Patience, defaultPatience)
	fill(&o.Final, defaultFinal)
}

// request is submission i. It is the same each time it is asked for, as its
// idempotency key demands.
func (o *Options) request(i int) job.Request {
	r := job.Request{
		Kind:    o.Kinds[i%len(o.Kinds)],
		Source:  job.Source{Text: fmt.Sprintf("# Load %d\n\nA short text that nobody reads.", i)},
		Options: job.Options{Length: "short"},
	}
	if o.Source != nil {
		r.Source = o.Source(i)
	}
	if o.Labels != nil {
		r.Labels = o.Labels(i)
	}
	return r
}
