package webhooks_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/gateway/internal/statustest"
	"github.com/studycast/studycast/gateway/internal/webhooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within bounds every wait of a test.
const within = 10 * time.Second

// receiver is a server that is called. It hands out each call and answers as it
// is told.
type receiver struct {
	*httptest.Server
	calls  chan received
	mu     sync.Mutex
	answer func(http.ResponseWriter, *http.Request)
}

type received struct {
	header http.Header
	method string
	body   []byte
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{calls: make(chan received, 100), answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.Start()
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	r.calls <- received{req.Header, req.Method, body}
	answer(w, req)
}

// answers makes the receiver answer so from now on.
func (r *receiver) answers(answer func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func code(status int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func (r *receiver) next(t *testing.T) received {
	t.Helper()
	select {
	case c := <-r.calls:
		return c
	case <-time.After(within):
		require.FailNow(t, "no call arrives")
		return received{}
	}
}

// post is a status service with the senders that work for it.
type post struct {
	t        *testing.T
	status   *statustest.Status
	registry *prometheus.Registry
	log      *logged
}

type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

func open(t *testing.T) *post {
	return &post{t: t, status: statustest.New(), registry: prometheus.NewRegistry(), log: &logged{}}
}

// send starts a sender until the test, or stop, ends it.
func (p *post) send(change ...func(*webhooks.SenderOptions)) (stop func()) {
	p.t.Helper()
	o := webhooks.SenderOptions{
		Claims: p.status, Addresses: guard.Addresses{AllowLoopback: true}, Registerer: p.registry,
		Logger: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- webhooks.NewSender(o).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(p.t, <-ended)
	})
	p.t.Cleanup(stop)
	return stop
}

func (p *post) hook(url string) (webhook.Webhook, string) {
	p.t.Helper()
	w, secret, err := p.status.CreateWebhook(p.t.Context(), "ann", webhook.Input{URL: url})
	require.NoError(p.t, err)
	return w, secret
}

func (p *post) ping(id webhook.ID) webhook.Call {
	p.t.Helper()
	c, err := p.status.TestWebhook(p.t.Context(), id, "ann")
	require.NoError(p.t, err)
	return c
}

// call waits until the newest call of a webhook is as it should be.
func (p *post) call(id webhook.ID, is func(webhook.Call) bool) webhook.Call {
	p.t.Helper()
	var c webhook.Call
	require.Eventually(p.t, func() bool {
		page, err := p.status.Calls(p.t.Context(), statusclient.CallFilter{Webhook: id})
		require.NoError(p.t, err)
		c = page.Calls[0]
		return is(c)
	}, within, 5*time.Millisecond, "%+v", &c)
	return c
}

func tried(n int) func(webhook.Call) bool { return func(c webhook.Call) bool { return c.Tries == n } }

// verify checks a call as a receiver does, by an implementation that is not ours.
func verify(t *testing.T, secret string, c received) error {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	return w.Verify(c.body, c.header)
}
