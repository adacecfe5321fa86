package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/obs"
	"github.com/studycast/studycast/core/statusclient"
)

// run is one attempt at work.
type run struct {
	w      *Worker
	a      *Attempt
	limit  time.Duration
	began  time.Time
	stages *stages
	log    *slog.Logger
}

// attempt runs a granted attempt, stores its outcome and returns how to settle
// the delivery.
func (w *Worker) attempt(ctx context.Context, c *claim, g statusclient.Granted) settlement {
	ctx, span := w.tracer.Start(ctx, "attempt "+string(w.o.Kind), trace.WithAttributes(
		attribute.String("studycast.job.id", string(c.id)), attribute.Int("studycast.attempt", g.Attempt)))
	defer span.End()
	ctx = obs.WithAttrs(ctx, slog.String("job", string(c.id)), slog.Int("attempt", g.Attempt))
	r := w.newRun(c.id, g)
	r.log.InfoContext(ctx, "attempt began")
	w.o.Failpoint(FailAfterStart)
	end := r.perform(ctx, c)
	w.metrics.ended(end, time.Since(r.began))
	span.SetAttributes(attribute.String("studycast.outcome", end.label), attribute.String("studycast.fault", end.fault))
	if end.label == labelFailed {
		span.SetStatus(codes.Error, end.fault)
	}
	r.log.InfoContext(ctx, "attempt ended", "outcome", end.label, "fault", end.fault, "took", time.Since(r.began))

	w.o.Failpoint(FailBeforeFinish)
	v, err := w.finish(ctx, c.id, g.Attempt, end.outcome)
	if err != nil {
		r.log.ErrorContext(ctx, "the outcome of an attempt was not stored; its delivery is given back", "outcome", end.label, "error", err)
		return w.released()
	}
	w.o.Failpoint(FailAfterFinishBeforeSettle)
	switch {
	case v.Refused():
		r.log.InfoContext(ctx, "the outcome came too late and was refused", "why", v.Reason)
		r.forgetFiles(ctx)
	case end.outcome.Succeeded != nil:
		r.forgetStages(ctx)
	}
	s := settlement{action: v.Action, after: v.After, attempt: g.Attempt + 1, why: v.Reason}
	if f := end.outcome.Failed; f != nil {
		// The verdict's reason is the text of the fault, which may quote the user
		// and is for the user: it goes into no log.
		s.why = f.Fault.Kind
		told := f.Fault
		if v.Action == job.Dead {
			told.Text = v.Reason // does not promise another try any more
		}
		s.reason = buried(told, g.Attempt).reason
	}
	return s
}

func (w *Worker) newRun(id job.ID, g statusclient.Granted) *run {
	limit := g.Timeout
	if limit <= 0 {
		limit = job.DefaultPolicies()[w.o.Kind].AttemptTimeout
	}
	r := &run{w: w, limit: limit, began: time.Now(), log: w.log.With("job", string(id), "attempt", g.Attempt)}
	r.stages = newStages(w.metrics)
	r.a = &Attempt{
		Job:    g.Job,
		Number: g.Attempt,
		Upload: r.upload,
		Log:    r.log,
		Progress: func(stage string, percent float64) {
			if r.stages.enter(stage, percent) {
				w.session.Progress(id, g.Attempt, stage, percent)
			}
		},
	}
	r.a.Job.ID = id
	return r
}

// perform does the work of the attempt within its limits. When it returns
// nothing of the attempt runs any more, except a handler that was abandoned,
// and its folder is gone.
func (r *run) perform(ctx context.Context, c *claim) ending {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, end := until(ctx, r.w.life.stop)
	defer end()
	ctx, done := context.WithTimeoutCause(ctx, r.limit, errTimeout)
	defer done()
	r.w.active.begin(c, r, cancel)
	defer r.stages.end()

	dir, err := r.makeDir()
	if err != nil {
		return r.conclude(ctx, nil, fmt.Errorf("make the folder of the attempt: %w", err))
	}
	r.a.Dir = dir
	r.a.Cache = &stageCache{ctx: ctx, store: r.w.store, id: r.a.Job.ID, log: r.log}
	if err := r.w.store.probe(ctx, r.a.Job.ID); err != nil {
		r.removeDir(ctx)
		return r.conclude(ctx, nil, err)
	}
	h, abandoned := r.handle(ctx)
	if abandoned {
		return r.conclude(ctx, nil, h.err)
	}
	defer r.removeDir(ctx)
	if h.err != nil {
		return r.conclude(ctx, nil, h.err)
	}
	success, err := r.publish(ctx, h.result)
	return r.conclude(ctx, success, err)
}

// makeDir makes the folder of the attempt. A cleaner of temp folders may have
// taken what it is to lie in.
func (r *run) makeDir() (string, error) {
	if err := os.MkdirAll(r.w.scratch, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(r.w.scratch, "attempt-")
}

type handled struct {
	result Result
	err    error
}

// handle calls the handler and waits for it, for abandonAfter once ctx ended.
func (r *run) handle(ctx context.Context) (h handled, abandoned bool) {
	done := make(chan handled, 1)
	go r.call(ctx, done)
	select {
	case h = <-done:
		return h, false
	case <-ctx.Done():
	}
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case h = <-done:
		return h, false
	case <-late.C:
	case <-r.w.life.last.Done():
	}
	r.w.metrics.abandoned()
	r.log.ErrorContext(ctx, "the handler ignores the end of its context and is abandoned", "why", context.Cause(ctx).Error())
	go func() {
		<-done
		r.removeDir(ctx)
	}()
	return handled{err: context.Cause(ctx)}, true
}

// call sends one result on done, whichever way the handler ends: it may return,
// panic, or end its goroutine.
func (r *run) call(ctx context.Context, done chan<- handled) {
	h := handled{err: errors.New("the handler ended its goroutine")}
	defer func() { done <- h }()
	defer func() {
		if v := recover(); v != nil {
			h.err = fmt.Errorf("the handler panicked: %v\n%s", v, debug.Stack())
		}
	}()
	result, err := r.w.o.Handler.Handle(ctx, r.a)
	h = handled{result, err}
}

func (r *run) removeDir(ctx context.Context) {
	if err := os.RemoveAll(r.a.Dir); err != nil {
		r.log.WarnContext(ctx, "the folder of an attempt was not removed; the next start does it", "error", err)
	}
}
