package house

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
	gateway "github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/studycast/internal/single"
)

// madeUp is in every string that a user could have written.
const madeUp = "qzxmadeupqzx"

const patience = 30 * time.Second

// product is everything in one process.
type product struct {
	t          *testing.T
	url, calls string
	client     *client.Client
}

// maker fails as the request asks, with words of the user in every text.
type maker struct{}

// Handle implements worker.Handler.
func (maker) Handle(_ context.Context, a *worker.Attempt) (worker.Result, error) {
	a.Progress("fetch", 1)
	a.Progress("stage "+madeUp, 50)
	switch {
	case strings.Contains(a.Job.Request.Source.Text, "fails"):
		f := fault.New(fault.Internal, "It failed at %s.", madeUp)
		f.Stage, f.Err = "stage of "+madeUp, errors.New(madeUp)
		return worker.Result{}, f
	case strings.Contains(a.Job.Request.Source.Text, "is refused"):
		return worker.Result{}, fault.New(fault.Request, "No: %s.", madeUp)
	}
	return worker.Result{Title: madeUp, Notes: []string{madeUp}}, nil
}

func startProduct(t *testing.T) *product {
	t.Helper()
	var lc net.ListenConfig
	var ls [2]net.Listener
	for i := range ls {
		var err error
		ls[i], err = lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
	}
	p := job.DefaultPolicies()[job.Video]
	s, err := single.New(t.Context(), single.Options{
		Listener: ls[0], GRPC: ls[1], Handlers: map[job.Kind]worker.Handler{job.Video: maker{}, job.Audio: maker{}},
		Data: config.Data{Folder: config.Folder{DataDir: filepath.Join(t.TempDir(), "data")}, Broker: config.Broker{BrokerURL: "memory:"}},
		Policies: config.Policies{
			VideoTimeout: p.AttemptTimeout, VideoBackoff: p.Backoff, AudioTimeout: p.AttemptTimeout, AudioBackoff: p.Backoff,
			KeepSucceeded: p.KeepSucceeded, KeepFailed: p.KeepFailed,
		},
		Workers: config.Workers{VideoSlots: 2, AudioSlots: 2, DrainGrace: time.Second},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool { return s.Ready() == nil }, patience, time.Millisecond)
	url := "http://" + ls[0].Addr().String()
	c := client.New(url)
	t.Cleanup(c.Close)
	return &product{t: t, url: url, calls: ls[1].Addr().String(), client: c}
}

// ask makes a request as it is and drops the answer; that of a stream at once.
func (p *product) ask(method, path string, header http.Header, body []byte) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	require.NoError(p.t, err)
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err, "%s %s", method, path)
	defer func() { _ = resp.Body.Close() }()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(p.t, err, "%s %s", method, path)
	}
	return resp.StatusCode
}

// everyCall makes each call that the API's document describes: once with made-up
// strings everywhere, once with them where the document allows any; and calls
// that it doesn't know.
func (p *product) everyCall() {
	doc := p.document()
	calls := 0
	for path, operations := range doc.Paths {
		for method, o := range operations {
			for _, valid := range []bool{false, true} {
				target, header := doc.request(path, o, valid)
				var body []byte
				for media, content := range o.RequestBody.Content {
					header.Set("Content-Type", media)
					var err error
					body, err = json.Marshal(doc.fill(content.Schema, valid, 0))
					require.NoError(p.t, err)
				}
				p.ask(strings.ToUpper(method), target, header, body)
				calls++
			}
		}
	}
	require.Greater(p.t, calls, 60, "the document describes hardly any call")
	strange := http.Header{"User-Agent": {madeUp}, "Authorization": {"Bearer " + madeUp}, "X-Request-Id": {madeUp}, "Traceparent": {madeUp}}
	for _, method := range []string{http.MethodGet, http.MethodPost, strings.ToUpper(madeUp)} {
		for _, path := range []string{"/" + madeUp, "/v1/" + madeUp, "/v1/jobs/" + madeUp + "/artifacts/" + madeUp, "/?" + madeUp + "=" + madeUp} {
			p.ask(method, path, strange.Clone(), nil)
		}
	}
	conn, err := grpc.NewClient(p.calls, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, conn.Close()) }()
	for _, method := range []string{"/" + madeUp + ".Service/Method", "/studycast.gateway.v1.GatewayService/" + madeUp} {
		require.Error(p.t, conn.Invoke(p.t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{}))
	}
}

// wholeLives takes jobs to every end, with followers, and a dead letter back.
func (p *product) wholeLives() {
	t, ctx := p.t, p.t.Context()
	for _, what := range []string{"succeeds", "fails", "is refused"} {
		for _, kind := range []string{client.Video, client.Audio} {
			j, err := p.client.Submit(ctx, client.Request{
				Kind: kind, Source: client.Source{Text: "# " + madeUp + "\n\nThis lesson " + what + "."},
				Options: client.Options{Language: "en"}, Labels: map[string]string{madeUp: madeUp}, Key: madeUp + kind + what,
			})
			require.NoError(t, err)
			for j, err = range p.client.Watch(ctx, j.ID) {
				require.NoError(t, err)
			}
			require.Equal(t, what == "succeeds", j.State == client.Succeeded, j.State)
		}
	}
	_, err := p.client.NewWebhook(ctx, client.Webhook{URL: "https://example.org/" + madeUp, Description: madeUp})
	require.NoError(t, err)
	var letter string
	require.Eventually(t, func() bool {
		for l, err := range p.client.DeadLetters(ctx, client.DeadFilter{}) {
			require.NoError(t, err)
			letter = l.ID
		}
		return letter != ""
	}, patience, 10*time.Millisecond)
	_, err = p.client.Replay(ctx, letter, madeUp)
	require.NoError(t, err)
}

// metrics reads /metrics as a Prometheus does that takes native histograms.
func (p *product) metrics() map[string]*dto.MetricFamily {
	t := p.t
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/metrics", nil)
	require.NoError(t, err)
	req.Header.Set("Accept", string(expfmt.NewFormat(expfmt.TypeProtoDelim)))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	all := map[string]*dto.MetricFamily{}
	for dec := expfmt.NewDecoder(resp.Body, expfmt.ResponseFormat(resp.Header)); ; {
		var f dto.MetricFamily
		err := dec.Decode(&f)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all[f.GetName()] = &f
	}
}

// routes are the values that the label of that name may have: the paths of the
// document, with what huma adds to them, and those of pages and health.
func (p *product) routes() map[string]bool {
	all := map[string]bool{"unmatched": true}
	for path := range p.document().Paths {
		all[path] = true
	}
	for _, path := range []string{"/", "/*", "/assets/*", "/docs", "/docs.css", "/openapi.json", "/healthz", "/readyz", "/metrics"} {
		all[path] = true
	}
	return all
}

func (p *product) document() *document {
	raw, err := gateway.OpenAPI("dev")
	require.NoError(p.t, err)
	var d document
	require.NoError(p.t, json.Unmarshal(raw, &d))
	return &d
}
