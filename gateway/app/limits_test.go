package app_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// limited asks who calls and limits everybody.
func limited(l app.Limits) func(*app.Options) {
	return func(o *app.Options) {
		asOwner(o)
		o.Limits = l
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	g := start(t, standing, limited(app.Limits{CallsPerMinute: 1, Burst: 3, ServiceFactor: 5}))
	for left := 2; left >= 0; left-- {
		a := g.get("/v1/jobs", "Owner", "ann")
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Equal(t, "3", a.Header.Get("RateLimit-Limit"))
		require.Equal(t, strconv.Itoa(left), a.Header.Get("RateLimit-Remaining"))
		require.Equal(t, strconv.Itoa((3-left)*60), a.Header.Get("RateLimit-Reset"))
	}
	for _, path := range []string{"/v1/jobs", "/v1/events", "/v1/jobs/x"} {
		a := g.get(path, "Owner", "ann")
		m := a.problem(t, http.StatusTooManyRequests)
		require.Equal(t, "urn:studycast:problem:too-many-requests", m["type"])
		require.Contains(t, m["detail"], "1 requests a minute")
		require.Equal(t, "60", a.Header.Get("Retry-After"))
		require.Equal(t, "0", a.Header.Get("RateLimit-Remaining"))
	}
	g.post("/v1/jobs", `{`, "Owner", "ann").problem(t, http.StatusTooManyRequests)
	require.Equal(t, http.StatusOK, g.get("/v1/jobs", "Owner", "ben").StatusCode, "another owner has its own")
	require.Equal(t, "15", g.get("/v1/jobs", "Owner", "bot", "Roles", "service").Header.Get("RateLimit-Limit"))
	for range 50 { // what is nobody's call
		for _, path := range []string{"/docs", "/docs.css", "/healthz", "/openapi.json"} {
			a := g.get(path, "Owner", "ann")
			require.Equal(t, http.StatusOK, a.StatusCode, path)
			require.Empty(t, a.Header.Get("RateLimit-Limit"), path)
		}
	}
	require.NotContains(t, g.get("/v1/jobs").problem(t, http.StatusUnauthorized), "RateLimit-Limit")
}

// Whoever moves about in a video asks for many parts of it.
func TestPartsOfFilesDoNotLockAStudentOut(t *testing.T) {
	t.Parallel()
	g := start(t, standing, limited(app.Limits{CallsPerMinute: 1, Burst: 5}))
	a := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`, "Owner", "ann")
	id := job.ID(a.json()["id"].(string))
	info, err := g.artifacts.Put(t.Context(), artifact.JobKey(id, 1, "video.mp4"), strings.NewReader("0123456789"), "video/mp4")
	require.NoError(t, err)
	g.status.Update(id, func(j *job.Job) {
		j.State = job.Succeeded
		j.Artifacts = []job.Artifact{{Name: "video.mp4", MediaType: "video/mp4", Size: info.Size, SHA256: info.SHA256, Key: info.Key}}
	})
	file := "/v1/jobs/" + string(id) + "/artifacts/video.mp4"
	for range 50 {
		require.Equal(t, http.StatusPartialContent, g.get(file, "Owner", "ann", "Range", "bytes=2-4").StatusCode)
	}
	g.get(file, "Owner", "ann").problem(t, http.StatusTooManyRequests)
	require.Equal(t, "3", g.get("/v1/jobs", "Owner", "ann").Header.Get("RateLimit-Remaining"), "calls are counted by themselves")
}

// A stream is one request, however much it carries.
func TestStreamIsOneRequest(t *testing.T) {
	t.Parallel()
	g := start(t, limited(app.Limits{CallsPerMinute: 1, Burst: 3}))
	a := g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`, "Owner", "ann")
	id := job.ID(a.json()["id"].(string))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.base+"/v1/jobs/"+string(id)+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("Owner", "ann")
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := g.client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Empty(t, res.Header.Get("Content-Encoding"), "events do not wait in a buffer")
	require.Equal(t, "1", res.Header.Get("RateLimit-Remaining"))
	for i := range 20 {
		g.status.Update(id, func(j *job.Job) { j.State, j.Progress = job.Running, float64(i) })
	}
	g.status.Update(id, func(j *job.Job) { j.State = job.Succeeded })
	require.Equal(t, "0", g.get("/v1/jobs", "Owner", "ann").Header.Get("RateLimit-Remaining"))
}

