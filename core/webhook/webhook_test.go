package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
)

// The vector of the Standard Webhooks specification.
func TestSignature(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	at, body := time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	got, err := webhook.Sign([]string{secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", got)
	both, err := webhook.Sign([]string{webhook.NewSecret(), secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(both, " "+got), "every secret signs")
	for _, bad := range []string{"", "whsec_", "whsec_*"} {
		_, err = webhook.Sign([]string{bad}, "c", at, body)
		require.Error(t, err)
		require.False(t, bad != "" && strings.Contains(err.Error(), bad), "secrets stay out of errors")
	}
}

func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	a, b := webhook.NewSecret(), webhook.NewSecret()
	require.NotEqual(t, a, b)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	require.NoError(t, err)
	require.Len(t, key, 32)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	j := job.Job{
		ID: "j", Request: job.Request{Kind: job.Video, Source: job.Source{Text: "private"}, Labels: map[string]string{"a": "b"}}, State: job.Failed,
		Attempt: 2, Version: 7, CreatedAt: at, FinishedAt: at.Add(time.Minute),
		Fault: &job.Fault{Kind: "request", Text: "No such page.", Cause: "dial 10.0.0.1", Stage: "fetch", At: at},
	}
	body, err := webhook.EncodeJob(j)
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"job.failed","timestamp":"2026-11-23T09:01:00Z","data":{"id":"j","kind":"video","state":"failed",
		"labels":{"a":"b"},"fault":{"kind":"request","text":"No such page.","stage":"fetch","at":"2026-11-23T09:00:00Z"},"attempt":2,"version":7,
		"created_at":"2026-11-23T09:00:00Z","finished_at":"2026-11-23T09:01:00Z","url":"/v1/jobs/j"}}`, string(body))
	body, err = webhook.EncodePing("w", at)
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"ping","timestamp":"2026-11-23T09:00:00Z","data":{"webhook_id":"w"}}`, string(body))
	require.True(t, json.Valid(body))
}

func TestInput(t *testing.T) {
	t.Parallel()
	in := webhook.Input{URL: "https://example.org"}.Filled()
	require.NoError(t, in.Validate())
	require.Len(t, in.States, 3)
	require.Equal(t, job.Kinds(), in.Kinds)
	in = webhook.Input{States: []job.State{job.Succeeded, job.Failed, job.Failed}}.Filled()
	require.Equal(t, []job.State{job.Failed, job.Succeeded}, in.States)
	var invalid *job.InvalidError
	require.ErrorAs(t, webhook.Input{States: []job.State{job.Queued}, Kinds: []job.Kind{"film"}, Description: strings.Repeat("x", 300)}.Validate(), &invalid)
	require.Len(t, invalid.Fields, 4)
}

func TestClip(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", webhook.Clip("short"))
	require.LessOrEqual(t, len(webhook.Clip(strings.Repeat("ü", 400))), webhook.MaxErrorBytes)
}
