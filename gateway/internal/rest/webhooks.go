package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
)

type createWebhookInput struct {
	Body createWebhookBody
}

type createWebhookBody struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2048" doc:"Address to call: http or https, on the public internet, without user name." example:"https://lms.example.org/studycast"`
	States      []string `json:"states,omitempty" enum:"succeeded,failed,cancelled" maxItems:"3" doc:"Final states to call for; all by default."`
	Kinds       []string `json:"kinds,omitempty" enum:"video,audio" maxItems:"2" doc:"Kinds of jobs to call for; all by default."`
	Description string   `json:"description,omitempty" maxLength:"200" doc:"Your own words for it, at most 200 bytes."`
}

type createWebhookOutput struct {
	Location string `header:"Location" doc:"Address of the webhook."`
	Body     Webhook
}

type webhookOutput struct {
	Body Webhook
}

type listWebhooksOutput struct {
	Body listWebhooksBody
}

type listWebhooksBody struct {
	Webhooks []Webhook `json:"webhooks" nullable:"false"`
}

// WebhookInput names a webhook by the path.
type WebhookInput struct {
	ID string `path:"id" doc:"Id of the webhook."`
}

type callOutput struct {
	Body WebhookCall
}

type listCallsInput struct {
	WebhookInput
	PageSize  int    `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"Calls in a page."`
	PageToken string `query:"page_token" maxLength:"512" doc:"next_page_token of the page before."`
}

type listCallsOutput struct {
	Body listCallsBody
}

type listCallsBody struct {
	Calls         []WebhookCall `json:"calls" nullable:"false"`
	NextPageToken string        `json:"next_page_token,omitempty" doc:"Ask for the next page with it; absent on the last page."`
}

type callInput struct {
	WebhookInput
	Call string `path:"call" doc:"Id of the call." example:"0199f1a2-b2d1-7f44-b1c3-5e0a9d3c1f02"`
}

func (a *API) webhooks(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "create-webhook", Method: http.MethodPost, Path: "/v1/webhooks", Tags: []string{"webhooks"},
		Summary:       "Have an address called when your jobs become final",
		Description:   "The answer holds the secret that signs the calls; it is not told again. At most 10 for each owner.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: MaxBodyBytes + 1,
		Errors: []int{400, 408, 413, 415, 504},
	}, safely(a, a.createWebhook))
	huma.Register(docs, huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: "/v1/webhooks", Tags: []string{"webhooks"},
		Summary: "List your webhooks, oldest first", Description: "Without their secrets.",
		Errors: []int{504},
	}, safely(a, a.listWebhooks))
	huma.Register(docs, huma.Operation{
		OperationID: "get-webhook", Method: http.MethodGet, Path: "/v1/webhooks/{id}", Tags: []string{"webhooks"},
		Summary: "Read a webhook", Description: "Without its secret.",
		Errors: []int{404, 504},
	}, safely(a, a.getWebhook))
	huma.Register(docs, huma.Operation{
		OperationID: "delete-webhook", Method: http.MethodDelete, Path: "/v1/webhooks/{id}", Tags: []string{"webhooks"},
		Summary: "Delete a webhook with its calls", Description: "No call begins after the answer; one that is under way may still arrive.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404, 504},
	}, safely(a, a.deleteWebhook))
	huma.Register(docs, huma.Operation{
		OperationID: "test-webhook", Method: http.MethodPost, Path: "/v1/webhooks/{id}:test", Tags: []string{"webhooks"},
		Summary:       "Call a webhook with a ping",
		Description:   "The answer is the call; see in the list of calls how it ended. A delivered ping enables a webhook that was disabled.",
		DefaultStatus: http.StatusAccepted, Errors: []int{404, 504},
	}, safely(a, a.testWebhook))
	huma.Register(docs, huma.Operation{
		OperationID: "rotate-webhook-secret", Method: http.MethodPost, Path: "/v1/webhooks/{id}:rotate-secret", Tags: []string{"webhooks"},
		Summary:     "Give a webhook another secret",
		Description: "The answer holds it; it is not told again. The secret before signs beside it for 24 hours.",
		Errors:      []int{404, 504},
	}, safely(a, a.rotateSecret))
	a.webhookCalls(docs)
}