func TestJobsInFlight(t *testing.T) {
	t.Parallel()
	g := start(t, limited(app.Limits{JobsInFlight: 3}))
	submit := func(owner string, headers ...string) answer {
		return g.post("/v1/jobs", `{"kind":"video","source":{"url":"https://example.org/a"}}`, append(headers, "Owner", owner)...)
	}
	var ids []string
	for range 3 {
		a := submit("ann")
		require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
		ids = append(ids, a.json()["id"].(string))
	}
	a := submit("ann")
	m := a.problem(t, http.StatusTooManyRequests)
	require.Equal(t, "urn:studycast:problem:too-many-jobs", m["type"])
	require.Contains(t, m["detail"], "3 jobs")
	require.Contains(t, m["detail"], "cancel one")
	require.Equal(t, "10", a.Header.Get("Retry-After"))
	require.Equal(t, http.StatusAccepted, submit("ben").StatusCode, "another owner has its own")
	for range 5 {
		require.Equal(t, http.StatusAccepted, submit("bot", "Roles", "service").StatusCode, "no factor: no limit")
	}
	require.Equal(t, http.StatusOK, g.post("/v1/jobs/"+ids[0]+":cancel", ``, "Owner", "ann").StatusCode)
	require.Equal(t, http.StatusAccepted, submit("ann").StatusCode, "there is room at once")
	g.post("/v1/jobs/"+ids[0]+":retry", ``, "Owner", "ann").problem(t, http.StatusTooManyRequests)
	g.status.Update(job.ID(ids[1]), func(j *job.Job) { j.State = job.Failed })
	require.Equal(t, http.StatusAccepted, g.post("/v1/jobs/"+ids[0]+":retry", ``, "Owner", "ann").StatusCode)
}

func TestBurstOfJobsIsBounded(t *testing.T) {
	t.Parallel()
	g := start(t, limited(app.Limits{JobsInFlight: 40}))
	var mu sync.Mutex
	seen := map[int]int{}
	var all sync.WaitGroup
	for range 50 { // connections, of 20 requests each
		all.Go(func() {
			for range 20 {
				code := g.post("/v1/jobs", `{"kind":"audio","source":{"text":"a text"}}`, "Owner", "ann").StatusCode
				mu.Lock()
				seen[code]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Equal(t, map[int]int{http.StatusAccepted: 40, http.StatusTooManyRequests: 960}, seen)
}

// Everybody is the same user where nobody signs in.
func TestTheLocalUserHasNoLimits(t *testing.T) {
	t.Parallel()
	g := start(t, func(o *app.Options) { o.Limits = app.Limits{CallsPerMinute: 1, Burst: 1, JobsInFlight: 1} })
	for range 5 {
		g.submit()
	}
	require.Empty(t, g.get("/v1/jobs").Header.Get("RateLimit-Limit"))
}

func TestGRPCLimits(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, limited(app.Limits{CallsPerMinute: 2, Burst: 3, JobsInFlight: 1}))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "owner", "ann")
	s.create(ctx)
	var header metadata.MD
	_, err := s.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")}, grpc.Header(&header))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	seen := detailsOf(status.Convert(err))
	require.Equal(t, "TOO_MANY_JOBS", seen.info.GetReason())
	require.InDelta(t, 10, seen.retry.GetRetryDelay().AsDuration().Seconds(), 0)
	require.Equal(t, []string{"1"}, header.Get("ratelimit-remaining"))
	require.Equal(t, http.StatusOK, s.get("/v1/jobs", "Owner", "ann").StatusCode, "both doors count together")
	_, err = s.ListJobs(ctx, &gatewayv1.ListJobsRequest{})
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	seen = detailsOf(status.Convert(err))
	require.Equal(t, "TOO_MANY_REQUESTS", seen.info.GetReason())
	require.InDelta(t, 30, seen.retry.GetRetryDelay().AsDuration().Seconds(), 1)
	watch, err := s.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: "x"})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

// limits tries every operation of an owner who did too much before.
func (x *exerciser) limits(operations []operation) {
	t := x.gateway.t
	fast := start(t, limited(app.Limits{CallsPerMinute: 1, Burst: 1}))
	for _, o := range operations {
		for range 10 {
			fast.get("/v1/jobs/x", "Owner", o.id)
			fast.get("/v1/jobs/x/artifacts/y", "Owner", o.id)
		}
		a := fast.call(o.method, o.path, nil, "Owner", o.id)
		require.Equal(t, http.StatusTooManyRequests, a.StatusCode, o.id)
		x.check(o.id, a)
	}
	busy := start(t, limited(app.Limits{JobsInFlight: 1}))
	first := busy.post("/v1/jobs", submission, "Owner", "ann").json()["id"].(string)
	busy.status.Update(job.ID(first), func(j *job.Job) { j.State = job.Failed })
	require.Equal(t, http.StatusAccepted, busy.post("/v1/jobs", submission, "Owner", "ann").StatusCode)
	for id, a := range map[string]answer{
		"submit-job": busy.post("/v1/jobs", submission, "Owner", "ann"),
		"retry-job":  busy.post("/v1/jobs/"+first+":retry", "", "Owner", "ann"),
	} {
		require.Equal(t, http.StatusTooManyRequests, a.StatusCode, id)
		x.check(id, a)
	}
}
