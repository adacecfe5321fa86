package decide_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

func pendingCall() store.Call {
	c := store.Call{Token: 7, Due: time.Unix(1, 0)}
	c.State = webhook.Pending
	return c
}

func TestCallIsTriedAgainByTheBackoff(t *testing.T) {
	t.Parallel()
	now, hook, call := time.Unix(1_000_000, 0).UTC(), store.Webhook{}, pendingCall()
	refused := webhook.Outcome{Status: 500, Error: "It answered 500."}
	for i, wait := range webhook.Backoff() {
		least := decide.ReportCall(hook, call, refused, now, 0)
		most := decide.ReportCall(hook, call, refused, now, 0.999999)
		require.Equal(t, now.Add(wait), least.Call.Due)
		require.WithinDuration(t, now.Add(wait+wait/5), most.Call.Due, time.Second)
		require.Equal(t, i+1, least.Call.Tries)
		require.Equal(t, webhook.Pending, least.Call.State)
		require.Zero(t, least.Call.Token)
		require.Equal(t, i == 0, least.WebhookChanged, "only the first failure is kept")
		hook, call = least.Webhook, least.Call
	}
	last := decide.ReportCall(hook, call, refused, now.Add(time.Hour), 0)
	require.Equal(t, webhook.Failed, last.Call.State)
	require.Equal(t, "It answered 500.", last.Call.Error)
	require.Zero(t, last.Call.Due)
	require.False(t, last.Disabled, "one bad day is no reason")
}

func TestRetryAfterIsHonouredWithinBounds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0).UTC()
	for asked, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, time.Minute: time.Minute, 48 * time.Hour: time.Hour, -time.Hour: 5 * time.Second,
	} {
		r := decide.ReportCall(store.Webhook{}, pendingCall(), webhook.Outcome{Status: 429, Error: "busy", RetryAfter: asked}, now, 0)
		require.Equal(t, now.Add(want), r.Call.Due, asked)
	}
}

func TestWebhookIsDisabled(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000_000, 0).UTC()
	worn := pendingCall()
	worn.Tries = len(webhook.Backoff())
	failed := webhook.Outcome{Error: "It could not be reached."}
	gone := decide.ReportCall(store.Webhook{}, pendingCall(), webhook.Outcome{Status: 410, Error: "gone", Gone: true}, now, 0)
	require.True(t, gone.Disabled)
	require.Equal(t, webhook.Failed, gone.Call.State)
	require.Equal(t, now, gone.Webhook.DisabledAt)

	old := store.Webhook{}
	old.FailingSince = now.Add(-webhook.Patience)
	require.False(t, decide.ReportCall(old, pendingCall(), failed, now, 0).Disabled, "the call has tries left")
	require.True(t, decide.ReportCall(old, worn, failed, now, 0).Disabled)
	old.FailingSince = now.Add(-webhook.Patience + 1)
	require.False(t, decide.ReportCall(old, worn, failed, now, 0).Disabled)

	many := store.Webhook{Waiting: 3}
	require.Zero(t, decide.ReportCall(many, pendingCall(), webhook.Outcome{Status: 410, Error: "gone", Gone: true}, now, 0).Webhook.Waiting)
	require.Equal(t, 2, decide.ReportCall(many, worn, failed, now, 0).Webhook.Waiting)
	require.Equal(t, 3, decide.ReportCall(many, pendingCall(), failed, now, 0).Webhook.Waiting)
	back := decide.ReportCall(gone.Webhook, pendingCall(), webhook.Outcome{Status: 204}, now, 0)
	require.True(t, back.WebhookChanged)
	require.Zero(t, back.Webhook.DisabledAt)
	require.Empty(t, back.Webhook.DisabledWhy)
	require.Equal(t, webhook.Delivered, back.Call.State)
	require.Equal(t, now, back.Call.EndedAt)
}

func TestCallOnceMore(t *testing.T) {
	t.Parallel()
	now := time.Unix(10, 0).UTC()
	ended := store.Call{}
	ended.State, ended.Tries, ended.Error, ended.EndedAt = webhook.Failed, 8, "no", now
	hook, again := decide.AgainCall(store.Webhook{}, ended, now)
	require.Equal(t, 1, hook.Waiting)
	require.Equal(t, webhook.Pending, again.State)
	require.Equal(t, now, again.Due)
	require.Zero(t, again.Tries)
	require.Zero(t, again.EndedAt)
	busy := pendingCall()
	busy.Due = now.Add(1)
	hook, again = decide.AgainCall(hook, busy, now)
	require.Equal(t, busy, again, "it is being made")
	require.Equal(t, 1, hook.Waiting)
}
