package rest

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// bulkTimeout bounds a call that decides on many letters.
const bulkTimeout = 30 * time.Second

// DeadLetters is the dead-letter service as the API needs it;
// deadletterclient.Client is one.
type DeadLetters interface {
	Letters
	Replays
	Transfer
	Audit(ctx context.Context, f deadletterclient.AuditFilter) (deadletterclient.AuditPage, error)
}

// Letters are the calls on dead letters.
type Letters interface {
	List(ctx context.Context, f deadletterclient.Filter) (deadletterclient.Page, error)
	Groups(ctx context.Context, f deadletterclient.Filter) (deadletterclient.GroupPage, error)
	Get(ctx context.Context, id string) (deadletterclient.DeadLetter, error)
	Replay(ctx context.Context, id, author, reason string) (deadletterclient.DeadLetter, job.Job, error)
	ReplayEdited(ctx context.Context, id string, r job.Request, author, reason string) (deadletterclient.DeadLetter, job.Job, error)
	Discard(ctx context.Context, s deadletterclient.Selection, author, reason string) (deadletterclient.Decided, error)
	Restore(ctx context.Context, s deadletterclient.Selection, author, reason string) (deadletterclient.Decided, error)
	Resend(ctx context.Context, id, queue, author, reason string) (deadletterclient.DeadLetter, error)
}

// Replays are the calls on replays of many letters.
type Replays interface {
	PlanReplay(ctx context.Context, in deadletterclient.ReplayInput) (deadletterclient.Plan, error)
	CreateReplay(ctx context.Context, in deadletterclient.ReplayInput) (deadletterclient.CreatedReplay, error)
	GetReplay(ctx context.Context, id string) (deadletterclient.Replay, error)
	ListReplays(ctx context.Context, f deadletterclient.ReplayFilter) (deadletterclient.ReplayPage, error)
	WatchReplay(ctx context.Context, id string) iter.Seq2[deadletterclient.Replay, error]
	PauseReplay(ctx context.Context, id, author, reason string) (deadletterclient.Replay, error)
	ResumeReplay(ctx context.Context, id, author, reason string) (deadletterclient.Replay, error)
	StopReplay(ctx context.Context, id, author, reason string) (deadletterclient.Replay, error)
}

// Queues is the status service as operators need it; statusclient.Client is one.
type Queues interface {
	Queues(ctx context.Context) ([]statusclient.Queue, error)
	PauseQueue(ctx context.Context, queue, author, reason string) (statusclient.Queue, error)
	ResumeQueue(ctx context.Context, queue, author, reason string) (statusclient.Queue, error)
	Workers(ctx context.Context, kind job.Kind) ([]statusclient.WorkerInfo, error)
	DrainWorker(ctx context.Context, id, author, reason string) (statusclient.WorkerInfo, error)
	Audit(ctx context.Context, f statusclient.AuditFilter) ([]statusclient.AuditRecord, error)
}

// Depths counts what the broker holds; broker.Broker does.
type Depths interface {
	Depth(ctx context.Context, queue string) (broker.Depth, error)
	Caps() broker.Caps
}

// Kept says which stages an attempt with a request would find kept by earlier
// attempts of the job, and which it would run.
type Kept func(ctx context.Context, id job.ID, owner string, r job.Request) (reused, again []string, err error)

// ReasonBody says why something is done.
type ReasonBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; kept on record with your name."`
}

// operators registers what only operators may do.
func (a *API) operators(docs huma.API) {
	a.deadLetters(docs)
	a.groups(docs)
	a.decisions(docs)
	a.replays(docs)
	a.transfer(docs)
	a.queues(docs)
	a.audit(docs)
}

// forOperators completes the description of an operation.
func forOperators(o huma.Operation, errs ...int) huma.Operation {
	o.Tags = []string{"operators"}
	o.Description += " For operators."
	if o.Errors = errs; o.Method == http.MethodPost && o.MaxBodyBytes == 0 {
		o.MaxBodyBytes = MaxBodyBytes + 1
	}
	return o
}

// operator returns the caller, or an error unless that is an operator.
func operator(ctx context.Context) (caller.Identity, error) {
	me, err := jobs.Caller(ctx)
	if err == nil && !me.Is(caller.Operator) {
		err = problem.ErrOperators()
	}
	return me, err
}

// withLetters gives do the operator who calls; it refuses everybody else, and
// everybody where no dead-letter service is configured. Zero is no bound.
func withLetters[O any](ctx context.Context, a *API, bound time.Duration, do func(ctx context.Context, me caller.Identity) (*O, error)) (*O, error) {
	me, err := operator(ctx)
	if err == nil && a.DeadLetters == nil {
		err = fault.New(fault.Dependency, "No dead-letter service is configured here: set DEADLETTER_ADDRESS.")
	}
	if err != nil {
		return nil, err
	}
	if bound > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, bound)
		defer done()
	}
	return do(ctx, me)
}

// withQueues is withLetters for what the status service does.
func withQueues[O any](ctx context.Context, do func(ctx context.Context, me caller.Identity) (*O, error)) (*O, error) {
	me, err := operator(ctx)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	return do(ctx, me)
}
