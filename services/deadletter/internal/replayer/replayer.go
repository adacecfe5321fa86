// Package replayer puts the jobs of dead letters back to work. The decision is
// stored before anything is done and its outcome after, so that a replay that
// was cut short is finished later, here or by another replica; the status
// service takes the same letter once, however often it is told.
package replayer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
)

// The places where a test may stop the process.
const (
	AfterReplaying = "after-replaying-before-replay"
	AfterReplay    = "after-replay-before-replayed"
)

const (
	maxAuthor = 256  // bytes
	maxReason = 1000 // bytes
	// finishTime bounds a replay that was decided, whatever its caller does.
	finishTime = 8 * time.Second
	// lookAgain is the pause between two looks for replays that were cut short
	// in another replica.
	lookAgain = 30 * time.Second
	// underWay is how old a replay has to be to look cut short.
	underWay   = 2 * finishTime
	atOnce     = 100
	firstPause = 200 * time.Millisecond
	longPause  = 10 * time.Second
)

// Status is what the replayer asks for.
type Status interface {
	Replay(ctx context.Context, id job.ID, in statusclient.ReplayInput) (job.Job, error)
}

// Options are what a Replayer needs.
type Options struct {
	Store     store.Store
	Status    Status
	Clock     job.Clock
	Logger    *slog.Logger
	Metrics   *metrics.Metrics
	Failpoint func(name string)
}

// Replayer replays letters. It is safe for concurrent use.
type Replayer struct {
	Options
	cut chan struct{} // a replay was decided on and not finished
}

// New returns a Replayer; Run finishes what is cut short.
func New(o Options) *Replayer { return &Replayer{Options: o, cut: make(chan struct{}, 1)} }

// Replay decides on a letter and carries it out. *job.InvalidError,
// store.ErrNotFound, *deadletterclient.StateError, job.ErrUnavailable.
func (r *Replayer) Replay(ctx context.Context, id, author, reason string) (store.Letter, job.Job, error) {
	if err := check(author, reason); err != nil {
		return store.Letter{}, job.Job{}, err
	}
	l, err := r.decide(ctx, id, author, reason)
	if err != nil {
		if state := (*deadletterclient.StateError)(nil); errors.As(err, &state) {
			r.Metrics.Replay(metrics.Refused)
		}
		return l, job.Job{}, err
	}
	r.Failpoint(AfterReplaying)
	// The decision stands: a caller that hangs up does not undo it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return r.finish(ctx, l)
}

func check(author, reason string) error {
	var bad []job.FieldError
	for _, f := range []struct {
		path, value string
		limit       int
	}{{"author", author, maxAuthor}, {"reason", reason, maxReason}} {
		switch {
		case strings.TrimSpace(f.value) == "":
			bad = append(bad, job.FieldError{Path: f.path, Message: "is empty: say who replays it and why, for the record"})
		case len(f.value) > f.limit:
			bad = append(bad, job.FieldError{Path: f.path, Message: fmt.Sprintf("has %d bytes: use at most %d", len(f.value), f.limit)})
		}
	}
	if bad != nil {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// decide makes an open letter replaying. One that is replaying already is
// finished by whoever asks again; the record keeps who asked first.
func (r *Replayer) decide(ctx context.Context, id, author, reason string) (store.Letter, error) {
	whole, err := r.Store.Get(ctx, id)
	if err != nil {
		return store.Letter{}, err
	}
	_, unfit := letter.Request(whole)
	return r.Store.Change(ctx, id, func(l *store.Letter) error {
		switch {
		case l.State == deadletterclient.Replayed:
			return refuse(*l, fmt.Sprintf("%s replayed it on %s", l.ReplayedBy, l.ReplayedAt.Format(time.RFC3339)),
				"Look at its job; when that dies again, that is a new dead letter.")
		case l.State == deadletterclient.Replaying:
			return nil
		case unfit != "":
			return refuse(*l, strings.TrimSuffix(unfit, "."), "It is kept as it is; nothing to replay.")
		}
		l.State, l.ReplayedAt = deadletterclient.Replaying, r.Clock.Now()
		l.ReplayedBy, l.ReplayReason = author, reason
		return nil
	})
}

func refuse(l store.Letter, why, remedy string) error {
	return &deadletterclient.StateError{ID: l.ID, State: l.State, Why: why, Remedy: remedy}
}

// finish carries out a replay that was decided on.
func (r *Replayer) finish(ctx context.Context, l store.Letter) (store.Letter, job.Job, error) {
	if l.State != deadletterclient.Replaying {
		return l, job.Job{}, nil
	}
	j, err := r.Status.Replay(ctx, l.JobID, statusclient.ReplayInput{
		DeadLetter: l.ID, Why: fmt.Sprintf("dead letter %s replayed by %s: %s", l.ID, l.ReplayedBy, l.ReplayReason),
	})
	if err != nil {
		return r.failed(ctx, l, err)
	}
	r.Failpoint(AfterReplay)
	after, err := r.Store.Change(ctx, l.ID, func(l *store.Letter) error {
		l.State, l.JobState = deadletterclient.Replayed, string(j.State)
		return nil
	})
	if err != nil {
		r.later()
		return l, j, err
	}
	r.Metrics.Replay(metrics.Replayed)
	r.Logger.Info("a dead letter is replayed", "dead_letter", l.ID, "job", l.JobID, "author", l.ReplayedBy)
	return after, j, nil
}

// failed opens a letter again whose job can't be put to work; after any other
// error the replay stays decided on and is finished later.
func (r *Replayer) failed(ctx context.Context, l store.Letter, err error) (store.Letter, job.Job, error) {
	var state *job.StateError
	var invalid *job.InvalidError
	var refusal error
	jobState := deadletterclient.JobUnknown
	l.State = deadletterclient.Open
	switch {
	case errors.As(err, &state):
		jobState = string(state.State)
		refusal = refuse(l, fmt.Sprintf("its job %s is %s", l.JobID, state.State), state.Remedy)
	case errors.Is(err, job.ErrNotFound), errors.As(err, &invalid):
		refusal = refuse(l, fmt.Sprintf("the status service knows no job %s", l.JobID),
			"Its owner or retention removed it, or it never was one; nothing to replay.")
	default:
		r.Metrics.Replay(metrics.Unavailable)
		r.later()
		return store.Letter{}, job.Job{}, fmt.Errorf("replay dead letter %s: %w", l.ID, err)
	}
	_, err = r.Store.Change(ctx, l.ID, func(l *store.Letter) error {
		if l.State != deadletterclient.Replaying {
			return nil
		}
		l.State, l.JobState = deadletterclient.Open, jobState
		l.ReplayedAt, l.ReplayedBy, l.ReplayReason = time.Time{}, "", ""
		return nil
	})
	if err != nil {
		r.later()
		return store.Letter{}, job.Job{}, err
	}
	r.Metrics.Replay(metrics.Refused)
	return store.Letter{}, job.Job{}, refusal
}

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
				r.Logger.Warn("replays that were cut short wait", "error", err, "next_try", pause)
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
