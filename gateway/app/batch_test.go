package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/app"
	"github.com/studycast/studycast/gateway/internal/statustest"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

// batch makes the body of a batch of n links.
func batch(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"kind":"video","source":{"url":"https://example.org/%d"}}`, i)
	}
	return `{"jobs":[` + strings.Join(all, ",") + `]}`
}

// results are those of a batch.
func (a answer) results(t *testing.T, n int) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	var all []map[string]any
	for _, r := range a.json()["results"].([]any) {
		all = append(all, r.(map[string]any))
	}
	require.Len(t, all, n)
	return all
}

func idOf(result map[string]any) string { return result["job"].(map[string]any)["id"].(string) }

func TestBatch(t *testing.T) {
	t.Parallel()
	g := start(t)
	all := g.post("/v1/jobs:batch", batch(100)).results(t, 100)
	for i, r := range all {
		require.InDelta(t, http.StatusAccepted, r["status"], 0)
		require.Equal(t, fmt.Sprintf("https://example.org/%d", i), r["job"].(map[string]any)["source"].(map[string]any)["url"])
		require.NotContains(t, r, "problem")
	}
	require.Len(t, g.get("/v1/jobs?page_size=200").json()["jobs"], 100)
}

// What is wrong with one spoils no other, and is said as if it came alone.
func TestBatchWithBadJobs(t *testing.T) {
	t.Parallel()
	g := start(t)
	good := `{"kind":"video","source":{"url":"https://example.org/a"}}`
	bad := []string{
		`{"kind":"film","source":{"url":"https://example.org/a"}}`, `{"kind":"video"}`, `7`, `null`, `[]`,
		`{"kind":"video","source":{"url":"http://127.0.0.1/"}}`, `{"kind":"video","source":{"url":"https://example.org/a"},"priority":1}`,
		`{"kind":"video","source":{"upload":"0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"}}`,
		`{"kind":"video","source":{"url":"https://example.org/a"},"run_at":"soon"}`, `{"kind":"audio","source":{"text":"` + strings.Repeat("x", 50<<10) + `"}}`,
	}
	parts := []string{good}
	for _, b := range bad {
		parts = append(parts, b, good)
	}
	huge := `{"kind":"audio","source":{"text":"` + strings.Repeat("x", 70<<10) + `"}}`
	parts = append(parts, huge)
	all := g.post("/v1/jobs:batch", `{"jobs":[`+strings.Join(parts, ",")+`]}`).results(t, len(parts))
	for i, b := range bad {
		require.InDelta(t, http.StatusAccepted, all[2*i]["status"], 0)
		alone := g.post("/v1/jobs", b)
		r := all[2*i+1]
		require.InDelta(t, alone.StatusCode, r["status"], 0, b)
		p, want := r["problem"].(map[string]any), alone.json()
		p["instance"], want["instance"] = "", ""
		require.Equal(t, want, p, b)
		require.NotContains(t, r, "job")
	}
	require.InDelta(t, http.StatusRequestEntityTooLarge, all[len(all)-1]["status"], 0)
	require.Len(t, g.get("/v1/jobs").json()["jobs"], len(bad)+1)
}

func TestBadBatches(t *testing.T) {
	t.Parallel()
	g := start(t)
	for body, want := range map[string]int{
		``: 400, `{`: 400, `{"jobs":[}`: 400, `{"jobs":[]} {}`: 400, `[]`: 422, `null`: 422, `{}`: 422, `{"jobs":null}`: 422, `{"jobs":7}`: 422,
		`{"jobs":{}}`: 422, `{"jobs":[]}`: 422, `{"jobs":[{}],"more":1}`: 422, batch(101): 422, `{"jobs":["` + strings.Repeat("x", 1<<20) + `"]}`: 413,
	} {
		g.post("/v1/jobs:batch", body).problem(t, want)
	}
	g.call(http.MethodPost, "/v1/jobs:batch", strings.NewReader(batch(1)), "Content-Type", "text/plain").problem(t, http.StatusUnsupportedMediaType)
	g.post("/v1/jobs:batch", batch(1), "Idempotency-Key", strings.Repeat("k", 251)).problem(t, http.StatusUnprocessableEntity)
	require.Empty(t, g.get("/v1/jobs").json()["jobs"])
}

// flaky loses the status service for some of the submits.
type flaky struct {
	*statustest.Status
	lose func(n int64) bool // the n-th submit, from 1
	n    *atomic.Int64
}

func (f flaky) Create(ctx context.Context, in statusclient.CreateInput) (statusclient.Created, error) {
	if f.lose(f.n.Add(1)) {
		return statusclient.Created{}, job.ErrUnavailable
	}
	return f.Status.Create(ctx, in)
}

// A batch that was half accepted is sent again: what was accepted comes back, the
// rest is made, nothing twice.
func TestBatchIsRepeated(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	g := start(t, func(o *app.Options) {
		o.Status = flaky{o.Status.(*statustest.Status), func(n int64) bool { return n <= 40 && n%2 == 0 }, &n}
	})
	send := func(headers ...string) []map[string]any {
		return g.post("/v1/jobs:batch", batch(40), append(headers, "Idempotency-Key", `"`+strings.Repeat("k", 248)+`"`)...).results(t, 40)
	}
	first, again := send(), send()
	made := 0
	for i := range first {
		require.InDelta(t, http.StatusAccepted, again[i]["status"], 0)
		if first[i]["job"] == nil {
			require.InDelta(t, http.StatusServiceUnavailable, first[i]["status"], 0)
			require.InDelta(t, 1, first[i]["retry_after"], 0)
			require.NotContains(t, again[i], "replayed")
			continue
		}
		made++
		require.Equal(t, idOf(first[i]), idOf(again[i]))
		require.Equal(t, true, again[i]["replayed"])
	}
	require.Equal(t, 20, made)
	require.Len(t, g.get("/v1/jobs?page_size=200").json()["jobs"], 40)
	other := g.post("/v1/jobs:batch", `{"jobs":[{"kind":"audio","source":{"text":"x"}}]}`, "Idempotency-Key", strings.Repeat("k", 248)).results(t, 1)
	require.Equal(t, "urn:studycast:problem:idempotency-key-reused", other[0]["problem"].(map[string]any)["type"])
	alone := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/0"}}`, "Idempotency-Key", strings.Repeat("k", 248)+"/0")
	require.Equal(t, idOf(again[0]), alone.json()["id"], "the key of each is that of the batch, a slash and its place")
}

