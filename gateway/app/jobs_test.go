package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/app"
)

func TestSubmitAnswers202AndPublishes(t *testing.T) {
	t.Parallel()
	g := start(t)
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	a := g.post("/v1/jobs", `{"kind":"audio","source":{"text":"# Tides\nThe moon pulls."},"options":{"length":"short","language":"en"},"labels":{"course":"physics"}}`,
		"traceparent", trace)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	v := a.json()
	id := v["id"].(string)
	require.Equal(t, "/v1/jobs/"+id, a.Header.Get("Location"))
	require.Equal(t, `"1"`, a.Header.Get("ETag"))
	require.Equal(t, "queued", v["state"])
	require.Equal(t, map[string]any{"length": "short", "language": "en"}, v["options"])
	require.Equal(t, map[string]any{"course": "physics"}, v["labels"])
	require.Equal(t, []any{}, v["artifacts"])
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", a.Header.Get("X-Trace-Id"))

	g.confirmed()
	m := g.takeMessage("audio-generation")
	require.Equal(t, id, m.ID)
	require.Equal(t, trace[:36], m.Traceparent[:36])
	body, err := wire.DecodeMessage(m.Body)
	require.NoError(t, err)
	require.Equal(t, "# Tides\nThe moon pulls.", body.Request.Source.Text)
	require.Equal(t, app.Local, body.Owner)
}

// confirmed waits until the status service knows that the broker has it all.
// It is told right after the answer.
func (g *gateway) confirmed() {
	g.t.Helper()
	require.Eventually(g.t, func() bool { return len(g.status.Outbox()) == 0 }, within, time.Millisecond)
}

// takeMessage takes one message off a queue.
func (g *gateway) takeMessage(queue string) broker.Message {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), within)
	defer cancel()
	var got broker.Message
	require.NoError(g.t, g.broker.Consume(ctx, queue, 1, func(ctx context.Context, d *broker.Delivery) {
		got = d.Message
		_ = d.Ack(ctx)
		cancel()
	}))
	require.NotEmpty(g.t, got.ID, "no message came")
	return got
}

func TestScheduledJobIsNotPublished(t *testing.T) {
	t.Parallel()
	g := start(t)
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	a := g.post("/v1/jobs", fmt.Sprintf(`{"kind":"video","source":{"url":"https://example.org/"},"run_at":%q}`, at.Format(time.RFC3339)))
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, "scheduled", a.json()["state"])
	require.Equal(t, at.Format(time.RFC3339), a.json()["run_at"])
	d, err := g.broker.Depth(t.Context(), "video-generation")
	require.NoError(t, err)
	require.Zero(t, d.Ready)
}

