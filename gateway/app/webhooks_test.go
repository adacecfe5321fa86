package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/gateway/app"
)

// callsLoopback lets webhooks call this machine.
func callsLoopback(o *app.Options) { o.WebhookAddresses = guard.Addresses{AllowLoopback: true} }

// newHook registers a webhook of ann that nobody answers.
func (x *exerciser) newHook() string {
	a := x.post("/v1/webhooks", `{"url":"http://127.0.0.1:1/hook"}`, asAnn...)
	require.Equal(x.gateway.t, http.StatusCreated, a.StatusCode, string(a.body))
	return a.Header.Get("Location")
}

// hookOperations are the calls on webhooks that work.
func (x *exerciser) hookOperations() []operation {
	at, other := x.newHook(), x.newHook()
	call := x.post(at+":test", "", asAnn...).json()["id"].(string)
	return []operation{
		{"create-webhook", "POST", "/v1/webhooks", "application/json", `{"url":"http://127.0.0.1:1/","states":["failed"],"kinds":["audio"],"description":"x"}`, 201},
		{"list-webhooks", "GET", "/v1/webhooks", "", "", 200},
		{"get-webhook", "GET", at, "", "", 200},
		{"test-webhook", "POST", at + ":test", "", "", 202},
		{"rotate-webhook-secret", "POST", at + ":rotate-secret", "", "", 200},
		{"list-webhook-calls", "GET", at + "/calls", "", "", 200},
		{"retry-webhook-call", "POST", at + "/calls/" + call + ":retry", "", "", 202},
		{"delete-webhook", "DELETE", other, "", "", 204},
	}
}

func (s stormy) CreateWebhook(ctx context.Context, owner string, in webhook.Input) (webhook.Webhook, string, error) {
	if err := s.err(); err != nil {
		return webhook.Webhook{}, "", err
	}
	return s.Status.CreateWebhook(ctx, owner, in)
}

func (s stormy) Webhook(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, error) {
	if err := s.err(); err != nil {
		return webhook.Webhook{}, err
	}
	return s.Status.Webhook(ctx, id, owner)
}

func (s stormy) Webhooks(ctx context.Context, owner string) ([]webhook.Webhook, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Status.Webhooks(ctx, owner)
}

func (s stormy) DeleteWebhook(ctx context.Context, id webhook.ID, owner string) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Status.DeleteWebhook(ctx, id, owner)
}

func (s stormy) RotateSecret(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, string, error) {
	if err := s.err(); err != nil {
		return webhook.Webhook{}, "", err
	}
	return s.Status.RotateSecret(ctx, id, owner)
}

func (s stormy) TestWebhook(ctx context.Context, id webhook.ID, owner string) (webhook.Call, error) {
	if err := s.err(); err != nil {
		return webhook.Call{}, err
	}
	return s.Status.TestWebhook(ctx, id, owner)
}

func (s stormy) Calls(ctx context.Context, f statusclient.CallFilter) (statusclient.CallPage, error) {
	if err := s.err(); err != nil {
		return statusclient.CallPage{}, err
	}
	return s.Status.Calls(ctx, f)
}

func (s stormy) RetryCall(ctx context.Context, id webhook.ID, call webhook.CallID, owner string) (webhook.Call, error) {
	if err := s.err(); err != nil {
		return webhook.Call{}, err
	}
	return s.Status.RetryCall(ctx, id, call, owner)
}

// An owner registers an address, tests it and reads how that went.
func TestWebhookFromTheFirstHour(t *testing.T) {
	t.Parallel()
	calls := make(chan *http.Request, 10)
	bodies := make(chan []byte, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- r
		bodies <- body
	}))
	t.Cleanup(receiver.Close)
	g := start(t, callsLoopback)
	a := g.post("/v1/webhooks", `{"url":"`+receiver.URL+`/hook?course=geo","states":["succeeded"],"description":"the course"}`)
	require.Equal(t, http.StatusCreated, a.StatusCode, string(a.body))
	made := a.json()
	secret, at := made["secret"].(string), a.Header.Get("Location")
	require.Equal(t, "/v1/webhooks/"+made["id"].(string), at)
	require.Equal(t, []any{"succeeded"}, made["states"])
	require.Equal(t, []any{"video", "audio"}, made["kinds"])
	for _, path := range []string{at, "/v1/webhooks"} {
		require.NotContains(t, string(g.get(path).body), "secret", "it is told once")
	}
	ping := g.post(at+":test", "")
	require.Equal(t, http.StatusAccepted, ping.StatusCode)
	require.Equal(t, "ping", ping.json()["type"])
	r, body := <-calls, <-bodies
	require.Equal(t, "/hook?course=geo", r.URL.String())
	require.Equal(t, ping.json()["id"], r.Header.Get("webhook-id"))
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(body, r.Header))
	call := map[string]any{}
	require.Eventually(t, func() bool {
		call = g.get(at + "/calls").json()["calls"].([]any)[0].(map[string]any)
		return call["state"] == "delivered"
	}, within, 10*time.Millisecond)
	require.InDelta(t, 200, call["status"], 0)
	require.InDelta(t, 1, call["tries"], 0)
	require.NotContains(t, call, "next_try")

	fresh := g.post(at+":rotate-secret", "").json()["secret"].(string)
	require.NotEqual(t, secret, fresh)
	require.Equal(t, http.StatusAccepted, g.post(at+"/calls/"+call["id"].(string)+":retry", "").StatusCode)
	r, body = <-calls, <-bodies
	require.Equal(t, call["id"], r.Header.Get("webhook-id"))
	for _, s := range []string{secret, fresh} {
		verifier, err := standardwebhooks.NewWebhook(s)
		require.NoError(t, err)
		require.NoError(t, verifier.Verify(body, r.Header))
		require.NotContains(t, g.logs.String(), s)
	}
	require.NotContains(t, g.logs.String(), "course=geo", "queries may hold secrets")
	require.Equal(t, http.StatusNoContent, g.call(http.MethodDelete, at, nil).StatusCode)
	g.get(at).problem(t, http.StatusNotFound)
	g.get(at+"/calls").problem(t, http.StatusNotFound)
}

