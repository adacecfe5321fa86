package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/problem"
)

type createReplayInput struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[ -~]+$" doc:"Unique per request: sending the same request again with it gives the same replay back."`
	Body           createReplayBody
}

type createReplayBody struct {
	Selection
	Rate   float64 `json:"rate,omitempty" minimum:"0.1" maximum:"100" default:"5" doc:"Letters a second."`
	Canary *int    `json:"canary,omitempty" minimum:"-1" maximum:"100" doc:"Letters that go first and whose outcome is waited for; 3 by default, 0 or -1 for none. When one of them dies of the same cause the replay stops by itself."`
	Reason string  `json:"reason,omitempty" maxLength:"500" doc:"Why it may work now; kept on record with your name. Needed unless it is a dry run."`
	DryRun bool    `json:"dry_run,omitempty" doc:"Answer with the plan and do nothing."`
}

func (b createReplayBody) input() (in deadletterclient.ReplayInput, err error) {
	in = deadletterclient.ReplayInput{Rate: b.Rate, Reason: b.Reason}
	if b.Canary != nil {
		if in.Canary = *b.Canary; in.Canary == 0 {
			in.Canary = deadletterclient.NoCanary
		}
	}
	if b.Reason == "" && !b.DryRun {
		return in, &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "body.reason", Detail: "Say why it may work now; it is kept on record with your name.",
		}
	}
	in.Selection, err = b.selection()
	return in, err
}

type createReplayOutput struct {
	Status   int
	Location string `header:"Location" doc:"Address of the replay."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when the replay existed before."`
	Body     createdReplayBody
}

type createdReplayBody struct {
	Replay *Replay     `json:"replay,omitempty" doc:"The replay; absent for a dry run."`
	Plan   *ReplayPlan `json:"plan,omitempty" doc:"What it takes and what it leaves; absent when the replay existed before."`
}

type listReplaysInput struct {
	State     []string `query:"state" enum:"running,paused,stopped,done" doc:"Only these states, separated by commas."`
	PageSize  int      `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"Replays in a page."`
	PageToken string   `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

type listReplaysOutput struct {
	Body listReplaysBody
}

type listReplaysBody struct {
	Replays       []Replay `json:"replays" nullable:"false"`
	NextPageToken string   `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

// ReplayInput names a replay by the path.
type ReplayInput struct {
	ID string `path:"id" doc:"Id of the replay."`
}

type steerInput struct {
	ReplayInput
	Body ReasonBody
}

type replayResourceOutput struct {
	Body Replay
}

func (a *API) replays(docs huma.API) {
	created := huma.Operation{
		OperationID: "create-replay", Method: http.MethodPost, Path: "/v1/dead-letters:replay", MaxBodyBytes: MaxSelectionBytes,
		Summary: "Replay many dead letters",
		Description: "Freezes the selection and puts its open letters back to work at a rate, a few first. No letter is ever in two replays " +
			"that are not over. A dry run answers 200 with the plan and does nothing.",
		DefaultStatus: http.StatusAccepted,
	}
	huma.Register(docs, forOperators(created, 400, 408, 413, 415, 504), safely(a, a.createReplay))
	post := docs.OpenAPI().Paths["/v1/dead-letters:replay"].Post
	post.Responses["200"] = &huma.Response{Description: "The plan of a dry run", Content: map[string]*huma.MediaType{
		"application/json": {Schema: post.Responses["202"].Content["application/json"].Schema},
	}}
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-replays", Method: http.MethodGet, Path: "/v1/replays",
		Summary: "List replays, newest first", Description: "With their counts.",
	}, 403, 504), safely(a, a.listReplays))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "get-replay", Method: http.MethodGet, Path: "/v1/replays/{id}",
		Summary: "Read a replay", Description: "With its counts.",
	}, 403, 404, 504), safely(a, a.getReplay))
	for verb, does := range map[string][2]string{
		"pause":  {"Pause a replay", "It takes no more letters until it is resumed; those that it took go on. A paused one stays so."},
		"resume": {"Go on with a paused replay", "A running one stays so."},
		"stop":   {"Stop a replay", "Letters that it did not take stay open. A stopped one stays so."},
	} {
		huma.Register(docs, forOperators(huma.Operation{
			OperationID: verb + "-replay", Method: http.MethodPost, Path: "/v1/replays/{id}:" + verb, Summary: does[0], Description: does[1],
		}, 400, 404, 408, 409, 413, 415, 504), safely(a, a.steer(verb)))
	}
	a.replayEvents(docs)
}

