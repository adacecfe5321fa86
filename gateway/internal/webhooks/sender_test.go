package webhooks_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/gateway/internal/statustest"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

func TestCallIsSigned(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	w, secret := p.hook(r.URL + "/hook?token=hidden")
	p.send()
	made := p.ping(w.ID)
	c := r.next(t)
	require.NoError(t, verify(t, secret, c))
	require.Error(t, verify(t, webhook.NewSecret(), c))
	forged := received{c.header, c.method, append([]byte(" "), c.body...)}
	require.Error(t, verify(t, secret, forged))
	require.Equal(t, http.MethodPost, c.method)
	require.Equal(t, string(made.ID), c.header.Get("webhook-id"))
	require.Equal(t, "application/json", c.header.Get("Content-Type"))
	require.Equal(t, "Studycast-Webhooks/1.0", c.header.Get("User-Agent"))
	done := p.call(w.ID, tried(1))
	require.Equal(t, webhook.Delivered, done.State)
	require.Equal(t, http.StatusNoContent, done.Status)

	_, newer, err := p.status.RotateSecret(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	p.ping(w.ID)
	c = r.next(t)
	require.NoError(t, verify(t, secret, c), "the old secret signs, too")
	require.NoError(t, verify(t, newer, c))
	p.call(w.ID, tried(1))
	for _, hidden := range []string{secret, newer, "hidden"} {
		require.NotContains(t, p.log.text(), hidden)
	}
	require.NoError(t, testutil.GatherAndCompare(p.registry, strings.NewReader(`
# HELP studycast_webhook_tries_total Tries of webhook calls, by outcome.
# TYPE studycast_webhook_tries_total counter
studycast_webhook_tries_total{outcome="answered"} 0
studycast_webhook_tries_total{outcome="delivered"} 2
studycast_webhook_tries_total{outcome="gone"} 0
studycast_webhook_tries_total{outcome="refused"} 0
studycast_webhook_tries_total{outcome="unreached"} 0
`), "studycast_webhook_tries_total"))
}

func TestReceiverDownThenUp(t *testing.T) {
	t.Parallel()
	p := open(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	w, secret := p.hook("http://" + address)
	p.send()
	made := p.ping(w.ID)
	c := p.call(w.ID, tried(1))
	require.Equal(t, "It could not be reached, or broke off.", c.Error)
	require.Zero(t, c.Status)

	r := receive(t)
	r.Close()
	r.Server = httptest.NewUnstartedServer(r)
	require.NoError(t, r.Listener.Close())
	r.Listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.Start()
	r.answers(code(http.StatusInternalServerError))
	p.status.Release()
	require.Equal(t, string(made.ID), r.next(t).header.Get("webhook-id"))
	c = p.call(w.ID, tried(2))
	require.Equal(t, "It answered 500.", c.Error)
	require.Equal(t, webhook.Pending, c.State)
	r.answers(code(http.StatusOK))
	p.status.Release()
	again := r.next(t)
	require.Equal(t, string(made.ID), again.header.Get("webhook-id"), "the id stays the same")
	require.NoError(t, verify(t, secret, again))
	require.Equal(t, webhook.Delivered, p.call(w.ID, tried(3)).State)
}

func TestAnswersThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	p.send(func(o *webhooks.SenderOptions) { o.Timeout = 2 * time.Second })
	stuck := make(chan struct{})
	defer close(stuck)
	for text, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"It answered 302: redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"It answered 404.":           code(http.StatusNotFound),
		"did not answer within 2s": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-stuck:
			case <-r.Context().Done():
			}
		},
		"could not be reached, or broke off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		r.answers(answer)
		w, _ := p.hook(r.URL)
		p.ping(w.ID)
		r.next(t)
		require.Contains(t, p.call(w.ID, tried(1)).Error, text)
	}
	require.Zero(t, elsewhere.Load(), "redirects are not followed")
}

func TestLongAnswerIsCut(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	p.send()
	w, _ := p.hook(r.URL)
	p.ping(w.ID)
	r.next(t)
	require.Equal(t, webhook.Delivered, p.call(w.ID, tried(1)).State)
}

func TestGoneDisables(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	r.answers(code(http.StatusGone))
	p.send()
	w, _ := p.hook(r.URL)
	p.ping(w.ID)
	require.Equal(t, webhook.Failed, p.call(w.ID, tried(1)).State)
	now, err := p.status.Webhook(t.Context(), w.ID, "ann")
	require.NoError(t, err)
	require.NotZero(t, now.DisabledAt)
}

