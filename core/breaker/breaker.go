// Package breaker keeps work from something that is down. Once a few calls in a
// row found it down the next ones are refused at once; after a pause one call
// goes through, and its outcome decides for those that come meanwhile and wait.
//
// A call has found it down when it returns a fault that says so (fault.Down).
// Any other answer, refusals and nonsense included, shows that it is there.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/studycast/studycast/core/fault"
)

// Defaults of Options.
const (
	// DefaultTrip is how many calls in a row find it down before it is believed.
	DefaultTrip = 3
	// DefaultPause is shorter than the time after which parked jobs try again, so
	// that they really ask.
	DefaultPause = 3 * time.Second
)

// Options change a Breaker; the zero value is fine.
type Options struct {
	Trip  int           // calls in a row that find it down before others are refused; 0 = DefaultTrip
	Pause time.Duration // until one call goes through again; 0 = DefaultPause
}

// Breaker guards one dependency in one process. It is safe for concurrent use;
// a nil one lets every call through.
type Breaker struct {
	calls *gobreaker.CircuitBreaker[any]

	mu    sync.Mutex
	met   *fault.Error  // what the last call met that found it down
	ended chan struct{} // closed when a call ends
}

// New returns a breaker that lets calls through.
func New(dependency string, o Options) *Breaker {
	if o.Trip <= 0 {
		o.Trip = DefaultTrip
	}
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	return &Breaker{
		ended: make(chan struct{}),
		calls: gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
			Name: dependency, MaxRequests: 1, Timeout: o.Pause,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= o.Trip },
			IsSuccessful: func(err error) bool { return found(err) == nil },
			IsExcluded:   func(err error) bool { return errors.As(err, new(*abandonedError)) },
		}),
	}
}

// Do makes a call, unless it is refused: then it returns the fault of the last
// call that found the dependency down. A call whose ctx was cancelled shows
// nothing. While one call finds out whether the dependency is back the others
// wait for it, until ctx ends.
func Do[T any](ctx context.Context, b *Breaker, call func() (T, error)) (T, error) {
	if b == nil {
		return call()
	}
	for {
		ended := b.next()
		v, err := b.calls.Execute(func() (any, error) {
			defer b.end()
			v, err := call()
			if err != nil && errors.Is(ctx.Err(), context.Canceled) {
				return v, &abandonedError{err}
			}
			b.remember(err)
			return v, err
		})
		switch {
		case errors.Is(err, gobreaker.ErrTooManyRequests):
			select {
			case <-ended:
				continue
			case <-ctx.Done():
				return *new(T), fmt.Errorf("wait for another call: %w", ctx.Err())
			}
		case errors.Is(err, gobreaker.ErrOpenState):
			return *new(T), b.refusal()
		}
		if a := new(abandonedError); errors.As(err, &a) {
			err = a.error
		}
		out, _ := v.(T)
		return out, err
	}
}

// Dependency is the name of what it guards.
func (b *Breaker) Dependency() string {
	if b == nil {
		return ""
	}
	return b.calls.Name()
}

// Closed reports whether calls go through freely.
func (b *Breaker) Closed() bool { return b == nil || b.calls.State() == gobreaker.StateClosed }

// abandonedError is of a call that the caller gave up.
type abandonedError struct{ error }

func (e *abandonedError) Unwrap() error { return e.error }

// found returns the fault of an error that says that something is down.
func found(err error) *fault.Error {
	var f *fault.Error
	if errors.As(err, &f) && f.Down != "" {
		return f
	}
	return nil
}

// next returns what is closed when the next call ends.
func (b *Breaker) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

func (b *Breaker) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ended)
	b.ended = make(chan struct{})
}

func (b *Breaker) remember(err error) {
	f := found(err)
	if f == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.met = f
}

// errRefused: the cause of a refusal, so that operators can tell it from a call.
var errRefused = errors.New("it was not asked: it was found down a moment ago")

func (b *Breaker) refusal() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.met == nil {
		return fault.Down(b.calls.Name(), errRefused, "A service that lessons need does not answer.")
	}
	f := *b.met
	f.Stage, f.Delay, f.Err = "", 0, errRefused
	return &f
}