func TestWebhookThatCanNeverBeCalled(t *testing.T) {
	t.Parallel()
	g := start(t)
	for url, why := range map[string]string{
		"http://127.0.0.1/": "public internet", "http://10.0.0.1/": "public internet", "http://router/": "public internet", "http://[::1]/": "public internet",
		"https://example.org:22/": "port 22", "ftp://example.org/": "https://", "https://user:pw@example.org/": "user name", "no address": "not an address",
		"http://2130706433/": "unusual spelling", "https://": "not an address",
	} {
		a := g.post("/v1/webhooks", `{"url":"`+url+`"}`)
		m := a.problem(t, http.StatusUnprocessableEntity)
		field := m["errors"].([]any)[0].(map[string]any)
		require.Equal(t, "body.url", field["location"], url)
		require.Contains(t, field["message"], why, url)
	}
	for _, body := range []string{
		`{}`, `{"url":""}`, `{"url":"https://example.org","states":["queued"]}`, `{"url":"https://example.org","kinds":["film"]}`,
		`{"url":"https://example.org","secret":"mine"}`, `{"url":"https://example.org","description":"` + strings.Repeat("ü", 150) + `"}`,
	} {
		g.post("/v1/webhooks", body).problem(t, http.StatusUnprocessableEntity)
	}
	require.Empty(t, g.get("/v1/webhooks").json()["webhooks"])
	g.get("/v1/webhooks/nonsense").problem(t, http.StatusNotFound)
}

// Every call on a webhook by everybody, on one of their own, of another and on
// none.
func TestAccessToWebhooks(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	g := start(t, signIn, callsLoopback)
	own := func(p person) (at, call string) {
		a := g.post("/v1/webhooks", `{"url":"http://127.0.0.1:1/"}`, p.header()...)
		require.Equal(t, http.StatusCreated, a.StatusCode, string(a.body))
		at = a.Header.Get("Location")
		return at, g.post(at+":test", "", p.header()...).json()["id"].(string)
	}
	for name, c := range map[string]struct {
		method, path string
		status       int
		operators    bool // may do it with another's
	}{
		"get":    {"GET", "{at}", 200, true},
		"calls":  {"GET", "{at}/calls", 200, true},
		"delete": {"DELETE", "{at}", 204, true},
		"test":   {"POST", "{at}:test", 202, false},
		"rotate": {"POST", "{at}:rotate-secret", 200, false},
		"retry":  {"POST", "{at}/calls/{call}:retry", 202, false},
	} {
		on := func(at, call string, p person) answer {
			return g.call(c.method, strings.NewReplacer("{at}", at, "{call}", call).Replace(c.path), nil, p.header()...)
		}
		for _, p := range []string{"student", "operator", "service"} {
			me, what := all[p], name+" by "+p
			at, call := own(me)
			require.Equal(t, c.status, on(at, call, me).StatusCode, what)
			absent := on("/v1/webhooks/"+absentID, absentID, me).problem(t, http.StatusNotFound)
			at, call = own(all["another student"])
			a := on(at, call, me)
			if me.role == app.Operator && c.operators {
				require.Equal(t, c.status, a.StatusCode, what)
				continue
			}
			theirs := a.problem(t, http.StatusNotFound)
			theirs["instance"], absent["instance"] = "", ""
			require.Equal(t, absent, theirs, what)
		}
	}
	for name, p := range all {
		if name != "another student" {
			for _, w := range g.get("/v1/webhooks", p.header()...).json()["webhooks"].([]any) {
				got, err := g.status.Webhook(t.Context(), webhook.ID(w.(map[string]any)["id"].(string)), "")
				require.NoError(t, err)
				require.Equal(t, p.owner, got.Owner, name)
			}
		}
	}
}
