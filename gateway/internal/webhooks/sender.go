package webhooks

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/core/webhook"
)

const (
	// atOnce is how many calls a gateway makes at once. The status service hands
	// out only a few for each host, so that a slow one keeps nobody else waiting.
	atOnce    = 32
	claimWait = 30 * time.Second
	// callTimeout bounds a call to the status service beyond what it waits.
	callTimeout = 5 * time.Second
	pauseLeast  = 100 * time.Millisecond
	pauseMost   = 5 * time.Second
)

// Claims hands out the calls that are due; statusclient.Client does.
type Claims interface {
	ClaimCalls(ctx context.Context, limit int, wait time.Duration) ([]webhook.Due, error)
	ReportCall(ctx context.Context, d webhook.Due, o webhook.Outcome) error
}

// SenderOptions are the surroundings of a Sender; Claims and Logger are needed.
type SenderOptions struct {
	Claims     Claims
	Addresses  guard.Addresses // that may be called; zero: the public internet
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
	Timeout    time.Duration         // of one try; 0 = 10 s
	Clock      func() time.Time      // of timestamps; nil = time.Now
	// Failpoint is called at after-send-before-report. Nil = none.
	Failpoint func(name string)
}

// Sender makes the calls of webhooks. Any number of them may run: claims keep
// them apart. A call whose sender dies after it was sent, and before that was
// told, is made again under the same id.
type Sender struct {
	o       SenderOptions
	metrics *metrics
	client  *client
}

// NewSender returns a Sender.
func NewSender(o SenderOptions) *Sender {
	if o.Timeout <= 0 {
		o.Timeout = tryTimeout
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
	return &Sender{o: o, metrics: newMetrics(o.Registerer), client: newClient(o)}
}

// Run makes calls until ctx ends, and then ends those under way within the time
// of one try. It returns nil.
func (s *Sender) Run(ctx context.Context) error {
	defer s.client.close()
	var tries sync.WaitGroup
	defer tries.Wait()
	places := make(chan struct{}, atOnce)
	pause := newPause()
	for ctx.Err() == nil {
		free, ok := take(ctx, places)
		if !ok {
			break
		}
		due, err := s.claim(ctx, free)
		for i := range free {
			if i >= len(due) {
				<-places
				continue
			}
			tries.Go(func() {
				defer func() { <-places }()
				s.try(ctx, due[i])
			})
		}
		switch {
		case err == nil:
			pause.Reset()
		case !sleep.For(ctx, pause.NextBackOff()):
			return nil
		}
	}
	return nil
}

// take waits for a place and takes all that are free; false when ctx ends.
func take(ctx context.Context, places chan struct{}) (n int, ok bool) {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return 0, false
	}
	for n = 1; n < cap(places); n++ {
		select {
		case places <- struct{}{}:
		default:
			return n, true
		}
	}
	return n, true
}

func newPause() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = pauseLeast, pauseMost
	return b
}

func (s *Sender) claim(ctx context.Context, limit int) ([]webhook.Due, error) {
	callCtx, cancel := context.WithTimeout(ctx, claimWait+callTimeout)
	defer cancel()
	due, err := s.o.Claims.ClaimCalls(callCtx, limit, claimWait)
	if err != nil && ctx.Err() == nil {
		s.metrics.claimFailures.Inc()
		s.o.Logger.WarnContext(ctx, "can't claim calls of webhooks, trying again", "error", err)
	}
	return due, err
}

// try makes one try and tells how it ended. The end of the gateway does not cut
// it, but leaves its outcome untold when the status service is away.
func (s *Sender) try(stop context.Context, d webhook.Due) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), d.Lease)
	defer cancel()
	began := time.Now()
	r := s.client.try(ctx, d)
	s.metrics.took.Observe(time.Since(began).Seconds())
	s.metrics.tries.WithLabelValues(r.label).Inc()
	s.o.Logger.DebugContext(ctx, "webhook called", "webhook", d.Webhook, "webhook_call", d.ID, "outcome", r.label, "status", r.Status, "error", r.cause)
	s.o.Failpoint("after-send-before-report")
	for pause := newPause(); ; {
		err := s.report(ctx, d, r.Outcome)
		if err == nil {
			return
		}
		if stop.Err() != nil || !sleep.For(ctx, pause.NextBackOff()) {
			s.metrics.unreported.Inc()
			s.o.Logger.WarnContext(ctx, "a webhook was called but that is not on record, it will be called again",
				"webhook", d.Webhook, "webhook_call", d.ID, "error", err)
			return
		}
	}
}

func (s *Sender) report(ctx context.Context, d webhook.Due, o webhook.Outcome) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.o.Claims.ReportCall(ctx, d, o)
}
