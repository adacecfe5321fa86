package s3store

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/artifact"
)

// errSilent ends a request in which nothing moves.
var errSilent = errors.New("the server said nothing for too long")

// watch bounds a request by silence, not by its length: a large object over a
// slow line takes its time, a server that hangs does not.
type watch struct {
	ctx    context.Context //nolint:containedctx // of the request that is watched
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

// watch starts to watch a request; end it.
func (s *Store) watch(ctx context.Context) *watch {
	w := &watch{limit: s.silence}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(w.limit, func() { w.cancel(errSilent) })
	return w
}

// touch says that something moves.
func (w *watch) touch() { w.timer.Reset(w.limit) }

// rest stops the clock while nothing is asked of the server.
func (w *watch) rest() { w.timer.Stop() }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// reader touches the watch with every read.
func (w *watch) reader(r io.ReadSeeker) io.ReadSeeker { return &watched{r, w} }

type watched struct {
	io.ReadSeeker
	w *watch
}

func (r *watched) Read(p []byte) (int, error) {
	r.w.touch()
	return r.ReadSeeker.Read(p)
}

// A request that met a server which is away or busy is made so often.
const (
	tries      = 3
	firstPause = 100 * time.Millisecond
	mostPause  = time.Second
)

// persist makes a request again when its fault may pass by itself. Requests
// here may be repeated: the same bytes land under the same name. A server that
// was away when it was last asked is asked once: whoever makes many calls learns
// soon that none of them will do.
func (s *Store) persist(ctx context.Context, request func() error) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = firstPause, mostPause
	most := uint(tries)
	if s.away.Load() {
		most = 1
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := request()
		var passing *passingError
		if err != nil && !errors.As(err, &passing) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(most), backoff.WithMaxElapsedTime(0))
	if ctx.Err() == nil {
		s.away.Store(errors.Is(err, artifact.ErrUnavailable))
	}
	if err != nil && ctx.Err() != nil && !errors.Is(err, artifact.ErrUnavailable) {
		return context.Cause(ctx)
	}
	return err
}
