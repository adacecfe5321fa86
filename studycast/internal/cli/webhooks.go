package cli

import (
	"fmt"
	"strings"

	"github.com/studycast/studycast/client"
)

// webhooksCmd is what owners do with webhooks.
type webhooksCmd struct {
	Add    webhooksAddCmd    `cmd:"" help:"Have an address called when your jobs become final, and print its secret."`
	List   webhooksListCmd   `cmd:"" help:"List your webhooks."`
	Show   webhooksShowCmd   `cmd:"" help:"Show one webhook."`
	Test   webhooksTestCmd   `cmd:"" help:"Call a webhook with a ping."`
	Calls  webhooksCallsCmd  `cmd:"" help:"List the calls of a webhook, newest first."`
	Retry  webhooksRetryCmd  `cmd:"" help:"Make a call once more."`
	Rotate webhooksRotateCmd `cmd:"" help:"Give a webhook another secret, and print it. The one before signs beside it for a day."`
	Delete webhooksDeleteCmd `cmd:"" help:"Delete a webhook with its calls."`
}

// webhooksAddCmd registers an address.
type webhooksAddCmd struct {
	URL         string   `arg:"" help:"Address to call: http or https, on the public internet."`
	States      []string `help:"Only for these final states, separated by commas: succeeded, failed, cancelled."`
	Kinds       []string `help:"Only for these kinds of jobs, separated by commas: video, audio."`
	Description string   `help:"Your own words for it."`
	JSON        bool     `help:"Print the webhook as JSON."`

	server `embed:""`
}

// Run prints the webhook with its secret, which is shown only now.
func (c *webhooksAddCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	w, err := cl.NewWebhook(r.ctx, client.Webhook{URL: c.URL, States: c.States, Kinds: c.Kinds, Description: c.Description})
	if err != nil {
		return err
	}
	return printWebhook(r, w, c.JSON)
}

// webhooksListCmd lists webhooks.
type webhooksListCmd struct {
	JSON bool `help:"Print the webhooks as JSON."`

	server `embed:""`
}

// Run prints a table.
func (c *webhooksListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	all, err := cl.Webhooks(r.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, all)
	}
	t := newTable(
		column{title: "ID"}, column{title: "URL", least: 16}, column{title: "STATES", spare: true}, column{title: "KINDS", spare: true},
		column{title: "HEALTH", least: 8},
	)
	for _, h := range all {
		t.add(h.ID, h.URL, strings.Join(h.States, ","), strings.Join(h.Kinds, ","), health(h))
	}
	return t.print(r.out, r.screen)
}

// oneWebhook names a webhook.
type oneWebhook struct {
	ID   string `arg:"" help:"Id of the webhook."`
	JSON bool   `help:"Print the answer as JSON."`

	server `embed:""`
}

// webhooksShowCmd shows one webhook.
type webhooksShowCmd struct {
	oneWebhook `embed:""`
}

// Run prints the webhook.
func (c *webhooksShowCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	w, err := cl.Webhook(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printWebhook(r, w, c.JSON)
}

// webhooksRotateCmd rotates a secret.
type webhooksRotateCmd struct {
	oneWebhook `embed:""`
}

// Run prints the webhook with its new secret.
func (c *webhooksRotateCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	w, err := cl.RotateWebhookSecret(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printWebhook(r, w, c.JSON)
}

// webhooksTestCmd makes a ping.
type webhooksTestCmd struct {
	oneWebhook `embed:""`
}

// Run prints the call.
func (c *webhooksTestCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	call, err := cl.TestWebhook(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printCalls(r, []client.WebhookCall{call}, c.JSON)
}

// webhooksCallsCmd lists calls.
type webhooksCallsCmd struct {
	oneWebhook `embed:""`

	Limit int `help:"At most this many." default:"20"`
}

// Run prints a table.
func (c *webhooksCallsCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	calls, err := first(c.Limit, cl.WebhookCalls(r.ctx, c.ID))
	if err != nil {
		return err
	}
	return printCalls(r, calls, c.JSON)
}

// webhooksRetryCmd makes a call once more.
type webhooksRetryCmd struct {
	oneWebhook `embed:""`

	Call string `arg:"" help:"Id of the call."`
}

// Run prints the call.
func (c *webhooksRetryCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	call, err := cl.RetryWebhookCall(r.ctx, c.ID, c.Call)
	if err != nil {
		return err
	}
	return printCalls(r, []client.WebhookCall{call}, c.JSON)
}

// webhooksDeleteCmd deletes a webhook.
type webhooksDeleteCmd struct {
	ID string `arg:"" help:"Id of the webhook."`

	server `embed:""`
}

// Run deletes it.
func (c *webhooksDeleteCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	if err := cl.DeleteWebhook(r.ctx, c.ID); err != nil {
		return err
	}
	_, err := fmt.Fprintf(r.out, "webhook %s is deleted\n", c.ID)
	return err
}

func printWebhook(r *run, h client.Webhook, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, h)
	}
	s := &sheet{}
	s.add("id", h.ID)
	s.add("url", h.URL)
	s.add("states", strings.Join(h.States, ","))
	s.add("kinds", strings.Join(h.Kinds, ","))
	s.add("description", h.Description)
	s.add("health", health(h))
	s.add("made", moment(h.CreatedAt))
	s.add("secret", h.Secret)
	return s.print(r.out)
}

// health says in a few words whether a webhook works.
func health(h client.Webhook) string {
	switch {
	case h.Disabled != nil:
		return "disabled: " + h.Disabled.Why
	case !h.FailingSince.IsZero():
		return "failing since " + moment(h.FailingSince)
	}
	return "ok"
}

func printCalls(r *run, calls []client.WebhookCall, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, calls)
	}
	t := newTable(
		column{title: "ID"}, column{title: "TYPE"}, column{title: "JOB", spare: true}, column{title: "STATE"}, column{title: "TRIES", spare: true},
		column{title: "ANSWER", spare: true}, column{title: "NEXT TRY", spare: true}, column{title: "ERROR", least: 12},
	)
	for _, c := range calls {
		answer := ""
		if c.Status > 0 {
			answer = fmt.Sprint(c.Status)
		}
		t.add(c.ID, c.Type, c.JobID, c.State, c.Tries, answer, r.stamp(c.NextTry), c.Error)
	}
	return t.print(r.out, r.screen)
}
