package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/scratch"
	"github.com/studycast/studycast/core/statusclient"
)

// goodbyeTime bounds the end of the session: attempts that it still holds are
// rescued without it, only later.
const goodbyeTime = 2 * time.Second

// Run takes jobs until ctx ends, then drains: nothing new is taken, attempts
// may finish for DrainGrace, and what is not done by then is stopped and given
// back without spending an attempt. It waits for a status service or a broker
// that is not there yet. It returns within DrainGrace + 10 s of the end of
// ctx, with nil unless the worker can't work at all. Run may be called once.
func (w *Worker) Run(ctx context.Context) (err error) {
	first := false
	w.started.Do(func() { first = true })
	if !first {
		return errors.New("worker: Run was called twice")
	}
	defer w.life.end()
	defer context.AfterFunc(ctx, func() { w.drain("the program ends") })()
	dir, err := scratch.Open(w.o.ScratchDir)
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	defer w.metrics.addSlots(w.o.Slots)()
	defer w.metrics.dependencies.add(w, append([]*breaker.Breaker{w.store.breaker}, w.o.Dependencies...))()
	session, err := w.o.Status.OpenSession(w.life.draining, statusclient.SessionOptions{
		Worker: w.o.Name, Kind: w.o.Kind, Slots: w.o.Slots, OnCommand: w.command,
	})
	if err != nil {
		// Only the end of the worker ends the wait for a session.
		return nil
	}
	defer w.close(session)
	w.mu.Lock()
	w.session, w.scratch = session, dir.Path()
	w.mu.Unlock()
	return w.consume()
}

func (w *Worker) close(session *statusclient.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	session.Close(ctx)
}

// consume takes deliveries, with pauses when an operator wants them, until the
// drain, and returns when the last delivery is settled.
func (w *Worker) consume() error {
	var running sync.WaitGroup
	defer running.Wait()
	for w.life.draining.Err() == nil {
		paused, changed := w.pause()
		if paused {
			select {
			case <-changed:
			case <-w.life.draining.Done():
			}
			continue
		}
		// A paused Consume goes on until its last attempt is done; the next one
		// need not wait for that, the slots bound both together.
		ctx, stop := context.WithCancel(w.life.draining)
		ended := make(chan error, 1)
		running.Go(func() { ended <- w.o.Broker.Consume(ctx, w.queue, w.o.Slots, w.handle) })
		var err error
		select {
		case <-changed:
		case <-w.life.draining.Done():
		case err = <-ended:
		}
		stop()
		if err != nil {
			w.drain("the queue can't be consumed")
			return fmt.Errorf("worker: %w", err)
		}
	}
	return nil
}

func (w *Worker) drain(why string) {
	if w.life.draining.Err() == nil {
		w.log.Info("draining", "why", why, "wait", w.o.DrainGrace)
	}
	w.life.drain(w.o.DrainGrace)
}

// command does what the status service tells.
func (w *Worker) command(c statusclient.Command) {
	switch c.Kind {
	case statusclient.CommandCancel:
		w.active.stop(c.JobID, c.Attempt, errCancelled)
	case statusclient.CommandSuperseded:
		w.active.stop(c.JobID, c.Attempt, errSuperseded)
	case statusclient.CommandPause:
		w.setPaused(true)
	case statusclient.CommandResume:
		w.setPaused(false)
	case statusclient.CommandDrain:
		w.drain("the status service asked for it")
	}
}
