package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
)

func (a *API) changes(docs huma.API) {
	errs := []int{404, 409, 504}
	huma.Register(docs, huma.Operation{
		OperationID: "cancel-job", Method: http.MethodPost, Path: "/v1/jobs/{id}:cancel", Tags: []string{"jobs"},
		Summary: "Cancel a job", Description: "A queued job never starts, a running one stops. Cancelling twice is fine; a job that succeeded or failed can't be cancelled.",
		Errors: errs,
	}, safely(a, a.cancel))
	huma.Register(docs, huma.Operation{
		OperationID: "retry-job", Method: http.MethodPost, Path: "/v1/jobs/{id}:retry", Tags: []string{"jobs"},
		Summary: "Try a failed or cancelled job again", Description: "With a fresh budget of retries, as the same job.",
		DefaultStatus: http.StatusAccepted,
		Errors:        errs,
	}, safely(a, a.retry))
	huma.Register(docs, huma.Operation{
		OperationID: "delete-job", Method: http.MethodDelete, Path: "/v1/jobs/{id}", Tags: []string{"jobs"},
		Summary: "Delete a finished job and its files", Description: "For good. Cancel one that is not final first.",
		DefaultStatus: http.StatusNoContent,
		Errors:        errs,
	}, safely(a, a.remove))
}

func (a *API) cancel(ctx context.Context, in *JobInput) (*jobOutput, error) {
	return answer(ctx)(a.Jobs.Cancel(ctx, in.ID))
}

func (a *API) retry(ctx context.Context, in *JobInput) (*jobOutput, error) {
	return answer(ctx)(a.Jobs.Retry(ctx, in.ID))
}

func (a *API) remove(ctx context.Context, in *JobInput) (*struct{}, error) {
	return nil, a.Jobs.Delete(ctx, in.ID)
}

// answer returns what turns the result of a call into the answer to its caller.
func answer(ctx context.Context) func(job.Job, error) (*jobOutput, error) {
	return func(j job.Job, err error) (*jobOutput, error) {
		if err != nil {
			return nil, err
		}
		return &jobOutput{ETag: etag(j.Version), CacheControl: "private, no-cache", Body: whole(ctx, j)}, nil
	}
}
