// Package keeper does what nobody asks for: it rescues the jobs of lost
// workers, lets parked jobs go on, removes what retention does not keep, sweeps artifacts of deleted
// jobs and forgets old keys. It sleeps until the next of these is due.
package keeper

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// Options are what a Keeper needs.
type Options struct {
	Ledger *ledger.Ledger
	Hub    *hub.Hub
	Logger *slog.Logger
	// RemoveArtifacts removes every file of a job; it may be called twice.
	RemoveArtifacts func(context.Context, job.ID) error
}

// Pauses between two rounds.
const (
	// pace keeps a flood of events from making a flood of rounds; a rescue may
	// come this much later.
	pace = 50 * time.Millisecond
	// expireEvery is coarse: nobody waits for a key to be forgotten.
	expireEvery = time.Minute
	// afterError is the pause when the store or the artifacts fail.
	afterError = time.Second
)

// Keeper runs in one goroutine.
type Keeper struct {
	Options
	expired time.Time // when Expire ran last
	groups  map[store.Group]struct{}
}

// New returns a Keeper.
func New(o Options) *Keeper { return &Keeper{Options: o, groups: map[store.Group]struct{}{}} }

// Run works until ctx ends. Retention looks at every group once at the start:
// the policies may have changed.
func (k *Keeper) Run(ctx context.Context) {
	alarm := k.Hub.Upkeep.New()
	defer alarm.Stop()
	groups, err := k.Ledger.Groups(ctx)
	k.complain(ctx, "list groups", err)
	for _, g := range groups {
		k.groups[g] = struct{}{}
	}
	for ctx.Err() == nil {
		alarm.Reset()
		next := k.round(ctx)
		if !sleep.For(ctx, pace) || alarm.Sleep(ctx, next) != nil {
			return
		}
	}
}

// round does everything that is due and returns when the next thing is.
func (k *Keeper) round(ctx context.Context) time.Time {
	_, err := k.Ledger.Rescue(ctx)
	failed := k.complain(ctx, "rescue jobs of lost workers", err)
	failed = k.complain(ctx, "let parked jobs go on", k.Ledger.Unpark(ctx)) || failed
	failed = k.retain(ctx) || failed
	failed = k.complain(ctx, "remove artifacts of deleted jobs", k.Ledger.Sweep(ctx, k.RemoveArtifacts)) || failed
	if now := k.Ledger.Now(); now.Sub(k.expired) >= expireEvery {
		failed = k.complain(ctx, "forget old keys", k.Ledger.Expire(ctx)) || failed
		k.expired = now
	}
	d, err := k.Ledger.Deadlines(ctx)
	failed = k.complain(ctx, "read what is due next", err) || failed
	if failed {
		return k.Ledger.Now().Add(afterError)
	}
	next := ledger.Earlier(ledger.Earlier(d.Rescue, d.Sweep), d.Unpark)
	if !d.Expire.IsZero() {
		next = ledger.Earlier(next, later(d.Expire, k.expired.Add(expireEvery)))
	}
	return next
}

// retain keeps a group for the next round when it failed.
func (k *Keeper) retain(ctx context.Context) (failed bool) {
	for _, g := range k.Hub.Groups() {
		k.groups[g] = struct{}{}
	}
	for g := range k.groups {
		if _, err := k.Ledger.Retain(ctx, g); k.complain(ctx, "remove jobs that are kept no longer", err) {
			failed = true
			continue
		}
		delete(k.groups, g)
	}
	return failed
}

// complain logs an error unless it comes from the end of the service.
func (k *Keeper) complain(ctx context.Context, what string, err error) bool {
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return false
	}
	k.Logger.ErrorContext(ctx, "upkeep failed, it is tried again", "part", what, "error", err)
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
