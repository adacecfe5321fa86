package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
)

// How often a place in line is looked at: soon before the start, seldom for jobs
// that will wait for long, so that a long line costs no more than a short one.
const (
	lookLeast = 5 * time.Second
	lookMost  = time.Minute
	lookPart  = 20 // of the wait
	// lookIdle is the pause while no worker is there.
	lookIdle = 30 * time.Second
	// worthTelling is how far an expected time moves before it is told.
	worthTelling = 2 * time.Second
)

// FollowLine tells the place in line of a queued job of the caller whenever it
// has moved from what was seen last, until the job is not queued, tell returns
// false or stop is called. After stop it tells nothing. It holds no goroutine
// while it waits.
func (s *Service) FollowLine(ctx context.Context, rawID string, seen *job.Line, tell func(job.Line) bool) (stop func()) {
	f := &follower{jobs: s, id: rawID, seen: seen, tell: tell}
	return f.follow(ctx, f.pause())
}

// ResumeLine is FollowLine for a caller who knows the job but not its place: it
// tells that at once.
func (s *Service) ResumeLine(ctx context.Context, rawID string, tell func(job.Line) bool) (stop func()) {
	f := &follower{jobs: s, id: rawID, tell: tell}
	return f.follow(ctx, 0)
}

func (f *follower) follow(ctx context.Context, first time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ctx, f.timer = ctx, time.AfterFunc(first, f.look)
	return func() {
		cancel()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.over = true
		f.timer.Stop()
	}
}

// follower follows one job.
type follower struct {
	ctx  context.Context //nolint:containedctx // the life of the follower, not of a call
	jobs *Service
	id   string
	tell func(job.Line) bool

	mu    sync.Mutex
	timer *time.Timer
	seen  *job.Line
	over  bool
}

func (f *follower) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over || f.ctx.Err() != nil {
		return
	}
	j, err := f.jobs.Get(f.ctx, f.id)
	switch {
	case err != nil: // whoever watches the job itself hears of it
	case j.State != job.Queued:
		return
	case moved(f.seen, j.Line):
		if f.seen = j.Line; !f.tell(*j.Line) {
			return
		}
	}
	f.timer.Reset(f.pause())
}

func (f *follower) pause() time.Duration {
	switch {
	case f.seen == nil:
		return lookLeast
	case f.seen.LatestStart.IsZero():
		return lookIdle
	}
	return min(max(f.jobs.o.Clock.Now().Sub(f.seen.EarliestStart).Abs()/lookPart, lookLeast), lookMost)
}

// moved reports whether a place says something new. While no worker is there the
// earliest start is always now.
func moved(old, next *job.Line) bool {
	if old == nil || next == nil {
		return next != nil
	}
	far := func(a, b time.Time) bool { return a.IsZero() != b.IsZero() || a.Sub(b).Abs() >= worthTelling }
	return old.Position != next.Position || far(old.LatestStart, next.LatestStart) ||
		!next.LatestStart.IsZero() && far(old.EarliestStart, next.EarliestStart) ||
		far(old.LatestFinish, next.LatestFinish)
}
