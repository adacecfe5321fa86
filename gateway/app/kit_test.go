package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/source"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is one that runs, with everything it stands on.
type gateway struct {
	t         *testing.T
	base      string
	status    *statustest.Status
	broker    *queue
	artifacts artifact.Store
	logs      *lines
	registry  *prometheus.Registry
	app       *app.App
	client    *http.Client
	stop      func()
}

// queue is a real broker that can be taken away.
type queue struct {
	*broker.Broker
	mu      sync.Mutex
	trouble error // why it takes nothing
}

func (q *queue) Ready() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.trouble
}

func (q *queue) Publish(ctx context.Context, name string, m broker.Message) error {
	if err := q.Ready(); err != nil {
		return err
	}
	return q.Broker.Publish(ctx, name, m)
}

func (q *queue) Depth(ctx context.Context, name string) (broker.Depth, error) {
	if err := q.Ready(); err != nil {
		return broker.Depth{}, err
	}
	return q.Broker.Depth(ctx, name)
}

// set makes the broker refuse everything with an error; nil ends it.
func (q *queue) set(trouble error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.trouble = trouble
}

// lines keeps a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a gateway until the test ends; change may alter its options.
func start(t *testing.T, change ...func(*app.Options)) *gateway {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	logs := &lines{}
	log := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	driver, err := backend.OpenBroker(t.Context(), "memory:", job.DefaultPolicies(), backend.BrokerOptions{Logger: log})
	require.NoError(t, err)
	artifacts, err := backend.OpenArtifacts("file:"+t.TempDir(), backend.ArtifactOptions{})
	require.NoError(t, err)
	g := &gateway{
		t: t, base: "http://" + listener.Addr().String(), status: statustest.New(), artifacts: artifacts, logs: logs,
		broker: &queue{Broker: broker.New(driver, broker.Options{})}, registry: prometheus.NewRegistry(),
		client: &http.Client{Transport: &http.Transport{ExpectContinueTimeout: within}},
	}
	o := app.Options{
		Listener: listener, Status: g.status, Broker: g.broker, Artifacts: artifacts, CheckURL: source.CheckURL,
		Logger: log, Registerer: g.registry, Gatherer: g.registry, Version: "1.2.3",
	}
	for _, c := range change {
		c(&o)
	}
	g.app, err = app.New(o)
	require.NoError(t, err)
	g.run()
	return g
}

func (g *gateway) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.app.Run(ctx) }()
	var once sync.Once
	g.stop = func() {
		once.Do(func() {
			cancel()
			require.NoError(g.t, <-ended)
		})
	}
	g.t.Cleanup(func() {
		g.stop()
		g.client.CloseIdleConnections()
		require.NoError(g.t, g.broker.Close(context.Background()))
	})
}

// answer is a response read whole.
type answer struct {
	*http.Response
	body []byte
}

// call makes a request; headers come in pairs.
func (g *gateway) call(method, path string, body io.Reader, headers ...string) answer {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.base+path, body)
	require.NoError(g.t, err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	return g.do(req)
}

// do makes a request and reads the answer whole.
func (g *gateway) do(req *http.Request) answer {
	g.t.Helper()
	res, err := g.client.Do(req)
	require.NoError(g.t, err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	require.NoError(g.t, err)
	return answer{res, data}
}

func (g *gateway) get(path string, headers ...string) answer {
	g.t.Helper()
	return g.call(http.MethodGet, path, nil, headers...)
}

// post sends JSON.
func (g *gateway) post(path, body string, headers ...string) answer {
	g.t.Helper()
	return g.call(http.MethodPost, path, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

// submit makes a job of the local user and returns its id.
func (g *gateway) submit() job.ID {
	g.t.Helper()
	a := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`)
	require.Equal(g.t, http.StatusAccepted, a.StatusCode, string(a.body))
	return job.ID(a.json()["id"].(string))
}

func (a answer) json() map[string]any {
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		panic(string(a.body))
	}
	return m
}

// problem checks that the answer is a whole problem document.
func (a answer) problem(t *testing.T, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, a.StatusCode, string(a.body))
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	m := a.json()
	for _, field := range []string{"type", "title", "detail", "instance"} {
		require.NotEmpty(t, m[field], "%s in %s", field, a.body)
	}
	require.InDelta(t, status, m["status"], 0)
	require.Equal(t, "urn:uuid:"+a.Header.Get("X-Request-Id"), m["instance"])
	return m
}

// still is a clock that stands.
type still time.Time

func (s still) Now() time.Time { return time.Time(s) }

// standing lets no time pass, so that what limits give back does not depend on
// how busy the machine is.
func standing(o *app.Options) { o.Clock = still(time.Now()) }

// within bounds every wait of a test.
const within = 20 * time.Second

// asOwner authenticates everybody by the headers Owner, Roles, Scopes and
// Permissions.
func asOwner(o *app.Options) {
	o.Authenticate = func(r *http.Request) (app.Identity, error) {
		id := app.Identity{Owner: r.Header.Get("Owner")}
		for role := range strings.FieldsSeq(r.Header.Get("Roles")) {
			id.Roles = append(id.Roles, app.Role(role))
		}
		for scope := range strings.FieldsSeq(r.Header.Get("Scopes")) {
			id.Scopes = append(id.Scopes, app.Scope(scope))
		}
		for permission := range strings.FieldsSeq(r.Header.Get("Permissions")) {
			id.Permissions = append(id.Permissions, app.Permission(permission))
		}
		return id, nil
	}
}
