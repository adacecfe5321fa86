package outcomes

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
)

const (
	// lookAgain is the pause between two looks for letters that another replica
	// replayed.
	lookAgain = 15 * time.Second
	// watchTime bounds one watch: after it every job is read again, so that no
	// outcome depends on a stream.
	watchTime  = 5 * time.Minute
	pauseAfter = time.Second // an error
	pageSize   = 500
)

// Status is what the watcher asks for.
type Status interface {
	Get(ctx context.Context, id job.ID, owner string) (job.Job, error)
	WatchOwner(ctx context.Context, owner string, afterSeq int64) iter.Seq2[statusclient.OwnerEvent, error]
}

// Options are what a Watcher needs.
type Options struct {
	Store   store.Letters
	Status  Status
	Clock   job.Clock
	Logger  *slog.Logger
	Metrics *metrics.Metrics
	Settled func() // hears of outcomes
}

// Watcher finds outcomes.
type Watcher struct {
	Options
	poke chan struct{}

	mu     sync.Mutex
	unsure context.CancelFunc // ends the watch: something may have been missed
}

// New returns a Watcher; Run it.
func New(o Options) *Watcher {
	return &Watcher{Options: o, poke: make(chan struct{}, 1), unsure: func() {}}
}

// Replayed tells of a letter that is back at work. A quick job may have been
// over before its letter was known to wait, so it is asked for once.
func (w *Watcher) Replayed(ctx context.Context, l store.Letter) {
	j, err := w.Status.Get(ctx, l.RunJob, "")
	if err == nil && j.State.Final() {
		err = w.settle(ctx, l.ID, j)
	}
	if err != nil {
		w.mu.Lock()
		w.unsure()
		w.mu.Unlock()
	}
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// Run watches while a letter waits for its outcome, until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	for ctx.Err() == nil {
		seq, waiting, err := w.read(ctx)
		switch {
		case err != nil:
			w.complain(ctx, err)
			sleep.For(ctx, pauseAfter)
		case !waiting:
			w.rest(ctx)
		default:
			w.watch(ctx, seq)
		}
	}
}

func (w *Watcher) complain(ctx context.Context, err error) {
	if ctx.Err() == nil {
		w.Logger.Warn("the outcomes of replays wait", "error", err)
	}
}

// rest waits for a letter that is replayed.
func (w *Watcher) rest(ctx context.Context) {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-w.poke:
	case <-timer.C:
	}
}

// read asks for every job that a letter waits for. What changes from seq on it
// may have missed; waiting tells whether a job is under way.
func (w *Watcher) read(ctx context.Context) (seq int64, waiting bool, err error) {
	f := store.Filter{Unsettled: true, Limit: pageSize}
	for {
		letters, err := w.Store.List(ctx, f)
		if err != nil {
			return 0, false, err
		}
		for _, l := range letters {
			j, err := w.Status.Get(ctx, l.RunJob, "")
			var invalid *job.InvalidError
			switch {
			case errors.Is(err, job.ErrNotFound), errors.As(err, &invalid):
				err = w.change(ctx, l.ID, gone)
			case err == nil && j.State.Final():
				err = w.settle(ctx, l.ID, j)
			case err == nil:
				if !waiting {
					seq, waiting = j.Seq, true
				}
			}
			if err != nil {
				return 0, false, err
			}
		}
		if len(letters) < pageSize {
			return seq, waiting, nil
		}
		f.Before = letters[len(letters)-1].ID
	}
}

// watch follows all jobs until no letter waits.
func (w *Watcher) watch(ctx context.Context, seq int64) {
	bounded, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	w.mu.Lock()
	w.unsure = cancel
	w.mu.Unlock()
	for e, err := range w.Status.WatchOwner(bounded, "", seq) {
		if err == nil {
			err = w.hear(ctx, e)
		}
		if err != nil {
			if bounded.Err() == nil {
				w.complain(ctx, err)
				sleep.For(ctx, pauseAfter)
			}
			return
		}
		if w.done(ctx, e) {
			return
		}
	}
}

// done reports whether nothing waits any more; it looks only after the end of a
// job.
func (w *Watcher) done(ctx context.Context, e statusclient.OwnerEvent) bool {
	if e.Job != nil && !e.Job.State.Final() {
		return false
	}
	left, err := w.Store.List(ctx, store.Filter{Unsettled: true, Limit: 1})
	return err == nil && len(left) == 0
}

// hear settles the letters of a job that is over.
func (w *Watcher) hear(ctx context.Context, e statusclient.OwnerEvent) error {
	id := e.Deleted
	if e.Job != nil {
		if !e.Job.State.Final() {
			return nil
		}
		id = e.Job.ID
	}
	letters, err := w.Store.List(ctx, store.Filter{RunJob: id, Unsettled: true, Limit: pageSize})
	if err != nil {
		return err
	}
	for _, l := range letters {
		if e.Job == nil {
			err = w.change(ctx, l.ID, gone)
		} else {
			err = w.settle(ctx, l.ID, *e.Job)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Watcher) settle(ctx context.Context, id string, j job.Job) error {
	return w.change(ctx, id, func(l *store.Letter, now time.Time) bool { return Settle(l, j, now) })
}

// errSame: the letter has its outcome, or the event is older than its replay.
var errSame = errors.New("nothing to settle")

func (w *Watcher) change(ctx context.Context, id string, settle func(*store.Letter, time.Time) bool) error {
	l, err := w.Store.Change(ctx, id, func(l *store.Letter) error {
		if !settle(l, w.Clock.Now()) {
			return errSame
		}
		return nil
	})
	if errors.Is(err, errSame) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		w.Metrics.Outcome(l.Outcome)
		w.Settled()
	}
	return err
}
