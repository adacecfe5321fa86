package rest

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
)

// Webhook is an address that is called when jobs of its owner become final.
type Webhook struct {
	ID           string           `json:"id" doc:"Id of the webhook." example:"0199f1a2-a1f0-7a3b-8c55-2d9b7e4f6a10"`
	URL          string           `json:"url" doc:"The address that is called."`
	States       []string         `json:"states" nullable:"false" enum:"succeeded,failed,cancelled" doc:"Final states that it is called for."`
	Kinds        []string         `json:"kinds" nullable:"false" enum:"video,audio" doc:"Kinds of jobs that it is called for."`
	Description  string           `json:"description,omitempty"`
	Secret       string           `json:"secret,omitempty" doc:"Signs the calls; only in the answer of the call that made it."`
	Disabled     *WebhookDisabled `json:"disabled,omitempty" doc:"Set when it is not called any more. A delivered ping enables it again."`
	FailingSince *time.Time       `json:"failing_since,omitempty" doc:"The first failed try since the last delivered call."`
	CreatedAt    time.Time        `json:"created_at"`
}

// WebhookDisabled says why a webhook is not called any more.
type WebhookDisabled struct {
	At  time.Time `json:"at"`
	Why string    `json:"why" doc:"What to mend before it is tested again."`
}

// WebhookCall is one notification to one webhook, with its tries.
type WebhookCall struct {
	ID        string     `json:"id" doc:"Id of the call, the same in every try: the header webhook-id." example:"0199f1a2-b2d1-7f44-b1c3-5e0a9d3c1f02"`
	Type      string     `json:"type" enum:"job.succeeded,job.failed,job.cancelled,ping" doc:"What it tells."`
	JobID     string     `json:"job_id,omitempty" doc:"The job that became final; absent for a ping."`
	State     string     `json:"state" enum:"pending,delivered,failed" doc:"pending until the receiver answered 2xx or nothing tries it again."`
	Tries     int        `json:"tries" doc:"Tries made."`
	Status    int        `json:"status,omitempty" doc:"HTTP status of the last answer; absent when there was none."`
	Error     string     `json:"error,omitempty" doc:"What went wrong at the last try."`
	CreatedAt time.Time  `json:"created_at"`
	TriedAt   *time.Time `json:"tried_at,omitempty" doc:"When it was tried last."`
	NextTry   *time.Time `json:"next_try,omitempty" doc:"When it is tried next; only while pending."`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"When it was delivered or failed for good."`
}

func viewWebhook(w webhook.Webhook, secret string) Webhook {
	v := Webhook{
		ID: string(w.ID), URL: w.URL, States: texts(w.States), Kinds: texts(w.Kinds), Description: w.Description, Secret: secret,
		FailingSince: optional(w.FailingSince), CreatedAt: w.CreatedAt,
	}
	if !w.DisabledAt.IsZero() {
		v.Disabled = &WebhookDisabled{At: w.DisabledAt, Why: w.DisabledWhy}
	}
	return v
}

func texts[T job.State | job.Kind](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

func viewCall(c webhook.Call) WebhookCall {
	return WebhookCall{
		ID: string(c.ID), Type: c.Type, JobID: string(c.JobID), State: string(c.State), Tries: c.Tries, Status: c.Status, Error: c.Error,
		CreatedAt: c.CreatedAt, TriedAt: optional(c.TriedAt), NextTry: optional(c.NextTry), EndedAt: optional(c.EndedAt),
	}
}

const sampleWhsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

func sampleHook(secret string) Webhook {
	return Webhook{
		ID: "0199f1a2-a1f0-7a3b-8c55-2d9b7e4f6a10", URL: "https://lms.example.org/studycast", States: []string{"failed", "succeeded"},
		Kinds: []string{"audio", "video"}, Secret: secret, CreatedAt: sampleTime,
	}
}

func sampleCall(kind, state string) WebhookCall {
	c := WebhookCall{ID: "0199f1a2-b2d1-7f44-b1c3-5e0a9d3c1f02", Type: kind, State: state, CreatedAt: sampleTime}
	if kind != "ping" {
		c.JobID = sampleID
	}
	if state == "pending" {
		c.NextTry = &sampleTime
		return c
	}
	tried := sampleTime.Add(time.Second)
	c.Tries, c.Status, c.TriedAt, c.EndedAt = 1, 204, &tried, &tried
	return c
}
