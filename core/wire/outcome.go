package wire

import (
	"errors"
	"fmt"

	"github.com/studycast/studycast/core/job"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// OutcomeToProto writes an outcome into the request that carries it. An
// outcome without any of its three forms leaves the request's outcome unset,
// which OutcomeFromProto refuses.
func OutcomeToProto(o job.Outcome, into *statusv1.FinishAttemptRequest) {
	switch {
	case o.Succeeded != nil:
		into.Outcome = &statusv1.FinishAttemptRequest_Succeeded{Succeeded: &jobv1.Success{
			Title:     clean(o.Succeeded.Title),
			Artifacts: each(o.Succeeded.Artifacts, ArtifactToProto),
			Notes:     each(o.Succeeded.Notes, clean),
		}}
	case o.Failed != nil:
		into.Outcome = &statusv1.FinishAttemptRequest_Failed{Failed: &jobv1.Failure{
			Fault:      FaultToProto(&o.Failed.Fault),
			Delay:      DurationToProto(o.Failed.Delay),
			Retryable:  o.Failed.Retryable,
			DeadLetter: o.Failed.DeadLetter,
			Dependency: clean(o.Failed.Dependency),
		}}
	case o.Released != "":
		into.Outcome = &statusv1.FinishAttemptRequest_Released{Released: clean(o.Released)}
	}
}

// OutcomeFromProto reads the outcome of a request; an error when it has none.
func OutcomeFromProto(p *statusv1.FinishAttemptRequest) (job.Outcome, error) {
	switch o := p.GetOutcome().(type) {
	case *statusv1.FinishAttemptRequest_Succeeded:
		return job.Outcome{Succeeded: &job.Success{
			Title:     o.Succeeded.GetTitle(),
			Artifacts: each(o.Succeeded.GetArtifacts(), ArtifactFromProto),
			Notes:     append([]string(nil), o.Succeeded.GetNotes()...),
		}}, nil
	case *statusv1.FinishAttemptRequest_Failed:
		f := FaultFromProto(o.Failed.GetFault())
		if f == nil {
			return job.Outcome{}, errors.New("the failure has no fault: say why the attempt failed")
		}
		return job.Outcome{Failed: &job.Failure{
			Fault:      *f,
			Delay:      DurationFromProto(o.Failed.GetDelay()),
			Retryable:  o.Failed.GetRetryable(),
			DeadLetter: o.Failed.GetDeadLetter(),
			Dependency: o.Failed.GetDependency(),
		}}, nil
	case *statusv1.FinishAttemptRequest_Released:
		if o.Released == "" {
			return job.Outcome{}, errors.New("the release has no reason: say why the work was given back")
		}
		return job.Outcome{Released: o.Released}, nil
	}
	return job.Outcome{}, errors.New("the finish has no outcome: set succeeded, failed or released")
}

// actions pairs the words of core/job with those of the wire.
var actions = map[job.Action]statusv1.Action{
	job.Ack:     statusv1.Action_ACTION_ACK,
	job.Retry:   statusv1.Action_ACTION_RETRY,
	job.Dead:    statusv1.Action_ACTION_DEAD,
	job.Release: statusv1.Action_ACTION_RELEASE,
}

// VerdictToProto converts a verdict.
func VerdictToProto(v job.Verdict) *statusv1.FinishAttemptResponse {
	return &statusv1.FinishAttemptResponse{
		Action: actions[v.Action],
		After:  DurationToProto(v.After),
		Reason: clean(v.Reason),
	}
}

// VerdictFromProto converts a verdict; an action that this version does not
// know is an error.
func VerdictFromProto(p *statusv1.FinishAttemptResponse) (job.Verdict, error) {
	for a, wired := range actions {
		if wired == p.GetAction() {
			return job.Verdict{Action: a, After: DurationFromProto(p.GetAfter()), Reason: p.GetReason()}, nil
		}
	}
	return job.Verdict{}, fmt.Errorf("verdict with unknown action %v", p.GetAction())
}
