// Package replays runs replays: a frozen selection of letters goes back to work
// at a rate, the first few alone. Everything that matters is in the store, so
// that another run of the service, or another replica, goes on where this one
// ended.
package replays

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/internal/replayer"
	"github.com/studycast/studycast/services/deadletter/store"
)

// The places where a test may stop the process.
const (
	AfterFreeze = "after-freeze-before-run"
	AfterCanary = "after-canary-before-rest"
	AfterLast   = "after-last-before-done"
)

const (
	// lease is how long a replica that vanished keeps a replay to itself.
	lease = 10 * time.Second
	// lookAgain is the pause between two looks for replays of other replicas and
	// for their changes.
	lookAgain  = time.Second
	pauseAfter = time.Second // an error
	endTime    = 5 * time.Second
	// canaryTimeout is how long the outcome of the first letters is waited for:
	// longer than a job takes with all of its retries.
	canaryTimeout = 30 * time.Minute
	// underWay is how many letters of a replay are put to work at once.
	underWay = 8
)

// Options are what Replays need.
type Options struct {
	Store         store.Store
	Replayer      *replayer.Replayer
	Clock         job.Clock
	Logger        *slog.Logger
	Metrics       *metrics.Metrics
	Failpoint     func(name string)
	CanaryTimeout time.Duration // 0 = 30 min
}

// Replays makes, steers and runs replays. It is safe for concurrent use.
type Replays struct {
	Options
	holder string
	hub    *hub
	wake   chan struct{}
}

// New returns Replays; Run runs them.
func New(o Options) *Replays {
	if o.CanaryTimeout == 0 {
		o.CanaryTimeout = canaryTimeout
	}
	return &Replays{Options: o, holder: uuid.NewString(), hub: newHub(), wake: make(chan struct{}, 1)}
}

// Changed tells that a letter of a replay has its outcome, or a replay changed.
func (r *Replays) Changed() { r.hub.changed() }

// wait returns at the next change, or after a while when another replica may
// have made one. It reports whether ctx is still alive.
func (r *Replays) wait(ctx context.Context, changed <-chan struct{}) bool {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	case <-timer.C:
	}
	return true
}

// Run runs replays until ctx ends; then others may go on with them at once.
func (r *Replays) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		now := r.Clock.Now()
		p, err := r.Store.ClaimReplay(ctx, r.holder, now, now.Add(lease))
		switch {
		case err == nil:
			running.Go(func() { r.run(ctx, p) })
		case errors.Is(err, store.ErrReplayNotFound):
			r.rest(ctx)
		default:
			if ctx.Err() == nil {
				r.Logger.Warn("replays wait", "error", err)
			}
			sleep.For(ctx, pauseAfter)
		}
	}
}

func (r *Replays) rest(ctx context.Context) {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-timer.C:
	}
}

func (r *Replays) poke() {
	r.Changed()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run runs one replay while it is running and held, and lets go of it.
func (r *Replays) run(ctx context.Context, p store.Replay) {
	held, cancel := context.WithCancel(ctx)
	defer cancel()
	var keeping sync.WaitGroup
	defer keeping.Wait()
	keeping.Go(func() {
		r.keep(held, p.ID)
		cancel()
	})
	log := r.Logger.With("replay", p.ID)
	log.Info("a replay runs here", "letters", p.Letters, "rate", p.Rate)
	err := r.steps(held, p)
	cancel()
	if err != nil && !errors.Is(err, store.ErrHalted) && ctx.Err() == nil {
		log.Warn("a replay waits", "error", err)
		sleep.For(ctx, pauseAfter)
	}
	keeping.Wait()
	last, end := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer end()
	if err := r.Store.HoldReplay(last, p.ID, r.holder, time.Time{}); err != nil && !errors.Is(err, store.ErrHalted) {
		log.Warn("a replay could not be given up; it goes on elsewhere when its lease is over", "error", err)
	}
	r.Changed()
}

// keep holds the lease until ctx ends or it is lost.
func (r *Replays) keep(ctx context.Context, id string) {
	for sleep.For(ctx, lease/4) {
		err := r.Store.HoldReplay(ctx, id, r.holder, r.Clock.Now().Add(lease))
		if errors.Is(err, store.ErrHalted) || errors.Is(err, store.ErrReplayNotFound) {
			return
		}
	}
}
