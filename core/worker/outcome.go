package worker

import (
	"context"
	"errors"
	"syscall"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
)

// The ends of an attempt as metrics and logs name them.
const (
	labelSucceeded  = "succeeded"
	labelFailed     = "failed"
	labelReleased   = "released"
	labelCancelled  = "cancelled"
	labelSuperseded = "superseded"

	noFault = "none"
)

// The calls that are made until they are answered, as metrics and logs name
// them, beside the actions of a settlement.
const (
	callStart  = "start"
	callFinish = "finish"
)

// ending is how an attempt ended.
type ending struct {
	outcome job.Outcome
	label   string
	fault   string
}

// conclude decides what became of the attempt. Files that are published make a
// success, whatever ended meanwhile; otherwise the reason for which the attempt
// was stopped explains its error.
func (r *run) conclude(ctx context.Context, success *job.Success, err error) ending {
	if success != nil && err == nil {
		return ending{job.Outcome{Succeeded: success}, labelSucceeded, noFault}
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errCancelled):
		return given(cause, labelCancelled)
	case errors.Is(cause, errSuperseded):
		return given(cause, labelSuperseded)
	case errors.Is(cause, errDrained), errors.Is(cause, errKilled):
		return given(cause, labelReleased)
	case errors.Is(cause, errTimeout):
		late := fault.Wrap(fault.Internal, errors.Join(cause, err),
			"The work took longer than its limit of %s. A shorter length may help.", r.limit)
		if stopped := fault.From(err); stopped != nil {
			// A stage may be stopped before it ever reported progress.
			late.Stage = stopped.Stage
		}
		err = late
	}
	f := r.w.failure(err, r.stages.current())
	if k := fault.Kind(f.Fault.Kind); k == fault.Internal || k == fault.Dependency {
		// The faults of others quote what users wrote, which stays out of logs.
		r.log.WarnContext(ctx, "attempt failed", "fault", f.Fault.Kind, "stage", f.Fault.Stage, "error", err)
	}
	return ending{job.Outcome{Failed: &f}, labelFailed, f.Fault.Kind}
}

func given(cause error, label string) ending {
	return ending{job.Outcome{Released: cause.Error()}, label, noFault}
}

// diskFull is what is said of a full disk, here of scratch folders: handlers
// that know more say it themselves.
const diskFull = "The disk of the machine that makes the lessons is full. " +
	"There is nothing to do for you."

// failure turns an error into what the status service is told.
func (w *Worker) failure(err error, stage string) job.Failure {
	f := fault.From(err)
	if f.Stage != "" {
		stage = f.Stage
	}
	kind := f.Kind
	if !kind.Valid() {
		kind = fault.Internal
	}
	text := f.Text
	if said := new(fault.Error); !errors.As(err, &said) && errors.Is(err, syscall.ENOSPC) {
		text = diskFull
	}
	return job.Failure{
		Fault: job.Fault{
			Kind: string(kind), Text: text, Cause: err.Error(), Stage: stage, At: w.o.Clock.Now(),
		},
		Delay:      f.Delay,
		Retryable:  kind.Retryable(),
		DeadLetter: kind.DeadLetters(),
		Dependency: f.Down,
	}
}
