package rest

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// MaxSelectionBytes bounds a document that may name 10,000 letters by their ids.
const MaxSelectionBytes = 512 << 10

// LetterFilter selects dead letters by what it names.
type LetterFilter struct {
	State       []string   `json:"state,omitempty" enum:"open,replaying,replayed,recovered,discarded" maxItems:"5" doc:"Only these states."`
	Kind        string     `json:"kind,omitempty" enum:"video,audio" doc:"Only this kind of job."`
	Job         string     `json:"job,omitempty" maxLength:"128" doc:"Only letters of this job."`
	Fingerprint string     `json:"fingerprint,omitempty" maxLength:"64" doc:"Only letters with this cause."`
	Fault       string     `json:"fault,omitempty" enum:"request,source,dependency,internal,poison" doc:"Only this kind of fault."`
	Owner       string     `json:"owner,omitempty" maxLength:"200" doc:"Only letters of this owner's jobs."`
	DiedAfter   *time.Time `json:"died_after,omitempty" doc:"Only those that died at this time or later."`
	DiedBefore  *time.Time `json:"died_before,omitempty" doc:"Only those that died before this time."`
	Text        string     `json:"text,omitempty" maxLength:"200" doc:"Only those whose fault has this in its text or its cause, in upper or lower case."`
}

func (f LetterFilter) filter() deadletterclient.Filter {
	out := deadletterclient.Filter{
		States: f.State, Kind: job.Kind(f.Kind), JobID: job.ID(f.Job), Fingerprint: f.Fingerprint, Fault: f.Fault, Owner: f.Owner, Text: f.Text,
	}
	if f.DiedAfter != nil {
		out.DiedAfter = *f.DiedAfter
	}
	if f.DiedBefore != nil {
		out.DiedBefore = *f.DiedBefore
	}
	return out
}

// Selection names dead letters, in one of two ways.
type Selection struct {
	IDs    []string      `json:"ids,omitempty" maxItems:"10000" doc:"Ids of the letters. Either these or a filter."`
	Filter *LetterFilter `json:"filter,omitempty" doc:"What the letters have in common: at least one thing."`
}

// selection refuses to guess which letters are meant.
func (s Selection) selection() (deadletterclient.Selection, error) {
	if (len(s.IDs) == 0) == (s.Filter == nil) {
		return deadletterclient.Selection{}, &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "body",
			Detail: "Name the letters by ids or by a filter: exactly one of the two.",
		}
	}
	if s.Filter == nil {
		return deadletterclient.Selection{IDs: s.IDs}, nil
	}
	f := s.Filter.filter()
	if reflect.ValueOf(f).IsZero() {
		return deadletterclient.Selection{}, &problem.Error{
			Status: http.StatusUnprocessableEntity, Field: "body.filter",
			Detail: `The filter says nothing. For all that are open write {"state": ["open"]}.`,
		}
	}
	return deadletterclient.Selection{Filter: f}, nil
}

// ofSelection names the fields of a selection as they are named here.
func ofSelection(err error) error {
	var invalid *job.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	here := &job.InvalidError{}
	for _, f := range invalid.Fields {
		here.Fields = append(here.Fields, job.FieldError{Path: strings.TrimPrefix(f.Path, "selection."), Message: f.Message})
	}
	return here
}

// Skipped counts letters of a selection that are left as they are.
type Skipped struct {
	Why     string `json:"why" enum:"decided,in_replay,undecodable,missing" doc:"decided: its state is another one; in_replay: a replay that is not over has it; undecodable: its message can't be read; missing: there is none."`
	Letters int    `json:"letters" doc:"How many."`
}

func viewSkipped(skipped []deadletterclient.Skipped) []Skipped {
	all := []Skipped{}
	for _, s := range skipped {
		all = append(all, Skipped{Why: s.Why, Letters: s.Letters})
	}
	return all
}

type decideInput struct {
	Body decideInputBody
}

type decideInputBody struct {
	Selection
	ReasonBody
}

type decideOutput struct {
	Body decidedBody
}

type decidedBody struct {
	Letters int       `json:"letters" doc:"Letters that were changed."`
	Skipped []Skipped `json:"skipped" nullable:"false" doc:"Letters that are left as they are."`
}

type resendInput struct {
	LetterInput
	Body resendInputBody
}

type resendInputBody struct {
	Queue string `json:"queue" minLength:"1" maxLength:"128" doc:"Work queue that the message goes to." example:"video-generation"`
	ReasonBody
}

type resendOutput struct {
	Body resendBody
}

type resendBody struct {
	DeadLetter DeadLetter `json:"dead_letter" doc:"The dead letter after it."`
}

func (a *API) decisions(docs huma.API) {
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "discard-dead-letters", Method: http.MethodPost, Path: "/v1/dead-letters:discard", MaxBodyBytes: MaxSelectionBytes,
		Summary: "Give up dead letters", Description: "Only open ones. They are kept, and may be restored.",
	}, 400, 408, 413, 415, 504), safely(a, a.discard))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "restore-dead-letters", Method: http.MethodPost, Path: "/v1/dead-letters:restore", MaxBodyBytes: MaxSelectionBytes,
		Summary: "Open discarded dead letters again", Description: "As long as retention keeps them.",
	}, 400, 408, 413, 415, 504), safely(a, a.restore))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "resend-dead-letter", Method: http.MethodPost, Path: "/v1/dead-letters/{id}:resend",
		Summary:     "Send the message of a dead letter to a queue, as it came",
		Description: "Also one that can't be read. At least once; nobody waits for what becomes of it.",
	}, 400, 404, 408, 409, 413, 415, 504), safely(a, a.resend))
}

func (a *API) discard(ctx context.Context, in *decideInput) (*decideOutput, error) {
	return a.decide(ctx, in, DeadLetters.Discard)
}

func (a *API) restore(ctx context.Context, in *decideInput) (*decideOutput, error) {
	return a.decide(ctx, in, DeadLetters.Restore)
}

func (a *API) decide(ctx context.Context, in *decideInput, do func(DeadLetters, context.Context, deadletterclient.Selection, string, string) (deadletterclient.Decided, error)) (*decideOutput, error) {
	return withLetters(ctx, a, bulkTimeout, func(ctx context.Context, me caller.Identity) (*decideOutput, error) {
		which, err := in.Body.selection()
		if err != nil {
			return nil, err
		}
		d, err := do(a.DeadLetters, ctx, which, me.Owner, in.Body.Reason)
		if err != nil {
			return nil, ofSelection(err)
		}
		return &decideOutput{Body: decidedBody{Letters: d.Letters, Skipped: viewSkipped(d.Skipped)}}, nil
	})
}

func (a *API) resend(ctx context.Context, in *resendInput) (*resendOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, me caller.Identity) (*resendOutput, error) {
		id, err := jobs.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		l, err := a.DeadLetters.Resend(ctx, string(id), in.Body.Queue, me.Owner, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &resendOutput{Body: resendBody{DeadLetter: letter(l)}}, nil
	})
}