func TestBrokerAwayStillAcceptsAndRelayPublishes(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.broker.set(broker.ErrUnavailable)
	id := g.submit()
	require.Equal(t, []job.ID{id}, g.status.Outbox())
	g.broker.set(nil)
	g.status.Release()
	require.Equal(t, string(id), g.takeMessage("video-generation").ID)
	require.Eventually(t, func() bool { return len(g.status.Outbox()) == 0 }, within, 5*time.Millisecond)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	g := start(t)
	const body = `{"kind":"video","source":{"url":"https://example.org/a"}}`
	first := g.post("/v1/jobs", body, "Idempotency-Key", "k-1")
	require.Equal(t, http.StatusAccepted, first.StatusCode)
	require.Empty(t, first.Header.Get("Idempotency-Replayed"))
	again := g.post("/v1/jobs", body, "Idempotency-Key", `"k-1"`)
	require.Equal(t, http.StatusAccepted, again.StatusCode)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.Equal(t, first.json()["id"], again.json()["id"])
	other := g.post("/v1/jobs", strings.Replace(body, "video", "audio", 1), "Idempotency-Key", "k-1")
	require.Equal(t, "urn:studycast:problem:idempotency-key-reused", other.problem(t, http.StatusUnprocessableEntity)["type"])
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	g := start(t)
	var ids []job.ID
	for range 5 {
		ids = append(ids, g.submit())
	}
	g.status.Update(ids[0], func(j *job.Job) { j.State = job.Cancelled })
	var seen []string
	path := "/v1/jobs?page_size=2"
	for pages := 0; path != ""; pages++ {
		require.Less(t, pages, 4)
		v := g.get(path).json()
		for _, j := range v["jobs"].([]any) {
			seen = append(seen, j.(map[string]any)["id"].(string))
			require.NotContains(t, j, "history")
		}
		path = ""
		if token, ok := v["next_page_token"].(string); ok {
			path = "/v1/jobs?page_size=2&page_token=" + token
		}
	}
	require.Len(t, seen, 5)
	require.Equal(t, string(ids[4]), seen[0], "newest first")
	require.Len(t, g.get("/v1/jobs?state=cancelled,failed").json()["jobs"], 1)
	require.Empty(t, g.get("/v1/jobs?kind=audio").json()["jobs"])
	require.Empty(t, g.get("/v1/jobs?created_before=2020-01-01T00:00:00Z").json()["jobs"])
	require.Len(t, g.get("/v1/jobs?created_after=2020-01-01T00:00:00Z").json()["jobs"], 5)
}

func TestLongTextIsCutInListsOnly(t *testing.T) {
	t.Parallel()
	g := start(t)
	a := g.post("/v1/jobs", `{"kind":"audio","source":{"text":"`+strings.Repeat("é", 5000)+`"}}`)
	id := a.json()["id"].(string)
	text := func(v any) string { return v.(map[string]any)["source"].(map[string]any)["text"].(string) }
	require.Len(t, []rune(text(g.get("/v1/jobs").json()["jobs"].([]any)[0])), 201)
	require.Len(t, []rune(text(g.get("/v1/jobs/"+id).json())), 5000)
}

func TestCancelRetryDelete(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := string(g.submit())
	g.call(http.MethodDelete, "/v1/jobs/"+id, nil).problem(t, http.StatusConflict)
	g.post("/v1/jobs/"+id+":retry", "").problem(t, http.StatusConflict)

	a := g.post("/v1/jobs/"+id+":cancel", "")
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	require.Equal(t, "cancelled", a.json()["state"])
	require.Equal(t, http.StatusOK, g.post("/v1/jobs/"+id+":cancel", "").StatusCode, "cancelling twice is fine")

	a = g.post("/v1/jobs/"+id+":retry", "")
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	require.Equal(t, "queued", a.json()["state"])
	g.confirmed() // a retry takes the fast path, too

	g.status.Update(job.ID(id), func(j *job.Job) { j.State = job.Running })
	g.status.Update(job.ID(id), func(j *job.Job) { j.State = job.Succeeded })
	m := g.post("/v1/jobs/"+id+":cancel", "").problem(t, http.StatusConflict)
	require.Contains(t, m["detail"], "succeeded")
	require.Equal(t, http.StatusNoContent, g.call(http.MethodDelete, "/v1/jobs/"+id, nil).StatusCode)
	g.get("/v1/jobs/"+id).problem(t, http.StatusNotFound)
}

