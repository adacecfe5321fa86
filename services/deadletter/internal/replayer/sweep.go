package replayer

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

const (
	// lookAgain is the pause between two looks for replays that were cut short
	// in another replica.
	lookAgain = 30 * time.Second
	// underWay is how old a replay has to be to look cut short.
	underWay   = 2 * finishTime
	atOnce     = 100
	firstPause = 200 * time.Millisecond
	longPause  = 10 * time.Second
)

func (r *Replayer) later() {
	select {
	case r.cut <- struct{}{}:
	default:
	}
}

// Run finishes replays that were cut short: those of an earlier run at once,
// those of this one when it becomes possible, those of other replicas when they
// look abandoned. It returns when ctx ends.
func (r *Replayer) Run(ctx context.Context) {
	again := backoff.NewExponentialBackOff()
	again.InitialInterval, again.MaxInterval = firstPause, longPause
	timer := time.NewTimer(0)
	defer timer.Stop()
	age := time.Duration(0)
	for {
		pause := lookAgain
		select {
		case <-ctx.Done():
			return
		case <-r.cut:
			pause = again.NextBackOff()
			age = 0
		case <-timer.C:
			if err := r.sweep(ctx, age); err == nil {
				again.Reset()
				age = underWay
			} else if ctx.Err() == nil {
				pause = again.NextBackOff()
				age = 0
				r.Logger.Warn("replays that were cut short wait", "error", err, "wait", pause)
			}
		}
		timer.Reset(pause)
	}
}

// sweep finishes the replays that were decided on before age ago.
func (r *Replayer) sweep(ctx context.Context, age time.Duration) error {
	f := store.Filter{States: []string{deadletterclient.Replaying}, Limit: atOnce}
	for {
		letters, err := r.Store.List(ctx, f)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if r.Clock.Now().Sub(l.ReplayedAt) < age {
				continue
			}
			bounded, cancel := context.WithTimeout(ctx, finishTime)
			_, _, err := r.finish(bounded, l)
			cancel()
			if state := (*deadletterclient.StateError)(nil); err != nil && !errors.As(err, &state) {
				return err
			}
		}
		if len(letters) < atOnce {
			return nil
		}
		f.Before = letters[len(letters)-1].ID
	}
}
