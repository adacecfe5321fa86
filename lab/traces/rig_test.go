//go:build linux

package traces

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/lab/local"
)

// Limits of waiting. They say when a test is stuck, not what is good.
const (
	patience   = 5 * time.Minute
	startLimit = 2 * time.Minute
	tick       = 50 * time.Millisecond
)

// What users wrote, or are called: none of it may be in a span or in a log.
const (
	secretPage  = "swordfish-page"
	secretQuery = "swordfish-query"
	secretText  = "Swordfish swim in every sea."
	secretLabel = "swordfish-label"
	secretOwner = "swordfish-school"
	secretKey   = "swordfish-key"
	anySecret   = "swordfish"
)

// rig is a running system with a collector, and who uses it.
type rig struct {
	*local.System
	t    *testing.T
	sink *sink
	site *site
	key  string // of the school
	// The school asks for lessons, the operator looks after them.
	school, operator *client.Client
}

// start runs every program, with JSON logs of all levels.
func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, sink: newSink(t), site: newSite(t)}
	dir := t.TempDir()
	var schools, operators, operator string
	r.key, schools = newKey(secretOwner, "service")
	operator, operators = newKey("swordfish-operator", "operator")
	keys := filepath.Join(dir, "keys")
	require.NoError(t, os.WriteFile(keys, []byte(schools+operators), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	var err error
	r.System, err = local.Start(ctx, local.Options{
		Dir: filepath.Join(dir, "system"), Bin: bin,
		Env: append(r.tracing(), "API_KEYS_FILE="+keys, "LOG_FORMAT=json", "LOG_LEVEL=debug", "DRAIN_GRACE=5s",
			"AUDIO_SLOTS=2", "AUDIO_RETRIES=1", "AUDIO_BACKOFF=100ms", "SERVICE_LIMIT_FACTOR=0"),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			r.tell()
		}
		require.NoError(t, r.Close())
	})
	r.school = r.client(r.key, nil)
	r.operator = r.client(operator, nil)
	return r
}

// tracing are the settings by which a program sends its spans here.
func (r *rig) tracing() []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.sink.address, "OTEL_BSP_SCHEDULE_DELAY=100"}
}

// client returns a client that sends more with each call.
func (r *rig) client(key string, more http.Header) *client.Client {
	c := client.New(r.URLs.Gateway, client.WithToken(key), client.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return header{next, more}
	}))
	r.t.Cleanup(c.Close)
	return c
}

// header adds to the header of each request.
type header struct {
	http.RoundTripper
	more http.Header
}

func (h header) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, value := range h.more {
		req.Header[name] = value
	}
	return h.RoundTripper.RoundTrip(req)
}

// newKey makes an API key and the line that makes it valid.
func newKey(name, role string) (key, line string) {
	key = "studycast_" + name + "." + rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, name + " " + role + " " + hex.EncodeToString(sum[:]) + "\n"
}

// command runs the command line of a student and decodes what it prints.
func (r *rig) command(into any, args ...string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), filepath.Join(bin, "studycast"), append(args, "--server", r.URLs.Gateway, "--json")...)
	cmd.Env = append(r.tracing(), "STUDYCAST_TOKEN="+r.key, "HOME="+r.t.TempDir())
	out, err := cmd.Output()
	require.NoError(r.t, err, "%s", out)
	require.NoError(r.t, json.Unmarshal(out, into), "%s", out)
}

// submit asks for a lesson in a trace of its own and returns both ids.
func (r *rig) submit(kind, page string) (job, trace string) {
	r.t.Helper()
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	trace = hex.EncodeToString(id)
	c := r.client(r.key, http.Header{
		"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}, "Tracestate": {"vendor=" + anySecret}, "User-Agent": {anySecret},
	})
	j, err := c.Submit(r.t.Context(), client.Request{
		Kind: kind, Source: client.Source{URL: r.site.url + page}, Options: client.Options{Length: "short"},
		Labels: map[string]string{"course": secretLabel}, Key: secretKey + page, Fresh: true,
	})
	require.NoError(r.t, err)
	return j.ID, trace
}

// wait waits until a job is final, as the state says.
func (r *rig) wait(id, state string) client.Job {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	j, err := r.school.Wait(ctx, id)
	require.NoError(r.t, err)
	require.Equal(r.t, state, j.State, "%+v", j.Fault)
	return j
}

// end stops every program in order: then it has sent all of its spans.
func (r *rig) end() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, role := range []local.Role{local.Gateway, local.VideoWorker, local.AudioWorker, local.DeadLetter, local.Status} {
		for _, p := range r.Programs(role) {
			require.NoError(r.t, p.Term(), p.Name())
			require.NoError(r.t, p.Wait(ctx), "%s must end in order", p.Name())
		}
	}
}

// tell shows the end of each log.
func (r *rig) tell() {
	const most = 4000
	for _, p := range r.All() {
		text, err := os.ReadFile(p.Log())
		r.t.Logf("%s: %v\n%s", p.Name(), err, text[max(0, len(text)-most):])
	}
}

// site is a web site with pages that misbehave by their names.
type site struct {
	url     string
	healed  atomic.Bool   // the broken page is well again
	visits  atomic.Int32  // of the page that fails once
	traps   atomic.Int32  // visits of the page that holds who comes first
	trapped chan struct{} // closed by that visit
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{trapped: make(chan struct{})}
	mux := http.NewServeMux()
	article := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<html lang=en><title>Tides</title><article><h1>Tides</h1><p>%s</p></article></html>", lesson)
	}
	fail := func(w http.ResponseWriter) { http.Error(w, anySecret, http.StatusInternalServerError) }
	mux.HandleFunc("GET /"+secretPage, func(w http.ResponseWriter, _ *http.Request) { article(w) })
	mux.HandleFunc("GET /once/"+secretPage, func(w http.ResponseWriter, _ *http.Request) {
		if s.visits.Add(1) == 1 {
			fail(w)
			return
		}
		article(w)
	})
	mux.HandleFunc("GET /broken/"+secretPage, func(w http.ResponseWriter, _ *http.Request) {
		if s.healed.Load() {
			article(w)
			return
		}
		fail(w)
	})
	mux.HandleFunc("GET /trap/"+secretPage, func(w http.ResponseWriter, r *http.Request) {
		if s.traps.Add(1) > 1 {
			article(w)
			return
		}
		close(s.trapped)
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// lesson is a text that is just long enough.
const lesson = secretText + " The moon pulls the water of the sea. The water rises twice a day on most coasts. " +
	"Spring tides are the highest tides of all tides. They come when sun and moon stand in one line. " +
	"Neap tides come a week later and are the lowest. Sailors read the times of the tides from printed tables."

// hasSecret returns the surroundings of a user's word in a text; "" = none.
func hasSecret(text string) string {
	i := strings.Index(strings.ToLower(text), anySecret)
	if i < 0 {
		return ""
	}
	return text[max(0, i-200):min(len(text), i+100)]
}
