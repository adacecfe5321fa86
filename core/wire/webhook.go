package wire

import (
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	webhookv1 "github.com/studycast/studycast/proto/gen/studycast/webhook/v1"
)

// WebhookToProto converts a webhook.
func WebhookToProto(w webhook.Webhook) *webhookv1.Webhook {
	return &webhookv1.Webhook{
		Id: string(w.ID), Owner: w.Owner, Url: w.URL, Description: clean(w.Description),
		States:    each(w.States, func(s job.State) string { return string(s) }),
		Kinds:     each(w.Kinds, func(k job.Kind) string { return string(k) }),
		CreatedAt: TimeToProto(w.CreatedAt), DisabledAt: TimeToProto(w.DisabledAt), DisabledWhy: w.DisabledWhy,
		FailingSince: TimeToProto(w.FailingSince),
	}
}

// WebhookFromProto converts a webhook; nil becomes the zero Webhook.
func WebhookFromProto(p *webhookv1.Webhook) webhook.Webhook {
	return webhook.Webhook{
		ID: webhook.ID(p.GetId()), Owner: p.GetOwner(),
		Input: webhook.Input{
			URL: p.GetUrl(), Description: p.GetDescription(),
			States: each(p.GetStates(), func(s string) job.State { return job.State(s) }),
			Kinds:  each(p.GetKinds(), func(k string) job.Kind { return job.Kind(k) }),
		},
		CreatedAt: TimeFromProto(p.GetCreatedAt()), DisabledAt: TimeFromProto(p.GetDisabledAt()), DisabledWhy: p.GetDisabledWhy(),
		FailingSince: TimeFromProto(p.GetFailingSince()),
	}
}

// CallToProto converts a call.
func CallToProto(c webhook.Call) *webhookv1.Call {
	return &webhookv1.Call{
		Id: string(c.ID), WebhookId: string(c.Webhook), Type: c.Type, JobId: string(c.JobID), State: string(c.State),
		Tries: int32Of(c.Tries), Status: int32Of(c.Status), Error: clean(c.Error), CreatedAt: TimeToProto(c.CreatedAt),
		TriedAt: TimeToProto(c.TriedAt), NextTry: TimeToProto(c.NextTry), EndedAt: TimeToProto(c.EndedAt),
	}
}

// CallFromProto converts a call; nil becomes the zero Call.
func CallFromProto(p *webhookv1.Call) webhook.Call {
	return webhook.Call{
		ID: webhook.CallID(p.GetId()), Webhook: webhook.ID(p.GetWebhookId()), Type: p.GetType(), JobID: job.ID(p.GetJobId()),
		State: webhook.CallState(p.GetState()), Tries: int(p.GetTries()), Status: int(p.GetStatus()), Error: p.GetError(),
		CreatedAt: TimeFromProto(p.GetCreatedAt()), TriedAt: TimeFromProto(p.GetTriedAt()),
		NextTry: TimeFromProto(p.GetNextTry()), EndedAt: TimeFromProto(p.GetEndedAt()),
	}
}
