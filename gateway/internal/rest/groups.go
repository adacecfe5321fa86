package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/gateway/internal/caller"
)

type listGroupsInput struct{ LetterQuery }

type listGroupsOutput struct {
	Body listGroupsBody
}

type listGroupsBody struct {
	Groups        []LetterGroup `json:"groups" nullable:"false"`
	NextPageToken string        `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

// LetterGroup is what dead letters with one cause have in common.
type LetterGroup struct {
	Fingerprint string     `json:"fingerprint" doc:"Of every letter in it: made of the fault's kind, stage and text without what differs from case to case." example:"6f1c0a9be2d47358"`
	Template    string     `json:"template" doc:"The text of their fault, with <…> where they differ."`
	Fault       string     `json:"fault" doc:"Kind of the fault."`
	Stage       string     `json:"stage,omitempty" doc:"Stage of the fault; absent when it is not known."`
	Letters     int        `json:"letters" doc:"How many."`
	FirstAt     *time.Time `json:"first_at,omitempty" doc:"When the first of them died."`
	LastAt      *time.Time `json:"last_at,omitempty" doc:"When the last of them died."`
	Kinds       []string   `json:"kinds" nullable:"false" doc:"Kinds of their jobs."`
	Sample      string     `json:"sample" doc:"Id of the newest of them."`
}

func viewGroups(groups []deadletterclient.Group) []LetterGroup {
	all := []LetterGroup{}
	for _, g := range groups {
		all = append(all, LetterGroup{
			Fingerprint: g.Fingerprint, Template: g.Template, Fault: g.Fault, Stage: g.Stage, Letters: g.Letters,
			FirstAt: optional(g.FirstAt), LastAt: optional(g.LastAt), Kinds: texts(g.Kinds), Sample: g.Sample,
		})
	}
	return all
}

func (a *API) groups(docs huma.API) {
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-dead-letter-groups", Method: http.MethodGet, Path: "/v1/dead-letter-groups",
		Summary: "Group dead letters by their cause, largest group first", Description: "Take the fingerprint of a group as the filter of a replay.",
	}, 403, 504), safely(a, a.listGroups))
}

func (a *API) listGroups(ctx context.Context, in *listGroupsInput) (*listGroupsOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*listGroupsOutput, error) {
		page, err := a.DeadLetters.Groups(ctx, in.filter())
		if err != nil {
			return nil, in.refused(err)
		}
		return &listGroupsOutput{Body: listGroupsBody{Groups: viewGroups(page.Groups), NextPageToken: page.NextPageToken}}, nil
	})
}