func TestOwnersAndRoles(t *testing.T) {
	t.Parallel()
	g := start(t, asOwner)
	a := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/"}}`, "Owner", "ann")
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	id := a.json()["id"].(string)
	g.status.Update(job.ID(id), func(j *job.Job) {
		j.State = job.Failed
		j.Fault = &job.Fault{Kind: "source", Text: "The site is down.", Cause: "dial tcp 10.1.2.3"}
		j.Artifacts = []job.Artifact{{Name: "x.txt", Key: "jobs/x"}}
	})
	for _, call := range []struct{ method, path string }{
		{"GET", "/v1/jobs/" + id},
		{"GET", "/v1/jobs/" + id + "?wait=1s"},
		{"GET", "/v1/jobs/" + id + "/events"},
		{"GET", "/v1/jobs/" + id + "/artifacts/x.txt"},
		{"POST", "/v1/jobs/" + id + ":cancel"},
		{"POST", "/v1/jobs/" + id + ":retry"},
		{"DELETE", "/v1/jobs/" + id},
	} {
		g.call(call.method, call.path, nil, "Owner", "bob").problem(t, http.StatusNotFound)
		g.call(call.method, call.path, nil).problem(t, http.StatusUnauthorized)
	}
	require.Empty(t, g.get("/v1/jobs", "Owner", "bob").json()["jobs"])
	mine := g.get("/v1/jobs/"+id, "Owner", "ann")
	require.NotContains(t, string(mine.body), "10.1.2.3", "the cause is for operators")
	require.Contains(t, string(mine.body), "The site is down.")
	op := g.get("/v1/jobs/"+id, "Owner", "root", "Roles", "operator")
	require.Contains(t, string(op.body), "10.1.2.3")
	require.Equal(t, http.StatusNotFound, g.get("/metrics", "Owner", "ann").StatusCode, "no metrics for strangers")
}

func TestGetByVersion(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	path := "/v1/jobs/" + string(id)
	a := g.get(path)
	require.Equal(t, `"1"`, a.Header.Get("ETag"))
	require.Len(t, a.json()["history"], 1)
	for _, tag := range []string{`"1"`, `W/"1"`, `"0", "1"`, `*`} {
		a = g.get(path, "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, a.StatusCode, tag)
		require.Equal(t, `"1"`, a.Header.Get("ETag"))
		require.Empty(t, a.body)
	}
	g.status.Update(id, func(j *job.Job) { j.State = job.Running })
	require.Equal(t, http.StatusOK, g.get(path, "If-None-Match", `"1"`).StatusCode)
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	path := "/v1/jobs/" + string(id)

	require.Equal(t, http.StatusNotModified, g.get(path+"?wait=20ms", "If-None-Match", `"1"`).StatusCode, "time is up")
	require.Equal(t, "queued", g.get(path + "?wait=20ms").json()["state"], "as it is when time is up")

	newer := make(chan answer, 1)
	go func() { newer <- g.get(path+"?wait=30s", "If-None-Match", `"1"`) }()
	require.Eventually(t, func() bool { return g.status.Watches() == 1 }, within, time.Millisecond)
	g.status.Restart(false) // the watch breaks and is taken up again
	g.status.Update(id, func(j *job.Job) { j.State = job.Running })
	require.Equal(t, "running", (<-newer).json()["state"])

	final := make(chan answer, 1)
	go func() { final <- g.get(path + "?wait=30s") }()
	require.Eventually(t, func() bool { return g.status.Watches() == 1 }, within, time.Millisecond)
	g.status.Update(id, func(j *job.Job) { j.Progress = 50 })
	g.status.Update(id, func(j *job.Job) { j.State = job.Succeeded })
	require.Equal(t, "succeeded", (<-final).json()["state"], "without If-None-Match only the end counts")
	require.Equal(t, "succeeded", g.get(path + "?wait=30s").json()["state"], "at once")
}

func TestStatusServiceAway(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	g.status.Restart(true)
	for _, path := range []string{"/v1/jobs", "/v1/jobs/" + string(id), "/v1/jobs/" + string(id) + "/events"} {
		a := g.get(path)
		a.problem(t, http.StatusServiceUnavailable)
		require.Equal(t, "1", a.Header.Get("Retry-After"))
	}
	require.Eventually(t, func() bool { return g.get("/readyz").StatusCode == http.StatusServiceUnavailable }, within, 5*time.Millisecond)
	g.status.Restart(false)
	require.Eventually(t, func() bool { return g.get("/readyz").StatusCode == http.StatusOK }, within, 5*time.Millisecond)
	require.Equal(t, http.StatusOK, g.get("/healthz").StatusCode)
}
