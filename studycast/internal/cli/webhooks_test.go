package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	aWebhook = `{"id":"0199-w","url":"https://lms.example.org/hook","states":["failed"],"kinds":["audio","video"],
		"disabled":{"at":"2026-01-02T03:04:05Z","why":"It answered 410: \u001b[2Jgone."},"created_at":"2026-01-02T03:04:05Z"}`
	aCall = `{"id":"0199-c","type":"job.failed","job_id":"0199-j","state":"failed","tries":8,"status":500,"error":"It answered 500.","created_at":"2026-01-02T03:04:05Z"}`
)

// switchboard is a gateway with one webhook. It keeps the last call.
type switchboard struct{ call, body string }

func (b *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.call, b.body = r.Method+" "+r.URL.String(), string(body)
	withSecret := strings.Replace(aWebhook, `{"id"`, `{"secret":"whsec_eA==","id"`, 1)
	switch {
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/webhooks", strings.HasSuffix(r.URL.Path, ":rotate-secret"):
		_, _ = io.WriteString(w, withSecret)
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, aCall)
	case r.URL.Path == "/v1/webhooks":
		_, _ = io.WriteString(w, `{"webhooks":[`+aWebhook+`]}`)
	case strings.HasSuffix(r.URL.Path, "/calls"):
		_, _ = io.WriteString(w, `{"calls":[`+aCall+`]}`)
	default:
		_, _ = io.WriteString(w, aWebhook)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	b := &switchboard{}
	s := httptest.NewServer(b)
	defer s.Close()
	for _, c := range []struct {
		args, call string
		prints     []string
	}{
		{"add https://lms.example.org/hook --states failed --description mine", "POST /v1/webhooks", []string{"secret  whsec_eA==", "states  failed"}},
		{"list", "GET /v1/webhooks", []string{"0199-w  https://lms.example.org/hook  failed", "disabled: It answered 410"}},
		{"show 0199-w", "GET /v1/webhooks/0199-w", []string{"url     https://lms.example.org/hook"}},
		{"rotate 0199-w", "POST /v1/webhooks/0199-w:rotate-secret", []string{"secret  whsec_eA=="}},
		{"test 0199-w", "POST /v1/webhooks/0199-w:test", []string{"0199-c"}},
		{"calls 0199-w", "GET /v1/webhooks/0199-w/calls", []string{"0199-c  job.failed  0199-j  failed  8      500", "It answered 500."}},
		{"retry 0199-w 0199-c", "POST /v1/webhooks/0199-w/calls/0199-c:retry", []string{"0199-c"}},
		{"delete 0199-w", "DELETE /v1/webhooks/0199-w", []string{"webhook 0199-w is deleted"}},
		{"calls 0199-w --json", "GET /v1/webhooks/0199-w/calls", []string{`"tries": 8`}},
	} {
		var out, errs bytes.Buffer
		code := Main(append(append([]string{"webhooks"}, strings.Fields(c.args)...), "--server", s.URL), &out, &errs, "test")
		require.Zero(t, code, "%s: %s", c.args, &errs)
		require.Equal(t, c.call, b.call, c.args)
		for _, text := range c.prints {
			require.Contains(t, out.String(), text, c.args)
		}
		require.NotContains(t, out.String(), "\x1b", "a stranger's text does not move the cursor")
		if strings.HasPrefix(c.args, "add") {
			require.JSONEq(t, `{"url":"https://lms.example.org/hook","states":["failed"],"description":"mine"}`, b.body)
		}
	}
}
