// Package lifecycle starts the parts of a program in order and stops them in
// reverse order, each by name and none before those that lean on it.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Stack holds the running parts of a program. It is used by one goroutine.
type Stack struct {
	log   *slog.Logger
	parts []*part
	ended chan ending
}

type part struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

type ending struct {
	name string
	err  error
}

// New returns an empty stack.
func New(log *slog.Logger) *Stack {
	return &Stack{log: log, ended: make(chan ending, 64)}
}

// Go starts a part that runs until its context ends. A part that ends before
// it was asked to stops the whole stack.
func (s *Stack) Go(name string, run func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &part{name: name, cancel: cancel, done: make(chan struct{})}
	s.parts = append(s.parts, p)
	go func() {
		defer close(p.done)
		err := run(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = errors.New("ended by itself")
			}
			s.ended <- ending{name, err}
			return
		}
		p.err = err
	}()
}

// Defer adds a clean-up that runs in its turn when the stack stops.
func (s *Stack) Defer(name string, clean func() error) {
	s.Go(name, func(ctx context.Context) error {
		<-ctx.Done()
		return clean()
	})
}

// Wait blocks until ctx ends or a part ends by itself, then stops every part
// in reverse order. It returns what went wrong, with the part's name, or nil.
func (s *Stack) Wait(ctx context.Context) error {
	var first error
	select {
	case <-ctx.Done():
	case e := <-s.ended:
		first = fmt.Errorf("%s: %w", e.name, e.err)
		s.log.Error("a part ended, stopping", "part", e.name, "error", e.err)
	}
	return errors.Join(first, s.Stop())
}

// Stop stops every part in reverse order and waits for each.
func (s *Stack) Stop() error {
	var errs []error
	for i := len(s.parts) - 1; i >= 0; i-- {
		p := s.parts[i]
		p.cancel()
		<-p.done
		if p.err != nil && !errors.Is(p.err, context.Canceled) {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, p.err))
		}
		s.log.Debug("stopped", "part", p.name)
	}
	s.parts = nil
	return errors.Join(errs...)
}

// Signals returns a context that ends with the first SIGINT or SIGTERM, and
// calls force with the second. Call stop to let go of the signals.
func Signals(parent context.Context, force func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	quit := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-ch:
				if n == 0 {
					cancel()
				} else {
					force()
				}
			case <-quit:
				return
			}
		}
	}()
	var once sync.Once
	return ctx, func() {
		once.Do(func() {
			signal.Stop(ch)
			close(quit)
			cancel()
		})
	}
}
