package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/limit"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// MaxBatchBytes bounds a batch: 100 links or uploads with everything that may be
// said of them fit twice. Together with the limit of requests it bounds what one
// owner makes a gateway hold in memory.
const MaxBatchBytes = 1 << 20

// batchInput takes the body as it comes: huma would refuse all jobs for one that
// is wrong.
type batchInput struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"250" pattern:"^[ -~]+$" doc:"Unique per batch. Each job has this key, a slash and its place from 0 as its own: sending the same batch again gives the same jobs back and makes those that were refused before."`
	RawBody        []byte `contentType:"application/json"`
	contentType    string
}

// Resolve keeps the type of the body; it is called by huma.
func (in *batchInput) Resolve(c huma.Context) []error {
	in.contentType = c.Header("Content-Type")
	return nil
}

type batchBody struct {
	Jobs []submitBody `json:"jobs" minItems:"1" maxItems:"100" nullable:"false" doc:"What is asked for, each as in POST /v1/jobs, of at most 64 KiB."`
}

type batchOutput struct {
	Limit     string `header:"RateLimit-Limit"`
	Remaining string `header:"RateLimit-Remaining"`
	Reset     string `header:"RateLimit-Reset"`
	Body      batchResults
}

type batchResults struct {
	Results []BatchResult `json:"results" nullable:"false" doc:"One for each job, in the order of the request."`
}

// BatchResult is what became of one job of a batch.
type BatchResult struct {
	Status     int              `json:"status" minimum:"200" maximum:"599" doc:"What POST /v1/jobs would have answered: 202 when the job is accepted." example:"202"`
	Job        *Job             `json:"job,omitempty" doc:"The job; absent when it was refused."`
	Replayed   bool             `json:"replayed,omitempty" doc:"The job existed before."`
	Problem    *problem.Details `json:"problem,omitempty" doc:"Why it was refused; its fields are named as if the job had been sent alone."`
	RetryAfter int              `json:"retry_after,omitempty" doc:"Seconds after which it may be tried again."`
}

func (a *API) batch(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "submit-jobs", Method: http.MethodPost, Path: "/v1/jobs:batch", Tags: []string{"jobs"},
		Summary: "Ask for up to 100 lessons",
		Description: "Each is accepted or refused by itself: the answer is 200 with one result each, in the same order. " +
			"Each counts as a request and as a job. The body is at most 1 MiB.",
		MaxBodyBytes: MaxBatchBytes + 1, SkipValidateBody: true,
		Errors: []int{400, 408, 413, 415},
	}, safely(a, a.submitAll))
	// Told before, huma would check every job itself.
	post := docs.OpenAPI().Paths["/v1/jobs:batch"].Post
	schema := docs.OpenAPI().Components.Schemas.Schema(typeOf[batchBody](), true, "BatchBody")
	post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	a.entrySchema = docs.OpenAPI().Components.Schemas.Schema(typeOf[submitBody](), true, "SubmitBody")
	a.schemas = docs.OpenAPI().Components.Schemas
}

func (a *API) submitAll(ctx context.Context, in *batchInput) (*batchOutput, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return nil, err
	}
	if mediaType, _, err := mime.ParseMediaType(in.contentType); in.contentType != "" && (err != nil || mediaType != "application/json") {
		return nil, problem.New(http.StatusUnsupportedMediaType, "%s", details[http.StatusUnsupportedMediaType])
	}
	entries, err := splitBatch(in.RawBody)
	if err != nil {
		return nil, err
	}
	// The request itself was counted before.
	left, refused := a.Rate.TakeEach(me, limit.API, len(entries)-1)
	asks := make([]jobs.Ask, len(entries))
	for i, raw := range entries {
		if i > 0 && refused[i-1] != nil {
			asks[i].Err = refused[i-1]
			continue
		}
		asks[i] = a.ask(raw)
	}
	outcomes, err := a.Jobs.SubmitAll(ctx, asks, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	h := left.Headers()
	out := &batchOutput{Limit: h.Get("RateLimit-Limit"), Remaining: h.Get("RateLimit-Remaining"), Reset: h.Get("RateLimit-Reset")}
	for _, o := range outcomes {
		out.Body.Results = append(out.Body.Results, a.result(ctx, o))
	}
	return out, nil
}

// splitBatch returns the jobs of a batch as they came. It stops at one too many,
// so that nobody has a body of a million of them taken apart.
func splitBatch(body []byte) ([]json.RawMessage, error) {
	shape := func(field, detail string) error {
		return &problem.Error{Status: http.StatusUnprocessableEntity, Field: field, Detail: detail}
	}
	broken := func(err error) error {
		return &problem.Error{Status: http.StatusBadRequest, Field: "body", Detail: "This is no JSON. Correct it and send the request again.", Err: err}
	}
	var whole struct {
		Jobs json.RawMessage `json:"jobs"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	var syntax *json.SyntaxError
	switch err := d.Decode(&whole); {
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, broken(err)
	case err != nil:
		return nil, shape("body", "A batch is an object with nothing but the list jobs.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, broken(err)
	}
	list := json.NewDecoder(bytes.NewReader(whole.Jobs))
	if start, err := list.Token(); err != nil || start != json.Delim('[') {
		return nil, shape("body.jobs", "The list jobs is missing: give 1 to 100 of them.")
	}
	var entries []json.RawMessage
	for list.More() {
		if len(entries) == jobs.MaxBatch {
			return nil, shape("body.jobs", fmt.Sprintf("A batch holds at most %d jobs: send the others as a batch of their own.", jobs.MaxBatch))
		}
		var raw json.RawMessage
		if err := list.Decode(&raw); err != nil {
			return nil, broken(err)
		}
		entries = append(entries, raw)
	}
	if len(entries) == 0 {
		return nil, shape("body.jobs", "The list jobs is empty: give 1 to 100 of them.")
	}
	return entries, nil
}

// ask checks a job of a batch as huma checks one that comes alone.
func (a *API) ask(raw json.RawMessage) jobs.Ask {
	if len(raw) > MaxBodyBytes {
		return jobs.Ask{Err: problem.New(http.StatusRequestEntityTooLarge, "%s", details[http.StatusRequestEntityTooLarge])}
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return jobs.Ask{Err: problem.New(http.StatusBadRequest, "%s", details[http.StatusBadRequest])}
	}
	at := huma.NewPathBuffer(nil, 0)
	at.Push("body")
	found := &huma.ValidateResult{}
	huma.Validate(a.schemas, a.entrySchema, at, huma.ModeWriteToServer, value, found)
	if len(found.Errors) > 0 {
		return jobs.Ask{Err: problem.Invalid(found.Errors)}
	}
	var b submitBody
	if err := json.Unmarshal(raw, &b); err != nil {
		return jobs.Ask{Err: &problem.Error{Status: http.StatusUnprocessableEntity, Field: "body", Detail: details[http.StatusBadRequest], Err: err}}
	}
	return jobs.Ask{Request: request(b)}
}

func (a *API) result(ctx context.Context, o jobs.Outcome) BatchResult {
	if o.Err == nil {
		j := whole(ctx, o.Job)
		return BatchResult{Status: http.StatusAccepted, Job: &j, Replayed: o.Replayed}
	}
	d := problem.From(ctx, o.Err)
	a.logProblem(ctx, d, o.Err)
	return BatchResult{Status: d.Status, Problem: d, RetryAfter: int(math.Ceil(problem.RetryAfter(d, o.Err).Seconds()))}
}
