// Package taker takes what lands in the dead queues: it stores the letter
// durably, then tells the status service, then acknowledges. Killed in between
// it begins again with the same letter, which changes nothing that was done.
package taker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/letter"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
)

// The places where a test may stop the process.
const (
	AfterStore = "after-store-before-bury"
	AfterBury  = "after-bury-before-ack"
)

const (
	// prefetch is how many letters of a queue are on their way at once: enough to
	// share commits, few enough to come again quickly after a crash.
	prefetch    = 16
	callTimeout = 10 * time.Second // of one call of the store or the status service
	ackTime     = 10 * time.Second // for an acknowledgement, tried again
	releaseTime = 5 * time.Second
	firstPause  = 200 * time.Millisecond
	longPause   = 10 * time.Second
)

// Status is what the taker tells of a letter.
type Status interface {
	Bury(ctx context.Context, id job.ID, in statusclient.BuryInput) (job.Job, error)
}

// Options are what a Taker needs.
type Options struct {
	Broker    *broker.Broker
	Queues    []string // work queues; what is unroutable is taken as well
	Store     store.Store
	Status    Status
	Clock     job.Clock
	Logger    *slog.Logger
	Metrics   *metrics.Metrics
	Failpoint func(name string)
}

// Taker takes dead letters.
type Taker struct {
	Options
	lines []*line
}

// New returns a Taker; Run it.
func New(o Options) *Taker {
	t := &Taker{Options: o}
	for _, queue := range o.Queues {
		t.lines = append(t.lines, &line{Taker: t, queue: queue, dead: broker.DeadQueue(queue), log: o.Logger.With("queue", queue)})
	}
	if name := o.Broker.Caps().Unroutable; name != "" {
		t.lines = append(t.lines, &line{Taker: t, queue: name, dead: name, log: o.Logger.With("queue", name)})
	}
	return t
}

// Run takes until ctx ends. What is under way then is given back. It returns an
// error only when the broker can never be consumed.
func (t *Taker) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range t.lines {
		group.Go(func() error {
			return t.Broker.Consume(ctx, l.dead, prefetch, func(handling context.Context, d *broker.Delivery) {
				l.handle(handling, ctx, d)
			})
		})
	}
	return group.Wait()
}

// Missing returns a queue that is not consumed now; "" = none.
func (t *Taker) Missing() (queue string) {
	for _, l := range t.lines {
		if !t.Broker.Consuming(l.dead) {
			return l.dead
		}
	}
	return ""
}

// line is a dead queue, or the queue of what is unroutable.
type line struct {
	*Taker
	queue string // work queue; of what is unroutable the name itself
	dead  string // what is consumed
	log   *slog.Logger
}

// handle takes one delivery. The end of drain stops every wait.
func (l *line) handle(ctx, drain context.Context, d *broker.Delivery) {
	defer l.Metrics.Held(l.queue)()
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(drain, cancel)
	defer stop()
	stored, err := l.store(work, d)
	if err != nil {
		l.giveBack(work, ctx, d, err)
		return
	}
	l.Failpoint(AfterStore)
	if err := l.bury(work, stored); err != nil {
		l.release(ctx, d)
		return
	}
	l.Failpoint(AfterBury)
	l.ack(ctx, d)
	l.Metrics.Taken(l.queue, l.Clock.Now().Sub(stored.DiedAt))
}

// store makes the letter durable.
func (l *line) store(ctx context.Context, d *broker.Delivery) (store.Letter, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return store.Letter{}, err
	}
	arrived := letter.New(id.String(), letter.Arrival{
		Queue: l.queue, Message: d.Message, EnqueuedAt: d.EnqueuedAt, At: l.Clock.Now(),
	})
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stored, err := l.Store.Put(ctx, arrived, func(before store.Letter) bool { return letter.Same(arrived, before) })
	if err != nil {
		return stored, err
	}
	l.Metrics.Stored(stored)
	l.log.InfoContext(ctx, "a dead letter is stored", "dead_letter", stored.ID, "job", stored.JobID, "fault", stored.Fault.Kind,
		"attempt", stored.Attempt, "copies", stored.Copies)
	return stored, nil
}

