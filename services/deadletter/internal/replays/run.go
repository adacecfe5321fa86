package replays

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
)

// steps is a replay from wherever it is to its end.
func (r *Replays) steps(ctx context.Context, p store.Replay) error {
	pace := rate.NewLimiter(rate.Limit(p.Rate), 1)
	if p.Canary > 0 && !p.CanaryPassed {
		if err := r.take(ctx, p, p.Canary, pace); err != nil {
			return err
		}
		if err := r.judge(ctx, p); err != nil {
			return err
		}
		r.Failpoint(AfterCanary)
	}
	if err := r.take(ctx, p, 0, pace); err != nil {
		return err
	}
	r.Failpoint(AfterLast)
	_, err := r.Store.ChangeReplay(ctx, p.ID, func(p *store.Replay) error {
		if p.State != deadletterclient.ReplayRunning {
			return store.ErrHalted
		}
		p.State, p.EndedAt = deadletterclient.ReplayDone, r.Clock.Now()
		return nil
	})
	if err == nil {
		r.Metrics.ReplayEvent(metrics.Done)
		r.Logger.Info("a replay is done: every letter is back at work", "replay", p.ID, "letters", p.Letters)
	}
	return err
}

// take puts waiting letters back to work at the rate, those up to a position or
// all, until none of them waits. A letter under way is finished whatever
// happens to the replay.
func (r *Replays) take(ctx context.Context, p store.Replay, upTo int, pace *rate.Limiter) error {
	var working sync.WaitGroup
	defer working.Wait()
	free := make(chan struct{}, underWay)
	var trouble atomic.Bool
	for {
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		if trouble.Swap(false) && !sleep.For(ctx, pauseAfter) {
			return ctx.Err()
		}
		l, err := r.Replayer.Take(ctx, p, r.holder, upTo)
		if errors.Is(err, store.ErrExhausted) {
			return nil
		}
		if err != nil {
			return err
		}
		free <- struct{}{}
		working.Go(func() {
			defer func() { <-free }()
			if err := r.Replayer.Finish(ctx, l); err != nil {
				trouble.Store(true)
				r.Logger.WarnContext(letter.InTrace(ctx, l), "a letter of a replay waits; it is tried again",
					"replay", p.ID, "dead_letter", l.ID, "job", l.JobID, "error", err)
			}
			r.Changed()
		})
	}
}

// judge waits for the outcomes of the first letters and decides whether the
// rest may follow. store.ErrHalted when it may not.
func (r *Replays) judge(ctx context.Context, p store.Replay) error {
	deadline := r.Clock.Now().Add(r.CanaryTimeout)
	for {
		changed := r.hub.next()
		items, err := r.Store.Items(ctx, p.ID, p.Canary)
		if err != nil {
			return err
		}
		why, waiting := verdict(items)
		if why == "" && waiting > 0 && r.Clock.Now().After(deadline) {
			why = fmt.Sprintf("%d of the first %d letters had no outcome within %s", waiting, len(items), r.CanaryTimeout)
		}
		switch {
		case why != "":
			return r.halt(ctx, p, why)
		case waiting == 0:
			return r.pass(ctx, p)
		}
		current, err := r.Store.Replay(ctx, p.ID)
		if err != nil {
			return err
		}
		if current.State != deadletterclient.ReplayRunning {
			return store.ErrHalted
		}
		if !r.wait(ctx, changed) {
			return ctx.Err()
		}
	}
}

// verdict says why the rest must not follow, or for how many of the first
// letters it has to wait.
func verdict(items []store.Item) (why string, waiting int) {
	failed, ended := 0, 0
	for _, i := range items {
		switch i.State {
		case store.ItemWaiting, store.ItemRunning:
			waiting++
		case store.ItemFailedAgain:
			failed++
			ended++
			if i.Again == i.Fingerprint {
				return fmt.Sprintf("letter %s failed again with the same fault (fingerprint %s)", i.Letter, i.Again), 0
			}
		case store.ItemRecovered:
			ended++
		}
	}
	if waiting == 0 && failed > 0 && failed == ended {
		return fmt.Sprintf("none of the first %d letters recovered: %d failed again with other faults", len(items), failed), 0
	}
	return "", waiting
}

func (r *Replays) pass(ctx context.Context, p store.Replay) error {
	_, err := r.Store.ChangeReplay(ctx, p.ID, func(p *store.Replay) error {
		p.CanaryPassed = true
		return nil
	})
	if err == nil {
		r.Logger.Info("the first letters of a replay ended well: the rest follows", "replay", p.ID)
		r.Changed()
	}
	return err
}

// halt stops a replay by itself.
func (r *Replays) halt(ctx context.Context, p store.Replay, why string) error {
	record, err := audit.Record(r.Clock.Now(), deadletterclient.ActionReplayStop, deadletterclient.Service, why,
		"replay "+p.ID, "stopped by itself; letters that wait stay open")
	if err != nil {
		return err
	}
	_, err = r.Store.ChangeReplay(ctx, p.ID, func(p *store.Replay) error {
		if p.State != deadletterclient.ReplayRunning {
			return store.ErrHalted
		}
		p.State, p.Why, p.EndedAt = deadletterclient.ReplayStopped, why, r.Clock.Now().UTC().Truncate(time.Microsecond)
		return nil
	}, record)
	if err != nil {
		return err
	}
	r.Metrics.ReplayEvent(metrics.Halted)
	r.Logger.Warn("a replay stopped by itself", "replay", p.ID, "why", why)
	r.Changed()
	return store.ErrHalted
}