func (a *API) webhookCalls(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "list-webhook-calls", Method: http.MethodGet, Path: "/v1/webhooks/{id}/calls", Tags: []string{"webhooks"},
		Summary: "List the calls of a webhook, newest first", Description: "All that wait, and the last 100 that ended.",
		Errors: []int{404, 504},
	}, safely(a, a.listCalls))
	huma.Register(docs, huma.Operation{
		OperationID: "retry-webhook-call", Method: http.MethodPost, Path: "/v1/webhooks/{id}/calls/{call}:retry", Tags: []string{"webhooks"},
		Summary: "Make a call once more", Description: "At once, with all its tries, whatever became of it before; its id stays the same.",
		DefaultStatus: http.StatusAccepted, Errors: []int{404, 504},
	}, safely(a, a.retryCall))
}

func (a *API) createWebhook(ctx context.Context, in *createWebhookInput) (*createWebhookOutput, error) {
	w := webhook.Input{URL: in.Body.URL, Description: in.Body.Description}
	for _, s := range in.Body.States {
		w.States = append(w.States, job.State(s))
	}
	for _, k := range in.Body.Kinds {
		w.Kinds = append(w.Kinds, job.Kind(k))
	}
	made, secret, err := a.Webhooks.Create(ctx, w)
	if err != nil {
		return nil, err
	}
	return &createWebhookOutput{Location: "/v1/webhooks/" + string(made.ID), Body: viewWebhook(made, secret)}, nil
}

func (a *API) listWebhooks(ctx context.Context, _ *struct{}) (*listWebhooksOutput, error) {
	all, err := a.Webhooks.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &listWebhooksOutput{Body: listWebhooksBody{Webhooks: []Webhook{}}}
	for _, w := range all {
		out.Body.Webhooks = append(out.Body.Webhooks, viewWebhook(w, ""))
	}
	return out, nil
}

func (a *API) getWebhook(ctx context.Context, in *WebhookInput) (*webhookOutput, error) {
	w, err := a.Webhooks.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Body: viewWebhook(w, "")}, nil
}

func (a *API) deleteWebhook(ctx context.Context, in *WebhookInput) (*struct{}, error) {
	return nil, a.Webhooks.Delete(ctx, in.ID)
}

func (a *API) testWebhook(ctx context.Context, in *WebhookInput) (*callOutput, error) {
	c, err := a.Webhooks.Test(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &callOutput{Body: viewCall(c)}, nil
}

func (a *API) rotateSecret(ctx context.Context, in *WebhookInput) (*webhookOutput, error) {
	w, secret, err := a.Webhooks.RotateSecret(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{Body: viewWebhook(w, secret)}, nil
}

func (a *API) listCalls(ctx context.Context, in *listCallsInput) (*listCallsOutput, error) {
	page, err := a.Webhooks.Calls(ctx, in.ID, in.PageSize, in.PageToken)
	var invalid *job.InvalidError
	if errors.As(err, &invalid) && in.PageToken != "" {
		return nil, badToken(err)
	}
	if err != nil {
		return nil, err
	}
	out := &listCallsOutput{Body: listCallsBody{Calls: []WebhookCall{}, NextPageToken: page.NextPageToken}}
	for _, c := range page.Calls {
		out.Body.Calls = append(out.Body.Calls, viewCall(c))
	}
	return out, nil
}

func (a *API) retryCall(ctx context.Context, in *callInput) (*callOutput, error) {
	c, err := a.Webhooks.RetryCall(ctx, in.ID, in.Call)
	if err != nil {
		return nil, err
	}
	return &callOutput{Body: viewCall(c)}, nil
}
