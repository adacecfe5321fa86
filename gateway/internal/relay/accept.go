package relay

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/fault"
)

const (
	// patience is how long a broker may be away before new work is refused:
	// longer than a lost connection or a fail-over takes.
	patience = 5 * time.Second
	// comeBack is what refused callers are told to wait.
	comeBack = 5 * time.Second
)

// gate remembers since when the broker is away.
type gate struct {
	met   atomic.Bool // it was there once
	mu    sync.Mutex
	since time.Time // zero while it is there
}

// look asks the broker whether it takes messages and remembers the answer.
func (r *Relay) look() error {
	err := r.broker.Ready()
	g := &r.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.met.Store(true)
		if !g.since.IsZero() {
			r.log.Info("the broker takes messages again", "took", time.Since(g.since).Round(time.Millisecond))
		}
		g.since = time.Time{}
	case g.since.IsZero():
		g.since = time.Now()
		r.log.Warn("the broker takes no messages, they stay in the outbox", "error", err)
	}
	return err
}

// awayFor returns for how long the broker has been away.
func (g *gate) awayFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.since.IsZero() {
		return 0
	}
	return time.Since(g.since)
}

// Accepts returns nil while new work is taken. It is refused, with a fault of
// kind dependency that says when to come back, while the broker says itself
// that it takes nothing, and once it has been away for 5 s.
func (r *Relay) Accepts() error {
	err := r.look()
	why := whyAway
	switch {
	case err == nil:
		return nil
	case errors.Is(err, broker.ErrBlocked):
		why = whyBlocked
	case r.gate.awayFor() < patience:
		return nil
	}
	r.metrics.refused.WithLabelValues(why).Inc()
	return fault.Wrap(fault.Dependency, err,
		"No new jobs are taken right now: the queue behind this service can't hold them. Jobs that were taken before are safe. Try again in a few seconds.").
		After(comeBack)
}
