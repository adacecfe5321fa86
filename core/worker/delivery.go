package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/wire"
)

const (
	// maxHold is how long a delivery may keep a slot only to wait; beyond that
	// it goes back to the broker for the rest of the time.
	maxHold = 3 * time.Second
	// minHold keeps an answer "wait no time" from becoming a busy loop.
	minHold = 50 * time.Millisecond
	// awayDelay is when a delivery comes again that found its job at work here,
	// or every slot taken.
	awayDelay = 5 * time.Second
	// worn is the count from which on a delivery is not given back and not held
	// any more, but goes round by the delay queue as a new message: brokers count
	// what was given back or lost with a connection, and RabbitMQ gives up at
	// the ninth.
	worn = 5
)

// settlement is how a delivery is to be settled.
type settlement struct {
	action  job.Action
	after   time.Duration // for Retry
	attempt int           // for Retry: the one that the next delivery would start
	reason  broker.Reason // for Dead
	why     string
}

func (w *Worker) released() settlement {
	return settlement{action: job.Release, why: errDrained.Error()}
}

// handle serves one delivery from its arrival to its settlement.
func (w *Worker) handle(ctx context.Context, d *broker.Delivery) {
	if away := w.enter(d); away != nil {
		w.settle(ctx, d, *away)
		return
	}
	defer func() { <-w.slots }()
	defer w.metrics.busy()()
	w.o.Failpoint(FailAfterConsume)
	w.settle(ctx, d, w.serve(ctx, d))
}

// enter takes a slot. There is none when the broker hands out more than slots:
// after a connection was lost under attempts that go on. Then another worker
// may be free.
func (w *Worker) enter(d *broker.Delivery) (away *settlement) {
	late := time.NewTimer(hold(d))
	defer late.Stop()
	select {
	case w.slots <- struct{}{}:
		return nil
	case <-w.life.draining.Done():
		s := w.released()
		return &s
	case <-late.C:
		return &settlement{action: job.Retry, after: awayDelay, attempt: d.Message.Attempt, why: "every slot is busy"}
	}
}

// hold is how long a delivery may only wait.
func hold(d *broker.Delivery) time.Duration {
	if d.Count >= worn {
		return minHold
	}
	return maxHold
}

// serve does what a delivery asks for and returns how to settle it.
func (w *Worker) serve(ctx context.Context, d *broker.Delivery) settlement {
	if w.isPaused() {
		return held()
	}
	m, err := wire.DecodeMessage(d.Message.Body)
	if err == nil && m.Request.Kind != w.o.Kind {
		err = fault.New(fault.Poison, "The message can't be worked on: it asks for %s and came by the queue of %s.",
			m.Request.Kind, w.o.Kind)
	}
	if err != nil {
		m.ID = job.ID(d.Message.ID)
	}
	c, busy := w.claim(m.ID, d)
	if c == nil {
		return busy
	}
	defer w.active.release(c)
	if err != nil {
		return w.poisoned(ctx, m.ID, err)
	}
	answer, err := w.start(ctx, m.ID, hold(d))
	if err != nil {
		return w.unstarted(d, err)
	}
	switch {
	case answer.Granted != nil:
		w.metrics.granted(d, answer.Granted.Job)
		return w.attempt(ctx, c, *answer.Granted)
	case answer.Bury != nil:
		return buried(*answer.Bury, 0)
	case answer.Wait != nil && w.isPaused():
		return held()
	case answer.Wait != nil:
		return settlement{action: job.Retry, after: answer.Wait.Delay, attempt: d.Message.Attempt, why: answer.Wait.Why}
	}
	return settlement{action: job.Ack, why: answer.Drop}
}

// claim takes the job. A delivery of a job that runs here already, redelivered
// after a lost broker connection, waits for it without asking anybody.
func (w *Worker) claim(id job.ID, d *broker.Delivery) (*claim, settlement) {
	late := time.NewTimer(hold(d))
	defer late.Stop()
	for {
		mine, other := w.active.claim(id)
		if mine != nil {
			return mine, settlement{}
		}
		select {
		case <-other.done:
		case <-w.life.draining.Done():
			return nil, w.released()
		case <-late.C:
			return nil, settlement{
				action: job.Retry, after: awayDelay, attempt: d.Message.Attempt, why: "this worker runs it already",
			}
		}
	}
}

// start asks for an attempt until the status service answers, and asks again after
// short waits of at most hold together.
func (w *Worker) start(ctx context.Context, id job.ID, hold time.Duration) (statusclient.StartAnswer, error) {
	ctx, cancel := until(ctx, w.life.draining)
	defer cancel()
	startID := rand.Text()
	for held := time.Duration(0); ; {
		answer, err := persist(ctx, w, callStart, func(ctx context.Context) (statusclient.StartAnswer, error) {
			return w.session.Start(ctx, id, startID)
		})
		if err != nil || answer.Wait == nil {
			return answer, err
		}
		wait := max(answer.Wait.Delay, minHold)
		if held += wait; held > hold {
			return answer, nil
		}
		if !w.rest(ctx, wait) {
			return answer, ctx.Err()
		}
	}
}

// unstarted settles a delivery whose attempt could not even be asked for.
func (w *Worker) unstarted(d *broker.Delivery, err error) settlement {
	var invalid *job.InvalidError
	if errors.Is(err, job.ErrNotFound) || errors.As(err, &invalid) {
		return settlement{action: job.Dead, why: err.Error(), reason: broker.Reason{
			Fault: string(fault.Poison), Text: fmt.Sprintf("The status service refuses to start it: %v", err),
		}}
	}
	if w.life.draining.Err() != nil {
		return w.released()
	}
	return settlement{action: job.Retry, after: awayDelay, attempt: d.Message.Attempt, why: err.Error()}
}

// poisoned gives up a message that can't be read. Its id may still name a job,
// which must not wait for ever: it fails with the same fault.
func (w *Worker) poisoned(ctx context.Context, id job.ID, err error) settlement {
	f := w.failure(err, "")
	bury := buried(f.Fault, 0)
	answer, serr := w.start(ctx, id, maxHold)
	if serr != nil && w.life.draining.Err() != nil {
		return w.released()
	}
	if answer.Wait != nil && w.isPaused() {
		return held()
	}
	if g := answer.Granted; g != nil {
		bury.reason.Attempt = g.Attempt
		if _, err := w.finish(ctx, id, g.Attempt, job.Outcome{Failed: &f}); err != nil {
			return w.released()
		}
	}
	return bury
}

// buried makes a dead letter of a fault.
func buried(f job.Fault, attempt int) settlement {
	text := f.Text
	if f.Cause != "" {
		text += "\n" + f.Cause
	}
	return settlement{action: job.Dead, why: f.Kind, reason: broker.Reason{
		Fault: f.Kind, Text: text, Stage: f.Stage, Attempt: attempt,
	}}
}
