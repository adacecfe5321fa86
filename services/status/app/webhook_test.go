package app_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
)

func (s *service) hook(owner, url string) webhook.Webhook {
	s.t.Helper()
	w, _, err := s.client.CreateWebhook(s.t.Context(), owner, webhook.Input{URL: url})
	require.NoError(s.t, err)
	return w
}

// claimCalls takes what is due now.
func (s *service) claimCalls() []webhook.Due {
	s.t.Helper()
	due, err := s.client.ClaimCalls(s.t.Context(), 100, 0)
	require.NoError(s.t, err)
	return due
}

func (s *service) claimCall() webhook.Due {
	s.t.Helper()
	due := s.claimCalls()
	require.Len(s.t, due, 1)
	return due[0]
}

func (s *service) report(d webhook.Due, o webhook.Outcome) {
	s.t.Helper()
	require.NoError(s.t, s.client.ReportCall(s.t.Context(), d, o))
}

func (s *service) log(id webhook.ID) []webhook.Call {
	s.t.Helper()
	page, err := s.client.Calls(s.t.Context(), statusclient.CallFilter{Webhook: id, PageSize: 200})
	require.NoError(s.t, err)
	return page.Calls
}

// cancelled makes a job final at once.
func (s *service) cancelled(owner string) job.Job {
	s.t.Helper()
	j, err := s.client.Cancel(s.t.Context(), s.create(owner).ID, "", "")
	require.NoError(s.t, err)
	return j
}

var refusedCall = webhook.Outcome{Status: 500, Error: "It answered 500."}

func TestFinalStatesAreCalledOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	w, secret, err := s.client.CreateWebhook(t.Context(), "ann", webhook.Input{URL: "https://Example.org/hook", Description: "mine"})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(secret, "whsec_"))
	s.hook("bob", "https://example.org/bob")
	req := ask(job.Video)
	req.Labels, req.Source = map[string]string{"course": "geo"}, job.Source{Text: "A private text."}
	made, err := s.client.Create(t.Context(), statusclient.CreateInput{Owner: "ann", Request: req})
	require.NoError(t, err)
	require.Empty(t, s.claimCalls(), "nothing is final yet")
	g := s.grant(sess, made.Job.ID)
	for range 2 { // the answer got lost
		_, err = sess.Finish(t.Context(), made.Job.ID, g.Job.Attempt, success())
		require.NoError(t, err)
	}
	d := s.claimCall()
	require.Equal(t, w.ID, d.Webhook)
	require.Equal(t, "https://Example.org/hook", d.URL)
	require.Equal(t, []string{secret}, d.Secrets)
	require.Equal(t, "job.succeeded", d.Type)
	require.Equal(t, made.Job.ID, d.JobID)
	require.NotContains(t, string(d.Payload), "private")
	var body struct {
		Type      string
		Timestamp time.Time
		Data      webhook.Job
	}
	require.NoError(t, json.Unmarshal(d.Payload, &body))
	done := s.get(made.Job.ID)
	require.Equal(t, webhook.Job{
		ID: string(done.ID), Kind: "video", State: "succeeded", Title: "A title", Labels: req.Labels, Attempt: 1, Version: done.Version,
		CreatedAt: done.CreatedAt, FinishedAt: done.FinishedAt, URL: "/v1/jobs/" + string(done.ID),
	}, body.Data)
	require.Equal(t, "job.succeeded", body.Type)
	require.Equal(t, done.FinishedAt, body.Timestamp)

	require.Empty(t, s.claimCalls(), "it is claimed")
	s.report(d, webhook.Outcome{Status: 204})
	s.report(d, refusedCall) // told twice
	got := s.log(w.ID)
	require.Len(t, got, 1)
	require.Equal(t, webhook.Delivered, got[0].State)
	require.Equal(t, 204, got[0].Status)
	require.Equal(t, 1, got[0].Tries)

	failed := s.create("ann")
	g = s.grant(sess, failed.ID)
	_, err = sess.Finish(t.Context(), failed.ID, g.Job.Attempt, failure("request", false, false))
	require.NoError(t, err)
	d = s.claimCall()
	require.Equal(t, "job.failed", d.Type)
	require.Contains(t, string(d.Payload), `"fault":{"kind":"request","text":"It broke."`)
	require.Equal(t, s.cancelled("ann").ID, s.claimCall().JobID)
}

func TestCallsAreMadeAgainUntilTheyAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.hook("ann", "https://example.org/hook")
		s.cancelled("ann")
		id := webhook.CallID("")
		for i, wait := range append(webhook.Backoff(), 0) {
			d, err := s.client.ClaimCalls(t.Context(), 10, time.Minute)
			require.NoError(t, err)
			require.Len(t, d, 1, i)
			require.True(t, id == "" || id == d[0].ID, "the id stays")
			id = d[0].ID
			s.report(d[0], refusedCall)
			if got := s.log(w.ID)[0]; wait > 0 {
				require.Equal(t, webhook.Pending, got.State)
				require.GreaterOrEqual(t, time.Until(got.NextTry), wait-time.Millisecond)
				require.LessOrEqual(t, time.Until(got.NextTry), wait+wait/5)
				time.Sleep(wait - time.Millisecond)
				require.Empty(t, s.claimCalls(), "not too early")
				time.Sleep(max(0, time.Until(got.NextTry)-30*time.Second)) // the poll waits for the rest
			}
		}
		got := s.log(w.ID)[0]
		require.Equal(t, webhook.Failed, got.State)
		require.Equal(t, 8, got.Tries)
		time.Sleep(48 * time.Hour)
		require.Empty(t, s.claimCalls())
		again, err := s.client.RetryCall(t.Context(), w.ID, id, "ann")
		require.NoError(t, err)
		require.Equal(t, webhook.Pending, again.State)
		s.report(s.claimCall(), webhook.Outcome{Status: 200})
		require.Equal(t, webhook.Delivered, s.log(w.ID)[0].State)
		now, err := s.client.Webhook(t.Context(), w.ID, "ann")
		require.NoError(t, err)
		require.Zero(t, now.FailingSince)
	})
}

func TestClaimOfADeadGatewayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w := s.hook("ann", "https://example.org/hook")
		s.cancelled("ann")
		first := s.claimCall()
		began := time.Now()
		again, err := s.client.ClaimCalls(t.Context(), 10, time.Minute) // waits for the end of the claim
		require.NoError(t, err)
		require.Len(t, again, 1)
		require.Equal(t, first.Lease, time.Since(began).Round(time.Second))
		require.Equal(t, first.ID, again[0].ID)
		s.report(first, webhook.Outcome{Status: 200}) // too late
		require.Equal(t, webhook.Pending, s.log(w.ID)[0].State)
		s.report(again[0], webhook.Outcome{Status: 200})
		require.Equal(t, webhook.Delivered, s.log(w.ID)[0].State)
	})
}

func TestClaimWaitsForACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		s.hook("ann", "https://example.org/hook")
		go func() {
			time.Sleep(20 * time.Second)
			s.cancelled("ann")
		}()
		began := time.Now()
		due, err := s.client.ClaimCalls(t.Context(), 10, 30*time.Second)
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Less(t, time.Since(began), 21*time.Second)
		began = time.Now()
		due, err = s.client.ClaimCalls(t.Context(), 10, 10*time.Second)
		require.NoError(t, err)
		require.Empty(t, due)
		require.Equal(t, 10*time.Second, time.Since(began).Round(time.Second))
	})
}

func TestFewCallsToOneHostAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.hook("ann", "https://slow.example/a")
	s.hook("bob", "https://SLOW.example/b")
	s.hook("bob", "https://quick.example/b")
	for range 3 {
		s.cancelled("ann")
		s.cancelled("bob")
	}
	due := s.claimCalls()
	var urls []string
	for _, d := range due {
		urls = append(urls, d.URL)
	}
	slices.Sort(urls)
	require.Equal(t, []string{"https://SLOW.example/b", "https://quick.example/b", "https://quick.example/b", "https://slow.example/a"}, urls)
	require.Empty(t, s.claimCalls())
	for _, d := range due {
		if d.URL == "https://slow.example/a" {
			s.report(d, refusedCall)
		}
	}
	require.Len(t, s.claimCalls(), 1, "a place is free again")
}

func TestWebhookThatIsGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.hook("ann", "https://example.org/hook")
	for range 3 {
		s.cancelled("ann")
	}
	due := s.claimCalls()
	require.Len(t, due, 2)
	s.report(due[0], webhook.Outcome{Status: 410, Error: "It answered 410: it is gone for good.", Gone: true})
	now, err := s.client.Webhook(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	require.NotZero(t, now.DisabledAt)
	require.Contains(t, now.DisabledWhy, "410")
	for _, c := range s.log(w.ID) {
		require.Equal(t, webhook.Failed, c.State)
	}
	s.report(due[1], webhook.Outcome{Status: 200}) // its claim is gone
	s.cancelled("ann")
	require.Empty(t, s.claimCalls())
	require.Len(t, s.log(w.ID), 3)
	ping, err := s.client.TestWebhook(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	require.Equal(t, webhook.Ping, ping.Type)
	twice, err := s.client.TestWebhook(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	require.Equal(t, ping.ID, twice.ID, "one that waits is enough")
	d := s.claimCall()
	require.Contains(t, string(d.Payload), `"webhook_id":"`+string(w.ID))
	s.report(d, webhook.Outcome{Status: 200})
	now, err = s.client.Webhook(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	require.Zero(t, now.DisabledAt, "a delivered ping enables it")
	s.cancelled("ann")
	require.Len(t, s.claimCalls(), 1)
}

func TestDeletedWebhookIsNotCalled(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.hook("ann", "https://example.org/hook")
	s.cancelled("ann")
	d := s.claimCall()
	s.cancelled("ann")
	require.NoError(t, s.client.DeleteWebhook(t.Context(), w.ID, "ann"))
	require.Empty(t, s.claimCalls())
	s.report(d, webhook.Outcome{Status: 200})
	_, err := s.client.Calls(t.Context(), statusclient.CallFilter{Webhook: w.ID, Owner: "ann"})
	require.ErrorIs(t, err, job.ErrNotFound)
}

func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		w, first, err := s.client.CreateWebhook(t.Context(), "ann", webhook.Input{URL: "https://example.org/hook"})
		require.NoError(t, err)
		_, second, err := s.client.RotateSecret(t.Context(), w.ID, "ann")
		require.NoError(t, err)
		require.NotEqual(t, first, second)
		s.cancelled("ann")
		d := s.claimCall()
		require.Equal(t, []string{second, first}, d.Secrets)
		time.Sleep(webhook.Overlap - 10*time.Second)
		require.Equal(t, []string{second, first}, s.claimCall().Secrets)
		time.Sleep(webhook.Overlap)
		require.Equal(t, []string{second}, s.claimCall().Secrets)
		_, third, err := s.client.RotateSecret(t.Context(), w.ID, "ann")
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, []string{third, second}, s.claimCall().Secrets)
	})
}