// giveBack releases what could not be stored, after a pause that grows while
// nothing can be: another replica may do better, and a broken store is not
// called all the time.
func (l *line) giveBack(work, ctx context.Context, d *broker.Delivery, err error) {
	if work.Err() == nil {
		pause := pauseAfter(d.Count)
		l.Metrics.Again(l.queue, metrics.Store)
		l.log.ErrorContext(ctx, "a dead letter can't be stored; it is given back to its queue",
			"job", d.Message.ID, "error", err, "wait", pause)
		sleep.For(work, pause)
	}
	l.release(ctx, d)
}

// pauseAfter is the pause after a message was handed out count times; 0 = not
// known, and more than once.
func pauseAfter(count int) time.Duration {
	if count == 0 {
		return longPause
	}
	return min(longPause, firstPause<<min(count-1, 10))
}

// bury tells the status service until it answers, and keeps the answer with the
// letter.
func (l *line) bury(ctx context.Context, stored store.Letter) error {
	state := deadletterclient.JobUnknown
	var attempts []deadletterclient.Attempt
	if stored.JobID != "" {
		var err error
		if state, attempts, err = l.tell(ctx, stored); err != nil {
			return err
		}
	}
	if state == stored.JobState {
		return nil
	}
	return l.persist(ctx, metrics.Store, stored, func(ctx context.Context) error {
		err := l.Store.Told(ctx, stored.ID, state, attempts)
		if errors.Is(err, store.ErrNotFound) { // removed meanwhile: one more copy of an old death
			return nil
		}
		return err
	})
}

// tell returns the state of the job after it, and the attempts that it had.
func (l *line) tell(ctx context.Context, stored store.Letter) (state string, attempts []deadletterclient.Attempt, err error) {
	err = l.persist(ctx, metrics.Bury, stored, func(ctx context.Context) error {
		j, err := l.Status.Bury(ctx, stored.JobID, statusclient.BuryInput{
			DeadLetter: stored.ID, Attempt: stored.Attempt, Fault: letter.JobFault(stored),
		})
		var invalid *job.InvalidError
		switch {
		case err == nil:
			state, attempts = string(j.State), letter.Attempts(j.History)
		case errors.Is(err, job.ErrNotFound), errors.As(err, &invalid): // no job, or not even the id of one
			state = deadletterclient.JobUnknown
		default:
			return err
		}
		return nil
	})
	return state, attempts, err
}

// persist calls until there is no error. It gives up only when ctx ends.
func (l *line) persist(ctx context.Context, call string, about store.Letter, do func(context.Context) error) error {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = firstPause, longPause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return struct{}{}, do(bounded)
	},
		backoff.WithBackOff(b), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, next time.Duration) {
			l.Metrics.Again(l.queue, call)
			l.log.WarnContext(ctx, "a dead letter waits: it is stored, what follows is tried again",
				"dead_letter", about.ID, "job", about.JobID, "call", call, "error", err, "wait", next)
		}))
	return err
}

// ack removes the letter from its queue. When that fails it comes again, as one
// more copy.
func (l *line) ack(ctx context.Context, d *broker.Delivery) {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		bounded, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		err := d.Ack(bounded)
		if errors.Is(err, broker.ErrLost) || errors.Is(err, broker.ErrSettled) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	},
		backoff.WithMaxElapsedTime(ackTime),
		backoff.WithNotify(func(error, time.Duration) { l.Metrics.Again(l.queue, metrics.Ack) }))
	if err != nil {
		l.log.WarnContext(ctx, "a dead letter is stored and comes again: its acknowledgement failed", "job", d.Message.ID, "error", err)
	}
}

// release gives the delivery back; when that fails it comes again anyway.
func (l *line) release(ctx context.Context, d *broker.Delivery) {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	if err := d.Release(ctx); err != nil && !errors.Is(err, broker.ErrLost) {
		l.log.WarnContext(ctx, "a dead letter could not be given back; it comes again when its consumer ends", "job", d.Message.ID, "error", err)
	}
}