func (a *API) createReplay(ctx context.Context, in *createReplayInput) (*createReplayOutput, error) {
	return withLetters(ctx, a, bulkTimeout, func(ctx context.Context, me caller.Identity) (*createReplayOutput, error) {
		r, err := in.Body.input()
		if err != nil {
			return nil, err
		}
		r.Author, r.IdempotencyKey = me.Owner, jobs.Unquote(in.IdempotencyKey)
		if in.Body.DryRun {
			plan, err := a.DeadLetters.PlanReplay(ctx, r)
			if err != nil {
				return nil, ofSelection(err)
			}
			return &createReplayOutput{Status: http.StatusOK, Body: createdReplayBody{Plan: viewPlan(plan)}}, nil
		}
		made, err := a.DeadLetters.CreateReplay(ctx, r)
		if err != nil {
			return nil, ofSelection(err)
		}
		v := viewReplay(made.Replay)
		out := &createReplayOutput{Status: http.StatusAccepted, Location: "/v1/replays/" + v.ID, Body: createdReplayBody{Replay: &v}}
		if made.Existed {
			out.Replayed = "true"
		} else {
			out.Body.Plan = viewPlan(made.Plan)
		}
		return out, nil
	})
}

func (a *API) listReplays(ctx context.Context, in *listReplaysInput) (*listReplaysOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*listReplaysOutput, error) {
		page, err := a.DeadLetters.ListReplays(ctx, deadletterclient.ReplayFilter{States: in.State, PageSize: in.PageSize, PageToken: in.PageToken})
		var invalid *job.InvalidError
		if errors.As(err, &invalid) && in.PageToken != "" {
			return nil, badToken(err)
		}
		if err != nil {
			return nil, err
		}
		out := &listReplaysOutput{Body: listReplaysBody{Replays: []Replay{}, NextPageToken: page.NextPageToken}}
		for _, r := range page.Replays {
			out.Body.Replays = append(out.Body.Replays, viewReplay(r))
		}
		return out, nil
	})
}

func (a *API) getReplay(ctx context.Context, in *ReplayInput) (*replayResourceOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*replayResourceOutput, error) {
		id, err := jobs.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		r, err := a.DeadLetters.GetReplay(ctx, string(id))
		if err != nil {
			return nil, err
		}
		return &replayResourceOutput{Body: viewReplay(r)}, nil
	})
}

// steer returns the handler of a verb.
func (a *API) steer(verb string) func(context.Context, *steerInput) (*replayResourceOutput, error) {
	do := map[string]func(DeadLetters, context.Context, string, string, string) (deadletterclient.Replay, error){
		"pause": DeadLetters.PauseReplay, "resume": DeadLetters.ResumeReplay, "stop": DeadLetters.StopReplay,
	}[verb]
	return func(ctx context.Context, in *steerInput) (*replayResourceOutput, error) {
		return withLetters(ctx, a, callTimeout, func(ctx context.Context, me caller.Identity) (*replayResourceOutput, error) {
			id, err := jobs.ParseID(in.ID)
			if err != nil {
				return nil, err
			}
			r, err := do(a.DeadLetters, ctx, string(id), me.Owner, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			return &replayResourceOutput{Body: viewReplay(r)}, nil
		})
	}
}
