package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
)

func (a *API) changes(docs huma.API) {
	errs := []int{401, 403, 404, 409, 503}
	huma.Register(docs, huma.Operation{
		OperationID: "cancel-job", Method: http.MethodPost, Path: "/v1/jobs/{id}:cancel", Tags: []string{"jobs"},
		Summary: "Cancel a job", Description: "A queued job never starts, a running one stops. Cancelling twice is fine; a job that succeeded or failed can't be cancelled.",
		Errors: errs,
	}, safely(a, a.cancel))
	huma.Register(docs, huma.Operation{
		OperationID: "retry-job", Method: http.MethodPost, Path: "/v1/jobs/{id}:retry", Tags: []string{"jobs"},
		Summary: "Try a failed or cancelled job again", DefaultStatus: http.StatusAccepted,
		Errors: errs,
	}, safely(a, a.retry))
	huma.Register(docs, huma.Operation{
		OperationID: "delete-job", Method: http.MethodDelete, Path: "/v1/jobs/{id}", Tags: []string{"jobs"},
		Summary: "Delete a finished job and its files", DefaultStatus: http.StatusNoContent,
		Errors: errs,
	}, safely(a, a.remove))
}

func (a *API) cancel(ctx context.Context, in *JobInput) (*jobOutput, error) {
	me, id, err := onJob(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callCtx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	j, err := a.Status.Cancel(callCtx, id, me.Scope(), reason("cancelled", me))
	if err != nil {
		return nil, err
	}
	return answer(j, me), nil
}

func (a *API) retry(ctx context.Context, in *JobInput) (*jobOutput, error) {
	me, id, err := onJob(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callCtx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	j, entry, err := a.Status.Retry(callCtx, id, me.Scope(), reason("tried again", me))
	if err != nil {
		return nil, err
	}
	if entry != nil {
		a.Publish(ctx, *entry)
	}
	return answer(j, me), nil
}

func (a *API) remove(ctx context.Context, in *JobInput) (*struct{}, error) {
	me, id, err := onJob(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callCtx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	return nil, a.Status.Delete(callCtx, id, me.Scope())
}

func answer(j job.Job, me caller.Identity) *jobOutput {
	return &jobOutput{ETag: etag(j.Version), CacheControl: "private, no-cache", Body: whole(j, me)}
}

// reason goes into the history of the job, where its owner reads it.
func reason(what string, me caller.Identity) string {
	if me.Is(caller.Operator) {
		return what + " by an operator"
	}
	return what + " by its owner"
}
