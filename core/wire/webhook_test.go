package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
)

func TestWebhooksAndCallsKeepEverything(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 123_000, time.UTC)
	w := webhook.Webhook{
		ID: "w", Owner: "ann", CreatedAt: at, DisabledAt: at.Add(1), DisabledWhy: "gone", FailingSince: at.Add(2),
		Input: webhook.Input{URL: "https://example.org", States: []job.State{job.Failed}, Kinds: []job.Kind{job.Audio}, Description: "d"},
	}
	require.Equal(t, w, WebhookFromProto(WebhookToProto(w)))
	require.Equal(t, webhook.Webhook{}, WebhookFromProto(nil))
	c := webhook.Call{
		ID: "c", Webhook: "w", Type: "job.failed", JobID: "j", State: webhook.Failed, Tries: 8, Status: 500, Error: "It answered 500.",
		CreatedAt: at, TriedAt: at.Add(1), NextTry: at.Add(2), EndedAt: at.Add(3),
	}
	require.Equal(t, c, CallFromProto(CallToProto(c)))
	require.Equal(t, webhook.Call{}, CallFromProto(nil))
}
