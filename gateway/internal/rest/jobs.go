package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/problem"
)

type submitInput struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[ -~]+$" doc:"Unique per request: sending the same request again with it gives the same job back."`
	Body           submitBody
}

type submitBody struct {
	Kind    string            `json:"kind" enum:"video,audio" doc:"What to make."`
	Source  Source            `json:"source" doc:"Exactly one of url, upload and text."`
	Options JobOptions        `json:"options,omitempty" doc:"Leave one out for its default."`
	RunAt   *time.Time        `json:"run_at,omitempty" doc:"Not before this time, at most 90 days ahead."`
	Labels  map[string]string `json:"labels,omitempty" maxProperties:"16" doc:"Own marks: at most 16, each key and value at most 64 bytes."`
	Fresh   bool              `json:"fresh,omitempty" doc:"Make it anew. Without it you share the run, or get the files, when somebody else asks for the same lesson right now or did so minutes ago."`
}

type submitOutput struct {
	Location string `header:"Location" doc:"Address of the job."`
	ETag     string `header:"ETag" doc:"Version of the job, for If-None-Match."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when the job existed before."`
	Body     Job
}

// JobInput names a job by the path. It is exported because huma skips embedded
// structs that are not.
type JobInput struct {
	ID string `path:"id" doc:"Id of the job."`
}

type getInput struct {
	JobInput
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the version at hand: 304 while there is no newer one."`
	Wait        string `query:"wait" pattern:"^[0-9]{1,5}(ms|s)$" example:"30s" doc:"Long poll, at most 60s: answers as soon as the job is newer than If-None-Match or, without that header, final."`
}

type jobOutput struct {
	ETag         string `header:"ETag" doc:"Version of the job, for If-None-Match."`
	CacheControl string `header:"Cache-Control" doc:"Ask again each time."`
	Body         Job
}

func (a *API) jobs(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "submit-job", Method: http.MethodPost, Path: "/v1/jobs", Tags: []string{"jobs"},
		Summary: "Ask for a lesson", Description: "Answers as soon as the job is stored. It then reaches a final state whatever happens.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: MaxBodyBytes + 1,
		Errors: []int{400, 408, 413, 415, 504},
	}, safely(a, a.submit))
	huma.Register(docs, huma.Operation{
		OperationID: "get-job", Method: http.MethodGet, Path: "/v1/jobs/{id}", Tags: []string{"jobs"},
		Summary: "Read a job", Description: "With its history. `wait` holds the answer back until there is news; If-None-Match spares what you have.",
		Errors:    []int{404, 504},
		Responses: map[string]*huma.Response{"304": notModified()},
	}, safely(a, a.get))
	huma.Register(docs, huma.Operation{
		OperationID: "list-jobs", Method: http.MethodGet, Path: "/v1/jobs", Tags: []string{"jobs"},
		Summary: "List your jobs, newest first", Description: "Without histories. Pages do not shift when jobs are added meanwhile. Operators may list those of others.",
		Errors: []int{403, 504},
	}, safely(a, a.list))
}

func (a *API) submit(ctx context.Context, in *submitInput) (*submitOutput, error) {
	j, replayed, err := a.Jobs.Submit(ctx, request(in.Body), in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	out := &submitOutput{Location: jobPath(j.ID), ETag: etag(j.Version), Body: whole(ctx, j)}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}

func request(b submitBody) job.Request {
	r := job.Request{Kind: job.Kind(b.Kind), Source: job.Source(b.Source), Options: job.Options(b.Options), Labels: b.Labels, Fresh: b.Fresh}
	if b.RunAt != nil {
		r.RunAt = b.RunAt.UTC()
	}
	return r
}

type listInput struct {
	State         []string  `query:"state" enum:"scheduled,queued,running,retrying,parked,succeeded,failed,cancelled" doc:"Only these states, separated by commas."`
	Kind          string    `query:"kind" enum:"video,audio" doc:"Only this kind."`
	CreatedAfter  time.Time `query:"created_after" doc:"Only jobs made at this time or later."`
	CreatedBefore time.Time `query:"created_before" doc:"Only jobs made before this time."`
	Owner         string    `query:"owner" maxLength:"200" doc:"For operators: whose jobs, * = everybody's. Your own by default."`
	PageSize      int       `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"Jobs in a page."`
	PageToken     string    `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

type listOutput struct {
	Body listBody
}

type listBody struct {
	Jobs          []Job  `json:"jobs" nullable:"false"`
	NextPageToken string `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

func (a *API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	f := statusclient.ListFilter{
		Owner: in.Owner, Kind: job.Kind(in.Kind), CreatedAfter: in.CreatedAfter, CreatedBefore: in.CreatedBefore,
		PageSize: in.PageSize, PageToken: in.PageToken,
	}
	for _, s := range in.State {
		f.States = append(f.States, job.State(s))
	}
	page, err := a.Jobs.List(ctx, f)
	var invalid *job.InvalidError
	if errors.As(err, &invalid) && in.PageToken != "" {
		return nil, badToken(err)
	}
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: listBody{Jobs: []Job{}, NextPageToken: page.NextPageToken}}
	for _, j := range page.Jobs {
		out.Body.Jobs = append(out.Body.Jobs, brief(ctx, j))
	}
	return out, nil
}

func badToken(err error) error {
	return &problem.Error{
		Status: http.StatusUnprocessableEntity, Field: "query.page_token", Err: err,
		Detail: "This page token is not one of ours or belongs to another list. Start again without it.",
	}
}
