package worker

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Why an attempt is stopped before its handler is done: causes of its context.
var (
	errTimeout    = errors.New("the attempt reached its time limit")
	errCancelled  = errors.New("the job was cancelled")
	errSuperseded = errors.New("the attempt does not hold its job any more")
	errDrained    = errors.New("the worker is shutting down")
	errKilled     = errors.New("the worker was stopped at once")
)

// errPaused is no reason to stop an attempt, only to begin none.
var errPaused = errors.New("paused by an operator")

const (
	// abandonAfter is how long a handler may take to stop.
	abandonAfter = 5 * time.Second
	// settleGrace is how long outcomes may take to be stored and deliveries to
	// be settled after the last attempt of a drain was stopped.
	settleGrace = 5 * time.Second
	// killGrace is the same, handlers included, after Kill.
	killGrace = 2 * time.Second
	// deafAfter is how soon after the begin of a drain or a pause the consumer has
	// stopped.
	// What is given back before that comes straight back to us.
	deafAfter = 100 * time.Millisecond
	// lastWord bounds each call that is made when even that is over.
	lastWord = time.Second
)

// life is the end of a worker step by step, each a context that ends.
type life struct {
	draining context.Context // over: nothing new is begun
	deaf     context.Context // over: nothing new arrives
	stop     context.Context // over: attempts stop; its cause says why
	last     context.Context // over: calls are given up

	beginDrain context.CancelFunc
	beDeaf     context.CancelFunc
	beginStop  context.CancelCauseFunc
	giveUp     context.CancelFunc

	mu     sync.Mutex
	timers []*time.Timer
}

func newLife() *life {
	l := &life{}
	l.draining, l.beginDrain = context.WithCancel(context.Background())
	l.deaf, l.beDeaf = context.WithCancel(context.Background())
	l.stop, l.beginStop = context.WithCancelCause(context.Background())
	l.last, l.giveUp = context.WithCancel(context.Background())
	return l
}

// drain begins the end; attempts may go on for grace.
func (l *life) drain(grace time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining.Err() != nil {
		return
	}
	l.beginDrain()
	l.after(deafAfter, l.beDeaf)
	l.after(grace, func() { l.beginStop(errDrained) })
	l.after(grace+abandonAfter+settleGrace, l.giveUp)
}

// kill goes to the last step but for killGrace.
func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beginDrain()
	l.after(deafAfter, l.beDeaf)
	l.beginStop(errKilled)
	l.after(killGrace, l.giveUp)
}

func (l *life) after(d time.Duration, f func()) {
	l.timers = append(l.timers, time.AfterFunc(d, f))
}

// end frees everything when nothing runs any more.
func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.timers {
		t.Stop()
	}
	l.beginDrain()
	l.beDeaf()
	l.beginStop(errDrained)
	l.giveUp()
}

// until returns ctx, ended also by the end of other.
func until(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}