func TestBatchCountsEachJob(t *testing.T) {
	t.Parallel()
	g := start(t, limited(app.Limits{CallsPerMinute: 1, Burst: 10, JobsInFlight: 6}))
	a := g.post("/v1/jobs:batch", batch(8), "Owner", "ann")
	require.Equal(t, "2", a.Header.Get("RateLimit-Remaining"))
	require.Equal(t, "10", a.Header.Get("RateLimit-Limit"))
	require.Equal(t, "480", a.Header.Get("RateLimit-Reset"))
	full := 0
	for _, r := range a.results(t, 8) {
		if p, ok := r["problem"].(map[string]any); ok {
			require.Equal(t, "urn:studycast:problem:too-many-jobs", p["type"])
			require.InDelta(t, 10, r["retry_after"], 0)
			full++
		}
	}
	require.Equal(t, 2, full)
	a = g.post("/v1/jobs:batch", batch(4), "Owner", "ann")
	all := a.results(t, 4)
	require.Equal(t, "0", a.Header.Get("RateLimit-Remaining"))
	for _, r := range all[2:] {
		require.Equal(t, "urn:studycast:problem:too-many-requests", r["problem"].(map[string]any)["type"])
		require.InDelta(t, 60, r["retry_after"], 1)
	}
	g.post("/v1/jobs:batch", batch(1), "Owner", "ann").problem(t, http.StatusTooManyRequests)
}

// Whoever repeats a submit asks for no further job.
func TestKnownKeyAtTheLimitOfJobs(t *testing.T) {
	t.Parallel()
	g := start(t, limited(app.Limits{JobsInFlight: 1}))
	submit := func(body, key string) answer {
		return g.post("/v1/jobs", body, "Owner", "ann", "Idempotency-Key", key)
	}
	first := submit(submission, "k")
	require.Equal(t, http.StatusAccepted, first.StatusCode)
	again := submit(submission, "k")
	require.Equal(t, http.StatusAccepted, again.StatusCode, string(again.body))
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.Equal(t, first.json()["id"], again.json()["id"])
	require.Contains(t, submit(submission, "other").problem(t, http.StatusTooManyRequests)["type"], "too-many-jobs")
	reused := submit(`{"kind":"audio","source":{"text":"x"}}`, "k").problem(t, http.StatusUnprocessableEntity)
	require.Contains(t, reused["type"], "idempotency-key-reused")
	require.Len(t, g.get("/v1/jobs", "Owner", "ann").json()["jobs"], 1)
}

func TestGRPCBatch(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, limited(app.Limits{CallsPerMinute: 1, Burst: 4}))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "owner", "ann")
	in := &gatewayv1.BatchCreateJobsRequest{IdempotencyKey: "k", Requests: []*jobv1.Request{
		page("https://example.org/a"), page("http://127.0.0.1/"), page("https://example.org/b"), page("https://example.org/c"), page("https://example.org/d"),
	}}
	var header metadata.MD
	out, err := s.BatchCreateJobs(ctx, in, grpc.Header(&header))
	require.NoError(t, err)
	require.Equal(t, []string{"0"}, header.Get("ratelimit-remaining"))
	require.Len(t, out.GetResults(), 5)
	for i, want := range []codes.Code{codes.OK, codes.InvalidArgument, codes.OK, codes.OK, codes.ResourceExhausted} {
		require.EqualValues(t, want, out.GetResults()[i].GetStatus().GetCode(), i)
	}
	require.Equal(t, "https://example.org/b", out.GetResults()[2].GetCreated().GetJob().GetRequest().GetSource().GetUrl())
	bad := &errdetails.BadRequest{}
	for _, d := range out.GetResults()[1].GetStatus().GetDetails() {
		if d.MessageIs(bad) {
			require.NoError(t, d.UnmarshalTo(bad))
		}
	}
	require.Equal(t, "source.url", bad.GetFieldViolations()[0].GetField())
	_, err = s.BatchCreateJobs(ctx, in)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))

	ben := metadata.AppendToOutgoingContext(t.Context(), "owner", "ben")
	for _, n := range []int{0, 101} {
		_, err = s.BatchCreateJobs(ben, &gatewayv1.BatchCreateJobsRequest{Requests: make([]*jobv1.Request, n)})
		require.Equal(t, codes.InvalidArgument, status.Code(err), n)
	}
	again, err := s.BatchCreateJobs(ben, &gatewayv1.BatchCreateJobsRequest{IdempotencyKey: "k", Requests: in.GetRequests()[:1]})
	require.NoError(t, err)
	require.False(t, again.GetResults()[0].GetCreated().GetReplayed(), "a key is its owner's")
}
