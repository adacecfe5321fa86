package client_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/studycast/studycast/client"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	c, s := played(t,
		with(201, `{"id":"w","secret":"whsec_eA=="}`), with(200, `{"webhooks":[{"id":"w"}]}`), with(200, `{"id":"w","disabled":{"why":"gone"}}`),
		with(202, `{"id":"c","type":"ping"}`), with(200, `{"id":"w","secret":"whsec_eQ=="}`),
		with(200, `{"calls":[{"id":"c","state":"failed"}],"next_page_token":"t"}`), with(200, `{"calls":[{"id":"b"}]}`),
		with(202, `{"id":"c","state":"pending"}`), with(204, ""),
	)
	ctx := t.Context()
	made, err := c.NewWebhook(ctx, client.Webhook{URL: "https://lms.test/hook", States: []string{client.Failed}})
	ok(t, err)
	equal(t, `{"url":"https://lms.test/hook","states":["failed"]}`, s.bodies[0])
	equal(t, "whsec_eA==", made.Secret)
	all, err := c.Webhooks(ctx)
	ok(t, err)
	equal(t, 1, len(all))
	one, err := c.Webhook(ctx, "w")
	ok(t, err)
	equal(t, "gone", one.Disabled.Why)
	ping, err := c.TestWebhook(ctx, "w")
	ok(t, err)
	equal(t, "ping", ping.Type)
	_, err = c.RotateWebhookSecret(ctx, "w")
	ok(t, err)
	ids := ""
	for call, err := range c.WebhookCalls(ctx, "w") {
		ok(t, err)
		ids += call.ID
	}
	equal(t, "cb", ids)
	_, err = c.RetryWebhookCall(ctx, "w", "c")
	ok(t, err)
	ok(t, c.DeleteWebhook(ctx, "w"))
	var asked []string
	for _, r := range s.calls {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
	}
	equal(t, []string{
		"POST /v1/webhooks", "GET /v1/webhooks", "GET /v1/webhooks/w", "POST /v1/webhooks/w:test", "POST /v1/webhooks/w:rotate-secret",
		"GET /v1/webhooks/w/calls", "GET /v1/webhooks/w/calls?page_token=t", "POST /v1/webhooks/w/calls/c:retry", "DELETE /v1/webhooks/w",
	}, asked)
}

const aSecret = "whsec_c3R1ZHljYXN0IHRlc3Qgc2VjcmV0"

// signed returns what Studycast would send.
func signed(t *testing.T, secret string, at time.Time, body string) *http.Request {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
	ok(t, err)
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("call-1." + stamp + "." + body))
	r := httptest.NewRequest(http.MethodPost, "/hook", bytes.NewBufferString(body))
	r.Header.Set("Webhook-Id", "call-1")
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,b3RoZXI= v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

const aNotice = `{"type":"job.failed","timestamp":"2026-01-02T03:04:05Z","data":{"id":"j","state":"failed","labels":{"course":"geo-1"},"fault":{"text":"No text."}}}`

func TestReadNotice(t *testing.T) {
	t.Parallel()
	n, err := client.ReadNotice(signed(t, aSecret, time.Now(), aNotice), "whsec_bm90IHRoaXMgb25l", aSecret)
	ok(t, err)
	equal(t, "call-1", n.ID)
	equal(t, "job.failed", n.Type)
	equal(t, "j No text. geo-1", n.Job.ID+" "+n.Job.Fault.Text+" "+n.Job.Labels["course"])
	equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), n.At)

	n, err = client.ReadNotice(signed(t, aSecret, time.Now(), `{"type":"ping","data":{"webhook_id":"w"}}`), aSecret)
	ok(t, err)
	equal(t, client.Job{}, n.Job)

	_, err = client.ReadNotice(signed(t, aSecret, time.Now(), "no JSON"), aSecret)
	if err == nil || errors.Is(err, client.ErrNotOurs) {
		t.Fatal(err)
	}
}

func TestForgedNotices(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*http.Request{
		"another secret": signed(t, "whsec_b3RoZXI=", time.Now(), aNotice),
		"recorded":       signed(t, aSecret, time.Now().Add(-6*time.Minute), aNotice),
		"in the future":  signed(t, aSecret, time.Now().Add(6*time.Minute), aNotice),
		"unsigned":       httptest.NewRequest(http.MethodPost, "/", bytes.NewBufferString(aNotice)),
	} {
		if _, err := client.ReadNotice(r, aSecret, "whsec_", "whsec_%%", ""); !errors.Is(err, client.ErrNotOurs) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	changed := signed(t, aSecret, time.Now(), aNotice)
	changed.Header.Set("Webhook-Id", "call-2")
	if _, err := client.ReadNotice(changed, aSecret); !errors.Is(err, client.ErrNotOurs) {
		t.Fatal(err)
	}
	if _, err := client.ReadNotice(signed(t, aSecret, time.Now(), aNotice)); !errors.Is(err, client.ErrNotOurs) {
		t.Fatal("no secret knows nothing")
	}
}
