package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// DeadLetters is the dead-letter service as the API needs it;
// deadletterclient.Client is one.
type DeadLetters interface {
	List(ctx context.Context, f deadletterclient.Filter) (deadletterclient.Page, error)
	Get(ctx context.Context, id string) (deadletterclient.DeadLetter, error)
	Replay(ctx context.Context, id, author, reason string) (deadletterclient.DeadLetter, job.Job, error)
}

type listLettersInput struct {
	State     []string `query:"state" enum:"open,replaying,replayed" doc:"Only these states, separated by commas."`
	Kind      string   `query:"kind" enum:"video,audio" doc:"Only this kind of job."`
	Job       string   `query:"job" maxLength:"128" doc:"Only letters of this job."`
	PageSize  int      `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"Letters in a page."`
	PageToken string   `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

type listLettersOutput struct {
	Body listLettersBody
}

type listLettersBody struct {
	DeadLetters   []DeadLetter `json:"dead_letters" nullable:"false"`
	NextPageToken string       `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

// LetterInput names a dead letter by the path.
type LetterInput struct {
	ID string `path:"id" doc:"Id of the dead letter."`
}

type letterOutput struct {
	Body DeadLetter
}

type replayInput struct {
	LetterInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why it may work now; kept on record with your name."`
	}
}

type replayOutput struct {
	Body replayBody
}

type replayBody struct {
	DeadLetter DeadLetter `json:"dead_letter" doc:"The dead letter after it."`
	Job        Job        `json:"job" doc:"The job after it."`
}

func (a *API) deadLetters(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "list-dead-letters", Method: http.MethodGet, Path: "/v1/dead-letters", Tags: []string{"operators"},
		Summary: "List dead letters, newest first", Description: "Without requests, headers and bodies. For operators.",
		Errors: []int{403, 504},
	}, safely(a, a.listLetters))
	huma.Register(docs, huma.Operation{
		OperationID: "get-dead-letter", Method: http.MethodGet, Path: "/v1/dead-letters/{id}", Tags: []string{"operators"},
		Summary: "Read a dead letter", Description: "With its request, headers and body as they came. For operators.",
		Errors: []int{403, 404, 504},
	}, safely(a, a.getLetter))
	huma.Register(docs, huma.Operation{
		OperationID: "replay-dead-letter", Method: http.MethodPost, Path: "/v1/dead-letters/{id}:replay", Tags: []string{"operators"},
		Summary:       "Put the job of a dead letter back to work",
		Description:   "With a fresh budget of retries. Twice at once runs it once. For operators; who and why is kept on record.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: MaxBodyBytes + 1,
		Errors: []int{400, 404, 408, 409, 413, 415, 504},
	}, safely(a, a.replayLetter))
}

// operator returns the caller and bounds the call; it refuses everybody else,
// and everybody where no dead-letter service is configured.
func (a *API) operator(ctx context.Context) (context.Context, context.CancelFunc, caller.Identity, error) {
	me, err := jobs.Caller(ctx)
	switch {
	case err != nil:
	case !me.Is(caller.Operator):
		err = problem.New(http.StatusForbidden, "Dead letters are for operators. Sign in as one.")
	case a.DeadLetters == nil:
		err = fault.New(fault.Dependency, "No dead-letter service is configured here: set DEADLETTER_ADDRESS.")
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	return ctx, done, me, err
}

func (a *API) listLetters(ctx context.Context, in *listLettersInput) (*listLettersOutput, error) {
	ctx, done, _, err := a.operator(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	page, err := a.DeadLetters.List(ctx, deadletterclient.Filter{
		States: in.State, Kind: job.Kind(in.Kind), JobID: job.ID(in.Job), PageSize: in.PageSize, PageToken: in.PageToken,
	})
	var invalid *job.InvalidError
	if errors.As(err, &invalid) && in.PageToken != "" {
		return nil, badToken(err)
	}
	if err != nil {
		return nil, err
	}
	out := &listLettersOutput{Body: listLettersBody{DeadLetters: []DeadLetter{}, NextPageToken: page.NextPageToken}}
	for _, l := range page.Letters {
		out.Body.DeadLetters = append(out.Body.DeadLetters, letter(l))
	}
	return out, nil
}

func (a *API) getLetter(ctx context.Context, in *LetterInput) (*letterOutput, error) {
	ctx, done, _, err := a.operator(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	id, err := jobs.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	l, err := a.DeadLetters.Get(ctx, string(id))
	if err != nil {
		return nil, err
	}
	return &letterOutput{Body: wholeLetter(l)}, nil
}

func (a *API) replayLetter(ctx context.Context, in *replayInput) (*replayOutput, error) {
	ctx, done, me, err := a.operator(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	id, err := jobs.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	l, j, err := a.DeadLetters.Replay(ctx, string(id), me.Owner, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &replayOutput{Body: replayBody{DeadLetter: letter(l), Job: whole(ctx, j)}}, nil
}
