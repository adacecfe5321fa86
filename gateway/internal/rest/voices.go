package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// Voice is somebody who can be heard in a lesson.
type Voice struct {
	Name       string       `json:"name" doc:"What options.voices calls it." example:"ada"`
	Language   string       `json:"language,omitempty" doc:"BCP 47 tag of the language that it speaks best; absent when not known. Lessons in other languages are spoken, too." example:"en-US"`
	Gender     string       `json:"gender,omitempty" enum:"female,male" doc:"Absent when not known."`
	Character  string       `json:"character,omitempty" doc:"How it sounds." example:"bright and brisk"`
	Suits      []voice.Host `json:"suits" nullable:"false" enum:"narrator,first,second" doc:"Whom it suits: the narrator of a video or a monologue, the first or the second host of a dialogue."`
	DefaultFor []voice.Host `json:"default_for" nullable:"false" enum:"narrator,first,second" doc:"Whom it is when nobody is chosen."`
	Available  bool         `json:"available" doc:"Whether this server has it. A job with one that it lacks is refused."`
}

type listVoicesOutput struct {
	Body listVoicesBody
}

type listVoicesBody struct {
	Voices []Voice `json:"voices" nullable:"false"`
}

func (a *API) voices(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "list-voices", Method: http.MethodGet, Path: "/v1/voices", Tags: []string{"jobs"},
		Summary: "List the voices", Description: "Those that a job may name in its options.",
	}, safely(a, a.listVoices))
}

func (a *API) listVoices(ctx context.Context, _ *struct{}) (*listVoicesOutput, error) {
	if _, err := jobs.Caller(ctx); err != nil {
		return nil, err
	}
	return &listVoicesOutput{Body: viewVoices(a.Jobs.Voices())}, nil
}

func viewVoices(all []voice.Voice) listVoicesBody {
	b := listVoicesBody{Voices: make([]Voice, len(all))}
	for i, v := range all {
		b.Voices[i] = Voice(v)
	}
	return b
}
