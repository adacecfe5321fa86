package worker

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
)

// pause tells whether nothing new is to be begun, and when that changes.
func (w *Worker) pause() (paused bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.paused, w.changed
}

func (w *Worker) isPaused() bool {
	paused, _ := w.pause()
	return paused
}

func (w *Worker) setPaused(paused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.paused == paused {
		return
	}
	w.log.Info("an operator paused or resumed this worker", "paused", paused)
	w.paused = paused
	w.deafAt = time.Now().Add(deafAfter)
	close(w.changed)
	w.changed = make(chan struct{})
}

// rest waits before a call is made again; false when that is not to be made,
// because ctx ended or a pause began.
func (w *Worker) rest(ctx context.Context, wait time.Duration) bool {
	paused, changed := w.pause()
	if paused {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-changed:
	case <-ctx.Done():
	}
	return false
}

// held is for a delivery that came with a pause, or just before: it goes back
// to the queue.
func held() settlement { return settlement{action: job.Release, why: errPaused.Error()} }

// deaf returns when nothing that is given back comes straight back to us.
func (w *Worker) deaf() {
	w.mu.Lock()
	paused, at := w.paused, w.deafAt
	w.mu.Unlock()
	if paused {
		sleep.For(w.life.draining, time.Until(at))
	}
	if w.life.draining.Err() != nil {
		<-w.life.deaf.Done()
	}
}
