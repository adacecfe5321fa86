package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// LetterQuery selects dead letters by the query. It is exported because huma
// skips embedded structs that are not.
type LetterQuery struct {
	State       []string  `query:"state" enum:"open,replaying,replayed,recovered,discarded" doc:"Only these states, separated by commas."`
	Kind        string    `query:"kind" enum:"video,audio" doc:"Only this kind of job."`
	Job         string    `query:"job" maxLength:"128" doc:"Only letters of this job."`
	Fingerprint string    `query:"fingerprint" maxLength:"64" doc:"Only letters with this cause, see GET /v1/dead-letter-groups."`
	Fault       string    `query:"fault" enum:"request,source,dependency,internal,poison" doc:"Only this kind of fault."`
	Owner       string    `query:"owner" maxLength:"200" doc:"Only letters of this owner's jobs."`
	DiedAfter   time.Time `query:"died_after" doc:"Only those that died at this time or later."`
	DiedBefore  time.Time `query:"died_before" doc:"Only those that died before this time."`
	Text        string    `query:"text" maxLength:"200" doc:"Only those whose fault has this in its text or its cause, in upper or lower case."`
	PageSize    int       `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"How many in a page."`
	PageToken   string    `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

func (q LetterQuery) filter() deadletterclient.Filter {
	return deadletterclient.Filter{
		States: q.State, Kind: job.Kind(q.Kind), JobID: job.ID(q.Job), Fingerprint: q.Fingerprint, Fault: q.Fault, Owner: q.Owner,
		DiedAfter: q.DiedAfter, DiedBefore: q.DiedBefore, Text: q.Text, PageSize: q.PageSize, PageToken: q.PageToken,
	}
}

// refused says which part of the query it was that was refused.
func (q LetterQuery) refused(err error) error {
	var invalid *job.InvalidError
	if errors.As(err, &invalid) && q.PageToken != "" {
		return badToken(err)
	}
	return err
}

type listLettersInput struct{ LetterQuery }

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
	Body replayInputBody
}

type replayInputBody struct {
	ReasonBody
	Source  *Source      `json:"source,omitempty" doc:"Another source than the letter's, whole."`
	Options *EditOptions `json:"options,omitempty" doc:"Other options than the letter's; one that is absent stays as it is."`
}

// EditOptions are options to be changed.
type EditOptions struct {
	Length   *string   `json:"length,omitempty" enum:"short,medium,long," doc:"Empty: the default."`
	Theme    *string   `json:"theme,omitempty" enum:"dark,paper," doc:"Empty: the default."`
	Language *string   `json:"language,omitempty" maxLength:"35" doc:"BCP 47 tag; empty: that of the source."`
	Voices   *[]string `json:"voices,omitempty" maxItems:"2" nullable:"false" doc:"Names of GET /v1/voices; none: the default."`
	Format   *string   `json:"format,omitempty" enum:"landscape,portrait,dialogue,monologue," doc:"Empty: the default."`
}

type replayOutput struct {
	Body replayBody
}

type replayBody struct {
	DeadLetter DeadLetter `json:"dead_letter" doc:"The dead letter after it."`
	Job        Job        `json:"job" doc:"The job after it."`
	Stages     *Stages    `json:"stages,omitempty" doc:"What the next attempt reuses and runs; absent when that can't be told."`
}

func (a *API) deadLetters(docs huma.API) {
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-dead-letters", Method: http.MethodGet, Path: "/v1/dead-letters",
		Summary: "List dead letters, newest first", Description: "Without requests, headers, bodies and attempts.",
	}, 403, 504), safely(a, a.listLetters))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "get-dead-letter", Method: http.MethodGet, Path: "/v1/dead-letters/{id}",
		Summary: "Read a dead letter", Description: "With its request, headers and body as they came, its attempts, and the stages that a replay would run.",
	}, 403, 404, 504), safely(a, a.getLetter))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "replay-dead-letter", Method: http.MethodPost, Path: "/v1/dead-letters/{id}:replay",
		Summary: "Put the job of a dead letter back to work",
		Description: "With a fresh budget of retries. Twice at once runs it once. With `source` or `options` the job asks for something else " +
			"from now on, checked as a submission is; the letter keeps what it asked for. That takes the permission `edit`, or a key with the scope " +
			"`deadletters:edit`. Who and why is kept on record, and what was changed.",
		DefaultStatus: http.StatusAccepted,
	}, 400, 403, 404, 408, 409, 413, 415, 504), safely(a, a.replayLetter))
}

func (a *API) listLetters(ctx context.Context, in *listLettersInput) (*listLettersOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*listLettersOutput, error) {
		page, err := a.DeadLetters.List(ctx, in.filter())
		if err != nil {
			return nil, in.refused(err)
		}
		out := &listLettersOutput{Body: listLettersBody{DeadLetters: []DeadLetter{}, NextPageToken: page.NextPageToken}}
		for _, l := range page.Letters {
			out.Body.DeadLetters = append(out.Body.DeadLetters, letter(l))
		}
		return out, nil
	})
}

func (a *API) getLetter(ctx context.Context, in *LetterInput) (*letterOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*letterOutput, error) {
		l, err := a.readLetter(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		v := wholeLetter(l)
		if r := l.Request; r != nil && l.State == deadletterclient.Open && l.JobState != deadletterclient.JobUnknown {
			v.Stages = a.stages(ctx, l.JobID, l.Owner, *r)
		}
		return &letterOutput{Body: v}, nil
	})
}

func (a *API) readLetter(ctx context.Context, rawID string) (deadletterclient.DeadLetter, error) {
	id, err := jobs.ParseID(rawID)
	if err != nil {
		return deadletterclient.DeadLetter{}, err
	}
	return a.DeadLetters.Get(ctx, string(id))
}

func (a *API) replayLetter(ctx context.Context, in *replayInput) (*replayOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, me caller.Identity) (*replayOutput, error) {
		id, err := jobs.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		var l deadletterclient.DeadLetter
		var j job.Job
		if in.Body.Source == nil && in.Body.Options == nil {
			l, j, err = a.DeadLetters.Replay(ctx, string(id), me.Owner, in.Body.Reason)
		} else {
			l, j, err = a.replayEdited(ctx, me, string(id), in.Body)
		}
		if err != nil {
			return nil, err
		}
		return &replayOutput{Body: replayBody{
			DeadLetter: letter(l), Job: whole(ctx, j), Stages: a.stages(ctx, j.ID, j.Owner, j.Request),
		}}, nil
	})
}

// replayEdited replays a letter with a request that is as good as one that its
// owner could submit.
func (a *API) replayEdited(ctx context.Context, me caller.Identity, id string, in replayInputBody) (deadletterclient.DeadLetter, job.Job, error) {
	if err := edge.CheckEdit(me); err != nil {
		return deadletterclient.DeadLetter{}, job.Job{}, err
	}
	l, err := a.DeadLetters.Get(ctx, id)
	if err != nil {
		return deadletterclient.DeadLetter{}, job.Job{}, err
	}
	if l.Request == nil {
		return deadletterclient.DeadLetter{}, job.Job{}, &deadletterclient.StateError{
			ID: l.ID, State: l.State, Why: "its message can't be read, so there is nothing to edit",
			Remedy: "Send it to a queue as it is, or discard it.",
		}
	}
	r := edited(*l.Request, in)
	if err := a.Jobs.CheckEdit(ctx, l.Owner, r); err != nil {
		return deadletterclient.DeadLetter{}, job.Job{}, err
	}
	return a.DeadLetters.ReplayEdited(ctx, id, r, me.Owner, in.Reason)
}

func edited(r job.Request, in replayInputBody) job.Request {
	if in.Source != nil {
		r.Source = job.Source(*in.Source)
	}
	if o := in.Options; o != nil {
		for to, from := range map[*string]*string{
			&r.Options.Length: o.Length, &r.Options.Theme: o.Theme, &r.Options.Language: o.Language, &r.Options.Format: o.Format,
		} {
			if from != nil {
				*to = *from
			}
		}
		if o.Voices != nil {
			r.Options.Voices = *o.Voices
		}
	}
	return r
}
