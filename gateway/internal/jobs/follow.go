package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/job"
)

// after says what follows a look.
type after int

const (
	wait  after = iota // until something changes
	again              // there may be more at once
	over
)

// follow calls look once there is something to see about a topic, and again after
// every change, until it's over. A look that fails, because the status service
// restarts above all, is made again. follow returns nil at the end,
// job.ErrNotFound when the thing is gone, or the error of ctx.
func (f *feed) follow(ctx context.Context, about topic, look func() (after, error)) error {
	c := make(chan struct{}, 1)
	defer f.listen(about, c)()
	failures := 0
	for {
		if err := rest(ctx, c, failures); err != nil {
			return err
		}
		next, err := look()
		switch {
		case errors.Is(err, job.ErrNotFound):
			return job.ErrNotFound
		case err != nil:
			failures++
			continue
		case next == over:
			return nil
		case next == again:
			poke(c)
		}
		failures = 0
	}
}

// rest waits until c wakes it, and after failures not for ever.
func rest(ctx context.Context, c <-chan struct{}, failures int) error {
	var retry <-chan time.Time
	if failures > 0 {
		t := time.NewTimer(pauseAfter(failures))
		defer t.Stop()
		retry = t.C
	}
	select {
	case <-c:
		return nil
	case <-retry:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pauseAfter grows with the failures in a row; chance spreads those who failed
// together.
func pauseAfter(failures int) time.Duration {
	most := min(retryLeast<<min(failures, 10), retryMost)
	return most/2 + rand.N(most/2)
}

// read bounds how many streams read at once; each read has its own time. It is
// made by a goroutine that ends with it, for a call needs much more stack than
// to wait does, and what the goroutine of a stream once needed it keeps.
func (f *feed) read(ctx context.Context, get func(context.Context) error) error {
	select {
	case f.reads <- struct{}{}:
		defer func() { <-f.reads }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	var g errgroup.Group
	g.Go(func() error { return get(ctx) })
	return g.Wait()
}
