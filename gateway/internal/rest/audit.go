package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

type auditInput struct {
	Author    string    `query:"author" maxLength:"200" doc:"Only what this one did."`
	Action    []string  `query:"action" maxItems:"20" doc:"Only these actions, separated by commas." example:"replay.create"`
	After     time.Time `query:"after" doc:"Only what was done at this time or later."`
	Before    time.Time `query:"before" doc:"Only what was done before this time."`
	PageSize  int       `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"Records in a page."`
	PageToken string    `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

type auditOutput struct {
	Body auditBody
}

type auditBody struct {
	Records       []AuditRecord `json:"records" nullable:"false"`
	NextPageToken string        `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

// AuditRecord is one thing that was done; it never changes.
type AuditRecord struct {
	ID        string          `json:"id" doc:"Ids grow with time." example:"0199f1a3-2b40-7e05-9d66-1c8a7b3f4e90"`
	At        time.Time       `json:"at"`
	Author    string          `json:"author" doc:"Who did it; \"dead-letter service\" for what that did by itself."`
	Action    string          `json:"action" doc:"What was done." example:"replay.create"`
	Reason    string          `json:"reason" doc:"Why, in the words of the author."`
	Selection string          `json:"selection" doc:"What it was done to, in words."`
	Outcome   string          `json:"outcome" doc:"What became of it, in words."`
	Detail    json.RawMessage `json:"detail,omitempty" doc:"More of it, such as what an edit changed."`
}

// maxRecords is the most that the status service tells at once.
const maxRecords = 200

// queueActions are those on the record of the status service.
var queueActions = []string{statusclient.ActionPauseQueue, statusclient.ActionResumeQueue, statusclient.ActionDrainWorker}

func (a *API) audit(docs huma.API) {
	actions := strings.Join(slices.Concat(deadletterclient.Actions(), queueActions), ", ")
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/audit",
		Summary:     "Read who did what, newest first",
		Description: "What operators did with dead letters, replays, queues and workers. Records never change. The actions are " + actions + ".",
	}, 403, 504), safely(a, a.listAudit))
}

func (a *API) listAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	return withLetters(ctx, a, callTimeout, func(ctx context.Context, _ caller.Identity) (*auditOutput, error) {
		if err := in.check(); err != nil {
			return nil, err
		}
		all, more, err := a.readAudit(ctx, in)
		if err != nil {
			return nil, err
		}
		out := &auditOutput{Body: auditBody{Records: all[:min(len(all), in.PageSize)]}}
		if more || len(all) > in.PageSize {
			out.Body.NextPageToken = out.Body.Records[len(out.Body.Records)-1].ID
		}
		return out, nil
	})
}

func (in *auditInput) check() error {
	if in.PageToken != "" && uuid.Validate(in.PageToken) != nil {
		return badToken(nil)
	}
	known := slices.Concat(deadletterclient.Actions(), queueActions)
	for _, action := range in.Action {
		if !slices.Contains(known, action) {
			return &problem.Error{
				Status: http.StatusUnprocessableEntity, Field: "query.action",
				Detail: fmt.Sprintf("%.40q is not an action: use some of %s.", action, strings.Join(known, ", ")),
			}
		}
	}
	return nil
}

// readAudit returns the newest records of both services, newest first, and
// whether one of them has more than those.
func (a *API) readAudit(ctx context.Context, in *auditInput) (all []AuditRecord, more bool, err error) {
	var letters, queues []AuditRecord
	var moreLetters, moreQueues bool
	g, ctx := errgroup.WithContext(ctx)
	if some, ok := actionsOf(in.Action, deadletterclient.Actions()); ok {
		g.Go(func() (err error) {
			letters, moreLetters, err = a.letterAudit(ctx, in, some)
			return err
		})
	}
	if some, ok := actionsOf(in.Action, queueActions); ok {
		g.Go(func() (err error) {
			queues, moreQueues, err = a.queueAudit(ctx, in, some)
			return err
		})
	}
	err = g.Wait()
	all = append(append([]AuditRecord{}, letters...), queues...)
	slices.SortFunc(all, func(x, y AuditRecord) int { return cmp.Compare(y.ID, x.ID) })
	return all, moreLetters || moreQueues, err
}

// actionsOf returns those of the actions that are asked for which a service
// has on its record; ok is false when none of them is.
func actionsOf(asked, known []string) (some []string, ok bool) {
	for _, action := range asked {
		if slices.Contains(known, action) {
			some = append(some, action)
		}
	}
	return some, len(asked) == 0 || len(some) > 0
}

func (a *API) letterAudit(ctx context.Context, in *auditInput, actions []string) (all []AuditRecord, more bool, err error) {
	page, err := a.DeadLetters.Audit(ctx, deadletterclient.AuditFilter{
		Author: in.Author, Actions: actions, After: in.After, Before: in.Before, BeforeID: in.PageToken, PageSize: in.PageSize,
	})
	for _, r := range page.Records {
		v := AuditRecord{ID: r.ID, At: r.At, Author: r.Author, Action: r.Action, Reason: r.Reason, Selection: r.Selection, Outcome: r.Outcome}
		if json.Valid([]byte(r.Detail)) {
			v.Detail = json.RawMessage(r.Detail)
		}
		all = append(all, v)
	}
	return all, page.NextPageToken != "", err
}

// queueAudit asks for one record more than a page has, where it may, to see
// whether there are more.
func (a *API) queueAudit(ctx context.Context, in *auditInput, actions []string) (all []AuditRecord, more bool, err error) {
	limit := min(in.PageSize+1, maxRecords)
	found, err := a.Queues.Audit(ctx, statusclient.AuditFilter{
		Author: in.Author, Actions: actions, After: in.After, Before: in.Before, BeforeID: in.PageToken, Limit: limit,
	})
	for _, r := range found {
		all = append(all, AuditRecord{ID: r.ID, At: r.At, Author: r.Author, Action: r.Action, Reason: r.Reason, Selection: r.Selection, Outcome: r.Outcome})
	}
	return all, len(found) == limit, err
}
