package statusclient

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// CreateWebhook registers an address of an owner and returns its secret, which
// no other call tells. *job.InvalidError also for one too many.
func (c *Client) CreateWebhook(ctx context.Context, owner string, in webhook.Input) (webhook.Webhook, string, error) {
	req := &statusv1.CreateWebhookRequest{Owner: owner, Url: in.URL, Description: in.Description}
	for _, s := range in.States {
		req.States = append(req.States, string(s))
	}
	for _, k := range in.Kinds {
		req.Kinds = append(req.Kinds, string(k))
	}
	resp, err := c.webhooks.CreateWebhook(ctx, req)
	if err != nil {
		return webhook.Webhook{}, "", wire.ErrorFromStatus(err)
	}
	return wire.WebhookFromProto(resp.GetWebhook()), resp.GetSecret(), nil
}

// Webhook reads a webhook. An empty owner reads anybody's, here and below.
func (c *Client) Webhook(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, error) {
	resp, err := c.webhooks.GetWebhook(ctx, &statusv1.GetWebhookRequest{Id: string(id), Owner: owner})
	if err != nil {
		return webhook.Webhook{}, wire.ErrorFromStatus(err)
	}
	return wire.WebhookFromProto(resp.GetWebhook()), nil
}

// Webhooks lists the webhooks of an owner, oldest first.
func (c *Client) Webhooks(ctx context.Context, owner string) ([]webhook.Webhook, error) {
	resp, err := c.webhooks.ListWebhooks(ctx, &statusv1.ListWebhooksRequest{Owner: owner})
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	var ws []webhook.Webhook
	for _, p := range resp.GetWebhooks() {
		ws = append(ws, wire.WebhookFromProto(p))
	}
	return ws, nil
}

// DeleteWebhook removes a webhook with its calls.
func (c *Client) DeleteWebhook(ctx context.Context, id webhook.ID, owner string) error {
	_, err := c.webhooks.DeleteWebhook(ctx, &statusv1.DeleteWebhookRequest{Id: string(id), Owner: owner})
	return wire.ErrorFromStatus(err)
}

// RotateSecret gives a webhook another secret and returns it. The one before
// signs beside it for webhook.Overlap.
func (c *Client) RotateSecret(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, string, error) {
	resp, err := c.webhooks.RotateSecret(ctx, &statusv1.RotateSecretRequest{Id: string(id), Owner: owner})
	if err != nil {
		return webhook.Webhook{}, "", wire.ErrorFromStatus(err)
	}
	return wire.WebhookFromProto(resp.GetWebhook()), resp.GetSecret(), nil
}

// TestWebhook makes a call of type ping, also to a webhook that is disabled.
func (c *Client) TestWebhook(ctx context.Context, id webhook.ID, owner string) (webhook.Call, error) {
	resp, err := c.webhooks.TestWebhook(ctx, &statusv1.TestWebhookRequest{Id: string(id), Owner: owner})
	if err != nil {
		return webhook.Call{}, wire.ErrorFromStatus(err)
	}
	return wire.CallFromProto(resp.GetCall()), nil
}

// CallFilter selects a page of a webhook's calls.
type CallFilter struct {
	Webhook   webhook.ID
	Owner     string
	PageSize  int    // 1 to 200; 0 = 50
	PageToken string // from the page before
}

// CallPage is a page of calls, newest first.
type CallPage struct {
	Calls         []webhook.Call
	NextPageToken string // "" on the last page
}

// Calls reads a page of calls.
func (c *Client) Calls(ctx context.Context, f CallFilter) (CallPage, error) {
	resp, err := c.webhooks.ListCalls(ctx, &statusv1.ListCallsRequest{
		WebhookId: string(f.Webhook), Owner: f.Owner, PageSize: int32(min(f.PageSize, 1<<16)), PageToken: f.PageToken,
	})
	if err != nil {
		return CallPage{}, wire.ErrorFromStatus(err)
	}
	page := CallPage{NextPageToken: resp.GetNextPageToken()}
	for _, p := range resp.GetCalls() {
		page.Calls = append(page.Calls, wire.CallFromProto(p))
	}
	return page, nil
}

// RetryCall makes a call due now, whatever became of it before.
func (c *Client) RetryCall(ctx context.Context, id webhook.ID, call webhook.CallID, owner string) (webhook.Call, error) {
	resp, err := c.webhooks.RetryCall(ctx, &statusv1.RetryCallRequest{WebhookId: string(id), CallId: string(call), Owner: owner})
	if err != nil {
		return webhook.Call{}, wire.ErrorFromStatus(err)
	}
	return wire.CallFromProto(resp.GetCall()), nil
}

// ClaimCalls takes up to limit calls that are due, each for one try, and waits
// for the first up to wait. No call and no error when none came.
func (c *Client) ClaimCalls(ctx context.Context, limit int, wait time.Duration) ([]webhook.Due, error) {
	resp, err := c.webhooks.ClaimCalls(ctx, &statusv1.ClaimCallsRequest{
		Limit: int32(min(limit, 1<<16)), Wait: wire.DurationToProto(wait),
	}, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	var due []webhook.Due
	for _, p := range resp.GetCalls() {
		due = append(due, webhook.Due{
			Call: wire.CallFromProto(p.GetCall()), URL: p.GetUrl(), Secrets: p.GetSecrets(), Payload: p.GetPayload(),
			Token: p.GetToken(), Lease: wire.DurationFromProto(p.GetLease()),
		})
	}
	return due, nil
}

// ReportCall tells how the try of a claimed call ended. Telling it again, or
// after the claim has ended, changes nothing.
func (c *Client) ReportCall(ctx context.Context, d webhook.Due, o webhook.Outcome) error {
	_, err := c.webhooks.ReportCall(ctx, &statusv1.ReportCallRequest{
		WebhookId: string(d.Webhook), CallId: string(d.ID), Token: d.Token, Status: int32(min(max(0, o.Status), 999)),
		Error: o.Error, Gone: o.Gone, RetryAfter: wire.DurationToProto(o.RetryAfter),
	})
	return wire.ErrorFromStatus(err)
}
