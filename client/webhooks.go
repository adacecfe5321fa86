package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Webhook is an address that is called when jobs of its owner become final.
type Webhook struct {
	ID           string           `json:"id,omitempty"`
	URL          string           `json:"url"`
	States       []string         `json:"states,omitempty"` // final states to call for; none = all
	Kinds        []string         `json:"kinds,omitempty"`  // of jobs to call for; none = all
	Description  string           `json:"description,omitempty"`
	Secret       string           `json:"secret,omitempty"`   // for ReadNotice; told once, by the call that made it
	Disabled     *WebhookDisabled `json:"disabled,omitempty"` // set when it is not called any more; a delivered ping enables it again
	FailingSince time.Time        `json:"failing_since,omitzero"`
	CreatedAt    time.Time        `json:"created_at,omitzero"`
}

// WebhookDisabled says why a webhook is not called any more.
type WebhookDisabled struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"` // what to mend before it is tested again
}

// WebhookCall is one notice to one webhook, with its tries.
type WebhookCall struct {
	ID        string    `json:"id"`   // the same in every try: Notice.ID
	Type      string    `json:"type"` // "job.succeeded", "job.failed", "job.cancelled" or "ping"
	JobID     string    `json:"job_id,omitempty"`
	State     string    `json:"state"` // "pending", "delivered" or "failed"
	Tries     int       `json:"tries"` // made so far
	Status    int       `json:"status,omitempty"`
	Error     string    `json:"error,omitempty"` // of the last try
	CreatedAt time.Time `json:"created_at"`
	TriedAt   time.Time `json:"tried_at,omitzero"`
	NextTry   time.Time `json:"next_try,omitzero"` // while pending
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

const webhooksPath = "/v1/webhooks"

func webhookPath(id string) string { return webhooksPath + "/" + url.PathEscape(id) }

// NewWebhook has an address called when your jobs become final. URL, States,
// Kinds and Description are what you say of it; the answer holds the secret.
func (c *Client) NewWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	p, err := post(webhooksPath, Webhook{URL: w.URL, States: w.States, Kinds: w.Kinds, Description: w.Description})
	if err != nil {
		return Webhook{}, err
	}
	p.unsafe = true
	return read[Webhook](ctx, c, p)
}

// Webhooks returns your webhooks, oldest first, without their secrets.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	all, err := read[struct {
		Webhooks []Webhook `json:"webhooks"`
	}](ctx, c, get(webhooksPath, nil))
	return all.Webhooks, err
}

// Webhook reads a webhook, without its secret.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	return read[Webhook](ctx, c, get(webhookPath(id), nil))
}

// DeleteWebhook ends a webhook and forgets its calls.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	res, err := c.do(ctx, call{method: http.MethodDelete, path: webhookPath(id), unsafe: true})
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// TestWebhook calls a webhook with a ping; WebhookCalls tells how it ended.
func (c *Client) TestWebhook(ctx context.Context, id string) (WebhookCall, error) {
	return read[WebhookCall](ctx, c, call{method: http.MethodPost, path: webhookPath(id) + ":test", unsafe: true})
}

// RotateWebhookSecret gives a webhook another secret, which the answer holds.
// The one before signs beside it for 24 hours.
func (c *Client) RotateWebhookSecret(ctx context.Context, id string) (Webhook, error) {
	return read[Webhook](ctx, c, call{method: http.MethodPost, path: webhookPath(id) + ":rotate-secret", unsafe: true})
}

// WebhookCalls yields the calls of a webhook, newest first: all that wait and
// the last 100 that ended. An error ends it.
func (c *Client) WebhookCalls(ctx context.Context, id string) iter.Seq2[WebhookCall, error] {
	return pages("", func(token string) ([]WebhookCall, string, error) {
		q := query{}
		q.page(0, token)
		p, err := read[struct {
			Calls         []WebhookCall `json:"calls"`
			NextPageToken string        `json:"next_page_token"`
		}](ctx, c, get(webhookPath(id)+"/calls", url.Values(q)))
		return p.Calls, p.NextPageToken, err
	})
}

// RetryWebhookCall makes a call once more, whatever became of it before.
func (c *Client) RetryWebhookCall(ctx context.Context, id, callID string) (WebhookCall, error) {
	path := webhookPath(id) + "/calls/" + url.PathEscape(callID) + ":retry"
	return read[WebhookCall](ctx, c, call{method: http.MethodPost, path: path, unsafe: true})
}