func TestPrivateAddressIsNotDialled(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	p.send(func(o *webhooks.SenderOptions) { o.Addresses = guard.Addresses{} })
	for _, url := range []string{r.URL, strings.Replace(r.URL, "127.0.0.1", "localhost", 1), "http://169.254.169.254/latest"} {
		w, _ := p.hook(url) // registered before the rules were so
		p.ping(w.ID)
		require.Contains(t, p.call(w.ID, tried(1)).Error, "does not lead to the public internet", url)
	}
	require.Empty(t, r.calls)
}

func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	p := open(t)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	p.send()
	w, _ := p.hook(secure.URL)
	p.ping(w.ID)
	require.Contains(t, p.call(w.ID, tried(1)).Error, "certificate")
}

func TestSenderThatDiesBeforeItTells(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	w, _ := p.hook(r.URL)
	made := p.ping(w.ID)
	sent := make(chan struct{})
	stop := p.send(func(o *webhooks.SenderOptions) {
		o.Claims, o.Registerer = deaf{p.status}, nil
		o.Failpoint = func(string) { close(sent) }
	})
	first := r.next(t)
	<-sent
	stop() // it leaves although it can't tell
	require.Zero(t, p.call(w.ID, tried(0)).Status)
	require.Contains(t, p.log.text(), "will be called again")
	p.send()
	p.status.Release() // the claim has ended
	second := r.next(t)
	require.Equal(t, string(made.ID), second.header.Get("webhook-id"))
	require.Equal(t, first.header.Get("webhook-id"), second.header.Get("webhook-id"))
	require.Equal(t, webhook.Delivered, p.call(w.ID, tried(1)).State)
}

// deaf hands out calls and hears of no outcome.
type deaf struct{ *statustest.Status }

func (deaf) ReportCall(context.Context, webhook.Due, webhook.Outcome) error {
	return io.ErrUnexpectedEOF
}

func TestTwoSendersShareTheWork(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	w, _ := p.hook(r.URL)
	p.send()
	p.send(func(o *webhooks.SenderOptions) { o.Registerer = nil })
	const calls = 50
	seen := map[string]int{}
	for range calls {
		p.ping(w.ID)
	}
	for range calls {
		seen[r.next(t).header.Get("webhook-id")]++
	}
	require.Len(t, seen, calls, "every call once")
	require.Empty(t, r.calls)
}

func TestStatusServiceAway(t *testing.T) {
	t.Parallel()
	p, r := open(t), receive(t)
	w, _ := p.hook(r.URL)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		p.status.Restart(true)
		w.WriteHeader(http.StatusOK)
	})
	p.send()
	p.ping(w.ID)
	r.next(t)
	require.Eventually(t, func() bool { return strings.Contains(p.log.text(), "can't claim calls") }, within, 5*time.Millisecond)
	r.answers(code(http.StatusOK))
	p.status.Restart(false)
	require.NotEmpty(t, r.next(t).body, "its claim was lost, so it is made again")
	require.Equal(t, webhook.Delivered, p.call(w.ID, func(c webhook.Call) bool { return c.Tries > 0 }).State)
}

func TestRetryAfterIsPassedOn(t *testing.T) {
	t.Parallel()
	r := receive(t)
	p := open(t)
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, "999999": time.Hour, "soon": 0, "": 0} {
		r.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		w, _ := p.hook(r.URL)
		p.ping(w.ID)
		outcomes := make(chan webhook.Outcome, 1)
		stop := p.send(func(o *webhooks.SenderOptions) { o.Claims, o.Registerer = eavesdrop{p.status, outcomes}, nil })
		o := <-outcomes
		stop()
		require.Equal(t, http.StatusTooManyRequests, o.Status)
		require.Equal(t, want, o.RetryAfter, header)
		require.NoError(t, p.status.DeleteWebhook(t.Context(), w.ID, "ann"))
	}
}

// eavesdrop passes outcomes on.
type eavesdrop struct {
	*statustest.Status
	outcomes chan webhook.Outcome
}

func (e eavesdrop) ReportCall(ctx context.Context, d webhook.Due, o webhook.Outcome) error {
	e.outcomes <- o
	return e.Status.ReportCall(ctx, d, o)
}
