package jobs

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/core/statusclient"
)

const (
	retryLeast = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	// readsAtOnce keeps thousands of streams from reading all at once after a
	// restart of the status service.
	readsAtOnce = 32
)

// topic is what a stream follows: a job, an owner's jobs or, when empty, all.
type topic struct {
	job   job.ID
	owner string
}

// feed hears from the status service which jobs changed, once for all streams of
// the gateway, and wakes those that follow them. It carries no state: who is
// woken reads it, so that a slow one misses nothing and keeps nobody waiting.
// It runs while somebody listens.
type feed struct {
	watch func(context.Context) iter.Seq2[statusclient.News, error]
	reads chan struct{}

	mu        sync.Mutex
	listeners map[topic][]chan struct{}
	count     int
	stop      context.CancelFunc
	live      bool // changes are heard; else everybody is woken once they are
}

func newFeed(watch func(context.Context) iter.Seq2[statusclient.News, error]) *feed {
	return &feed{watch: watch, reads: make(chan struct{}, readsAtOnce), listeners: map[topic][]chan struct{}{}}
}

// listen wakes c, which has room for one, when there is something to read: once
// at the beginning, and then after changes.
func (f *feed) listen(about topic, c chan struct{}) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[about] = append(f.listeners[about], c)
	if f.count++; f.count == 1 {
		var ctx context.Context
		ctx, f.stop = context.WithCancel(context.Background())
		go f.run(ctx)
	}
	if f.live {
		poke(c)
	}
	return func() { f.leave(about, c) }
}

func (f *feed) leave(about topic, c chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	left := f.listeners[about]
	i := slices.Index(left, c)
	left[i] = left[len(left)-1]
	left[len(left)-1] = nil
	if f.listeners[about] = left[:len(left)-1]; len(left) == 1 {
		delete(f.listeners, about)
	}
	if f.count--; f.count == 0 {
		f.stop()
		f.live = false
	}
}

// run hears of changes until ctx ends, through every restart of the status
// service.
func (f *feed) run(ctx context.Context) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = retryLeast, retryMost
	for {
		for n, err := range f.watch(ctx) {
			if err == nil {
				pause.Reset()
				f.tell(ctx, n)
				continue
			}
			f.deaf(ctx)
			if !errors.Is(err, job.ErrUnavailable) {
				// Without news, as from a status service of an older version, the
				// streams look from time to time.
				f.tell(ctx, statusclient.News{All: true})
			}
			break
		}
		if !sleep.For(ctx, pause.NextBackOff()) {
			return
		}
	}
}

func (f *feed) deaf(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() == nil { // else this is about a successor's life
		f.live = false
	}
}

func (f *feed) tell(ctx context.Context, n statusclient.News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	if n.All {
		f.live = true
		for _, all := range f.listeners {
			wake(all)
		}
	}
	for _, c := range n.Jobs {
		wake(f.listeners[topic{job: c.ID}])
		wake(f.listeners[topic{owner: c.Owner}])
	}
	if len(n.Jobs) > 0 {
		wake(f.listeners[topic{}])
	}
}

func wake(all []chan struct{}) {
	for _, c := range all {
		poke(c)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