func TestWebhooksAreOfTheirOwners(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	w := s.hook("ann", "https://example.org/hook")
	s.cancelled("ann")
	call := s.log(w.ID)[0].ID
	for _, owner := range []string{"bob", "ann", ""} {
		rights := map[string]error{}
		_, rights["get"] = s.client.Webhook(ctx, w.ID, owner)
		_, _, rights["rotate"] = s.client.RotateSecret(ctx, w.ID, owner)
		_, rights["test"] = s.client.TestWebhook(ctx, w.ID, owner)
		_, rights["calls"] = s.client.Calls(ctx, statusclient.CallFilter{Webhook: w.ID, Owner: owner})
		_, rights["retry"] = s.client.RetryCall(ctx, w.ID, call, owner)
		if owner == "bob" {
			rights["delete"] = s.client.DeleteWebhook(ctx, w.ID, owner)
		}
		for what, err := range rights {
			require.Equal(t, owner == "bob", errors.Is(err, job.ErrNotFound), "%s by %q: %v", what, owner, err)
			require.True(t, owner == "bob" || err == nil, "%s by %q: %v", what, owner, err)
		}
	}
	_, err := s.client.RetryCall(ctx, w.ID, "none", "ann")
	require.ErrorIs(t, err, job.ErrNotFound)
	for i := range webhook.MaxPerOwner - 1 {
		s.hook("ann", "https://example.org/"+string(rune('a'+i)))
	}
	for _, in := range []webhook.Input{
		{URL: "https://example.org/more"},
		{},
		{URL: "nonsense"},
		{URL: "https://example.org", States: []job.State{job.Running}},
		{URL: "https://example.org", Kinds: []job.Kind{"film"}},
		{URL: "https://example.org", Description: strings.Repeat("x", 201)},
	} {
		_, _, err := s.client.CreateWebhook(ctx, "ann", in)
		var invalid *job.InvalidError
		require.ErrorAs(t, err, &invalid, "%v", in)
	}
	all, err := s.client.Webhooks(ctx, "ann")
	require.NoError(t, err)
	require.Len(t, all, webhook.MaxPerOwner)
	require.Equal(t, w.ID, all[0].ID)
	require.Equal(t, []job.State{job.Cancelled, job.Failed, job.Succeeded}, slices.Sorted(slices.Values(all[0].States)))
}

func TestLogOfCalls(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.hook("ann", "https://example.org/hook")
	var made []job.ID
	for range webhook.KeptCalls + 5 {
		made = append(made, s.cancelled("ann").ID)
		s.report(s.claimCall(), webhook.Outcome{Status: 200})
	}
	slices.Reverse(made)
	var read []job.ID
	f := statusclient.CallFilter{Webhook: w.ID, Owner: "ann", PageSize: 30}
	for {
		page, err := s.client.Calls(t.Context(), f)
		require.NoError(t, err)
		for _, c := range page.Calls {
			read = append(read, c.JobID)
		}
		if f.PageToken = page.NextPageToken; f.PageToken == "" {
			break
		}
	}
	require.Equal(t, made[:webhook.KeptCalls], read)
	var invalid *job.InvalidError
	_, err := s.client.Calls(t.Context(), statusclient.CallFilter{Webhook: w.ID, PageToken: "forged"})
	require.ErrorAs(t, err, &invalid)
	_, err = s.client.Calls(t.Context(), statusclient.CallFilter{Webhook: w.ID, PageSize: 500})
	require.ErrorAs(t, err, &invalid)
}
