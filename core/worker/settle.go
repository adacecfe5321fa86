package worker

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
)

const (
	// callTimeout bounds one call: a peer that hangs must not hold the slot,
	// the next try may reach a living one.
	callTimeout = 10 * time.Second
	retryMin    = 50 * time.Millisecond
	retryMax    = 2 * time.Second
)

// errGivenUp: a call was never answered and the worker is at its end.
var errGivenUp = errors.New("given up at the end of the worker")

// persist calls until it is answered or ctx ends. What never gets better ends
// it at once.
func persist[T any](ctx context.Context, w *Worker, call string, f func(context.Context) (T, error)) (T, error) {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: retryMin, MaxInterval: retryMax, Multiplier: 2, RandomizationFactor: 0.2,
	}
	v, err := backoff.Retry(ctx, func() (T, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		v, err := f(ctx)
		if hopeless(err) {
			return v, backoff.Permanent(err)
		}
		return v, err
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, next time.Duration) {
		w.metrics.retried(call)
		w.log.WarnContext(ctx, "a call failed and is made again", "call", call, "error", err, "wait", next)
	}))
	if err != nil && ctx.Err() != nil && !hopeless(err) {
		return v, errors.Join(errGivenUp, err)
	}
	return v, err
}

// hopeless reports whether the same call would fail the same way for ever.
func hopeless(err error) bool {
	var state *job.StateError
	var invalid *job.InvalidError
	return errors.Is(err, job.ErrNotFound) || errors.As(err, &state) || errors.As(err, &invalid) ||
		errors.Is(err, broker.ErrSettled) || errors.Is(err, broker.ErrLost) || errors.Is(err, broker.ErrClosed) ||
		errors.Is(err, broker.ErrInvalid) || errors.Is(err, broker.ErrUnknownQueue)
}

// finish stores an outcome. A status service that is down is no failure of the
// attempt: it is asked until it answers, however long that takes, or until the
// worker ends.
func (w *Worker) finish(ctx context.Context, id job.ID, attempt int, o job.Outcome) (job.Verdict, error) {
	ctx, cancel := until(ctx, w.life.last)
	defer cancel()
	v, err := persist(ctx, w, callFinish, func(ctx context.Context) (job.Verdict, error) {
		return w.session.Finish(ctx, id, attempt, o)
	})
	if err != nil {
		w.session.Forget(id, attempt)
	}
	return v, err
}

// settle ends the delivery, the last thing that happens to it.
func (w *Worker) settle(ctx context.Context, d *broker.Delivery, s settlement) {
	if s.action == job.Release {
		s = w.giveBack(d, s)
	}
	log := w.log.With("job", d.Message.ID, "action", string(s.action), "why", s.why)
	live, cancel := until(ctx, w.life.last)
	defer cancel()
	_, err := persist(live, w, string(s.action), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, w.settleOnce(ctx, d, s)
	})
	if errors.Is(err, broker.ErrInvalid) && s.action == job.Retry {
		err = w.comeRound(live, d, s, err)
	}
	switch {
	case err == nil:
		log.InfoContext(ctx, "delivery settled")
	case errors.Is(err, errGivenUp):
		ctx, cancel := context.WithTimeout(ctx, lastWord)
		defer cancel()
		log.WarnContext(ctx, "delivery could not be settled in time and is given back", "error", errors.Join(err, d.Release(ctx)))
	default:
		// Lost with its session, or the broker is closed: it comes again, and
		// the status service knows by then that there is nothing left to do.
		log.InfoContext(ctx, "delivery was lost and comes again", "error", err)
	}
}

// comeRound is for a delay that the broker has no level for, by another
// configuration than the status service's: the delivery is held for some of it
// and comes again as a new message, to be told how long it is still to wait.
func (w *Worker) comeRound(ctx context.Context, d *broker.Delivery, s settlement, why error) error {
	w.log.ErrorContext(ctx, "the broker can't hold the delay of a retry: give all programs the same policies",
		"job", d.Message.ID, "error", why)
	sleep.For(ctx, min(s.after, maxHold))
	_, err := persist(ctx, w, string(s.action), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.Retry(ctx, 0, s.attempt)
	})
	return err
}

// giveBack waits, in a drain or a pause, until nothing comes straight back, and
// sends a worn message round instead.
func (w *Worker) giveBack(d *broker.Delivery, s settlement) settlement {
	if d.Count >= worn {
		s.action, s.after, s.attempt = job.Retry, 0, d.Message.Attempt
		return s
	}
	w.deaf()
	return s
}

func (w *Worker) settleOnce(ctx context.Context, d *broker.Delivery, s settlement) error {
	switch s.action {
	case job.Ack:
		return d.Ack(ctx)
	case job.Retry:
		return d.Retry(ctx, w.holdable(s.after), s.attempt)
	case job.Dead:
		return d.Dead(ctx, s.reason)
	default:
		return d.Release(ctx)
	}
}

// holdable cuts a delay to the longest that the broker can hold. The delivery
// then comes early, is told to wait, and goes round again.
func (w *Worker) holdable(d time.Duration) time.Duration {
	if levels := w.o.Broker.Caps().Delays; len(levels) > 0 {
		return min(d, levels[len(levels)-1])
	}
	return d
}
