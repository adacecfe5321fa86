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

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/byline"
)

// The places where a test may stop the process.
const (
	AfterReplaying = "after-replaying-before-replay"
	AfterReplay    = "after-replay-before-replayed"
)

// finishTime bounds a replay that was decided, whatever its caller does.
const finishTime = 8 * time.Second

// Status is what the replayer asks for.
type Status interface {
	Replay(ctx context.Context, id job.ID, in statusclient.ReplayInput) (job.Job, error)
}

// Options are what a Replayer needs.
type Options struct {
	Store     store.Store
	Status    Status
	Broker    *broker.Broker
	Queues    []string // that a message may be sent to
	Clock     job.Clock
	Logger    *slog.Logger
	Metrics   *metrics.Metrics
	Failpoint func(name string)
	// Replayed hears of letters that are back at work; may be nil.
	Replayed func(ctx context.Context, l store.Letter)
}

// Replayer replays letters. It is safe for concurrent use.
type Replayer struct {
	Options
	cut chan struct{} // a replay was decided on and not finished
}

// New returns a Replayer; Run finishes what is cut short.
func New(o Options) *Replayer {
	if o.Replayed == nil {
		o.Replayed = func(context.Context, store.Letter) {}
	}
	return &Replayer{Options: o, cut: make(chan struct{}, 1)}
}

// Replay decides on a letter and carries it out; with another request than its
// own unless edited is nil. *job.InvalidError, store.ErrNotFound,
// *deadletterclient.StateError, job.ErrUnavailable.
func (r *Replayer) Replay(
	ctx context.Context, id, author, reason string, edited *job.Request,
) (store.Letter, job.Job, error) {
	if err := byline.Check(author, reason); err != nil {
		return store.Letter{}, job.Job{}, err
	}
	l, err := r.decide(ctx, id, author, reason, edited)
	if err != nil {
		return l, job.Job{}, r.counted(err)
	}
	return r.carryOut(ctx, l)
}

// carryOut finishes what was decided: a caller that hangs up does not undo it.
func (r *Replayer) carryOut(ctx context.Context, l store.Letter) (store.Letter, job.Job, error) {
	r.Failpoint(AfterReplaying)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return r.finish(ctx, l)
}

func (r *Replayer) counted(err error) error {
	if state := (*deadletterclient.StateError)(nil); errors.As(err, &state) {
		r.Metrics.Replay(metrics.Refused)
	}
	return err
}

// decide makes an open letter replaying. One that is replaying already is
// finished by whoever asks again; the record keeps who asked first.
func (r *Replayer) decide(ctx context.Context, id, author, reason string, edited *job.Request) (store.Letter, error) {
	whole, err := r.Store.Get(ctx, id)
	if err != nil {
		return store.Letter{}, err
	}
	own, unfit := letter.Request(whole)
	record, err := audit.Record(r.Clock.Now(), deadletterclient.ActionLetterReplay, author, reason, "dead letter "+id, "decided")
	if err != nil {
		return store.Letter{}, err
	}
	records := []deadletterclient.AuditRecord{record}
	var body []byte
	if edited != nil && unfit == "" {
		var change deadletterclient.AuditRecord
		if body, change, err = r.edit(whole, *own, *edited, author, reason); err != nil {
			return store.Letter{}, err
		}
		records = append(records, change)
	}
	return r.Store.Change(ctx, id, func(l *store.Letter) error {
		if err := open(*l); err != nil || l.State == deadletterclient.Replaying {
			return errors.Join(err, again(*l, edited != nil))
		}
		if unfit != "" {
			return refuse(*l, strings.TrimSuffix(unfit, "."), "It is kept as it is: discard it, or send it to another queue on purpose.")
		}
		r.begin(l, author, reason)
		l.EditedBody = body
		return nil
	}, records...)
}

// again refuses to decide otherwise on a letter that is decided on and not
// finished.
func again(l store.Letter, otherwise bool) error {
	if l.State != deadletterclient.Replaying || !otherwise {
		return nil
	}
	return refuse(l, l.ReplayedBy+" decided on it a moment ago", "Look at it again in a moment.")
}

// open returns why a letter can't be decided on; nil for one that is replaying,
// which was.
func open(l store.Letter) error {
	switch l.State {
	case deadletterclient.Replayed, deadletterclient.Recovered:
		if l.ReplayedBy == "" {
			return refuse(l, fmt.Sprintf("its job %s succeeded without it", l.JobID), "Nothing is left to do.")
		}
		return refuse(l, fmt.Sprintf("%s replayed it on %s", l.ReplayedBy, l.ReplayedAt.Format(time.RFC3339)),
			"Look at its job; when that dies again, that is a new dead letter.")
	case deadletterclient.Discarded:
		return refuse(l, fmt.Sprintf("%s discarded it on %s", l.DiscardedBy, l.DiscardedAt.Format(time.RFC3339)), "Restore it first.")
	}
	return nil
}

func (r *Replayer) begin(l *store.Letter, author, reason string) {
	l.State, l.ReplayedAt = deadletterclient.Replaying, r.Clock.Now()
	l.ReplayedBy, l.ReplayReason = author, reason
}

// Take puts the next letter of a replay among those that are replaying; Finish
// carries it out. Errors are those of store.Replays.
func (r *Replayer) Take(ctx context.Context, p store.Replay, holder string, upTo int) (store.Letter, error) {
	return r.Store.Take(ctx, p.ID, holder, upTo, func(l *store.Letter) error {
		r.begin(l, p.Author, p.Reason)
		l.ReplayID = p.ID
		return nil
	})
}

// Finish puts the job of a letter that was taken back to work. Its error says
// that it waits: it is tried again by itself.
func (r *Replayer) Finish(ctx context.Context, l store.Letter) error {
	_, _, err := r.carryOut(ctx, l)
	if state := (*deadletterclient.StateError)(nil); errors.As(err, &state) {
		return nil // its item is skipped, and says why
	}
	return err
}

func refuse(l store.Letter, why, remedy string) error {
	return &deadletterclient.StateError{ID: l.ID, State: l.State, Why: why, Remedy: remedy}
}
