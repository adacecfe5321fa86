package jobs

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
)

const (
	resumeLeast = 50 * time.Millisecond
	resumeMost  = 2 * time.Second
)

// resume watches until the watch ends by itself, ctx ends or the thing is
// gone. A watch that breaks for any other reason, a restart of the status
// service above all, is begun again where it stood: nothing is missed and
// nothing yielded twice. place is the version or seq of a value. The only
// errors yielded are job.ErrNotFound and, at the end of ctx, ctx.Err().
func resume[T any](ctx context.Context, after int64, watch func(context.Context, int64) iter.Seq2[T, error], place func(T) int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		pause := backoff.NewExponentialBackOff()
		pause.InitialInterval, pause.MaxInterval = resumeLeast, resumeMost
		for {
			broken := false
			for v, err := range watch(ctx, after) {
				if errors.Is(err, job.ErrNotFound) {
					failed[T](job.ErrNotFound)(yield)
					return
				}
				if err != nil {
					broken = true
					break
				}
				pause.Reset()
				if place(v) <= after {
					continue
				}
				after = place(v)
				if !yield(v, nil) {
					return
				}
			}
			if !broken {
				return
			}
			if !sleep.For(ctx, pause.NextBackOff()) {
				failed[T](ctx.Err())(yield)
				return
			}
		}
	}
}
