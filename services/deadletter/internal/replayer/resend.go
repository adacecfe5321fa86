package replayer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/byline"
)

// Resend publishes the message of an open letter, as it came, to a work queue.
// Cut short, it is published again. *job.InvalidError, store.ErrNotFound,
// *deadletterclient.StateError, job.ErrUnavailable.
func (r *Replayer) Resend(ctx context.Context, id, queue, author, reason string) (store.Letter, error) {
	if err := byline.Check(author, reason); err != nil {
		return store.Letter{}, err
	}
	if !slices.Contains(r.Queues, queue) {
		return store.Letter{}, &job.InvalidError{Fields: []job.FieldError{{
			Path: "queue", Message: fmt.Sprintf("is not a work queue: use one of %v", r.Queues),
		}}}
	}
	record, err := audit.Record(r.Clock.Now(), deadletterclient.ActionResend, author, reason, "dead letter "+id, "decided: to "+queue)
	if err != nil {
		return store.Letter{}, err
	}
	l, err := r.Store.Change(ctx, id, func(l *store.Letter) error {
		if err := open(*l); err != nil {
			return err
		}
		if l.State == deadletterclient.Replaying {
			return again(*l, true)
		}
		r.begin(l, author, reason)
		l.ResentTo = queue
		return nil
	}, record)
	if err != nil {
		return l, r.counted(err)
	}
	l, _, err = r.carryOut(ctx, l)
	return l, err
}

// publish sends the message of a letter that was decided on.
func (r *Replayer) publish(ctx context.Context, l store.Letter) (store.Letter, error) {
	whole, err := r.Store.Get(ctx, l.ID)
	if err != nil {
		r.later()
		return l, err
	}
	err = r.Broker.Publish(ctx, l.ResentTo, letter.Message(whole))
	switch {
	case errors.Is(err, broker.ErrInvalid), errors.Is(err, broker.ErrUnknownQueue), errors.Is(err, broker.ErrUnroutable):
		refused := l
		refused.State = deadletterclient.Open
		return store.Letter{}, r.undo(ctx, refused, l.JobState,
			refuse(refused, fmt.Sprintf("the broker refuses its message: %v", err), "Export it, or discard it."))
	case err != nil:
		r.Metrics.Replay(metrics.Unavailable)
		r.later()
		return store.Letter{}, fmt.Errorf("send dead letter %s to %s: %w: %w", l.ID, l.ResentTo, job.ErrUnavailable, err)
	}
	r.Failpoint(AfterReplay)
	after, err := r.Store.Change(ctx, l.ID, func(l *store.Letter) error {
		if l.State != deadletterclient.Replaying { // somebody else was quicker
			return nil
		}
		l.State, l.Outcome, l.OutcomeAt = deadletterclient.Replayed, deadletterclient.OutcomeResent, r.Clock.Now().UTC().Truncate(time.Microsecond)
		return nil
	})
	if err != nil {
		r.later()
		return l, err
	}
	r.Metrics.Replay(metrics.Replayed)
	r.Logger.InfoContext(letter.InTrace(ctx, l), "a dead letter is sent to a queue on purpose",
		"dead_letter", l.ID, "job", l.JobID, "queue", l.ResentTo)
	return after, nil
}
