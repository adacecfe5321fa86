package app_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

const submission = `{"kind":"video","source":{"url":"https://example.org/a"}}`

// errBlocked is what a broker under an alarm answers.
var errBlocked = errors.Join(broker.ErrUnavailable, broker.ErrBlocked)

// A broker that says it takes nothing: nothing is accepted, at either edge, and
// it costs nothing; what needs no broker goes on.
func TestBlockedBroker(t *testing.T) {
	t.Parallel()
	s := startGRPC(t)
	require.Eventually(t, func() bool { return s.get("/readyz").StatusCode == http.StatusOK }, within, time.Millisecond)
	before := s.submit()
	s.broker.set(errBlocked)
	a := s.post("/v1/jobs", submission)
	m := a.problem(t, http.StatusServiceUnavailable)
	require.Equal(t, "5", a.Header.Get("Retry-After"))
	require.Contains(t, m["detail"], "Jobs that were taken before are safe")
	_, err := s.CreateJob(t.Context(), &gatewayv1.CreateJobRequest{Request: page("https://example.org/a")})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.InDelta(t, 5, detailsOf(status.Convert(err)).retry.GetRetryDelay().AsDuration().Seconds(), 0)
	require.Len(t, s.get("/v1/jobs").json()["jobs"], 1, "nothing was made")

	require.Equal(t, http.StatusUnprocessableEntity, s.post("/v1/jobs", `{"kind":"video","source":{}}`).StatusCode, "bad input is told as ever")
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	later := s.post("/v1/jobs", strings.Replace(submission, "}}", `},"run_at":"`+tomorrow+`"}`, 1))
	require.Equal(t, http.StatusAccepted, later.StatusCode, "a job for tomorrow needs no broker yet")
	require.Equal(t, http.StatusOK, s.post("/v1/jobs/"+string(before)+":cancel", "").StatusCode)
	s.post("/v1/jobs/"+string(before)+":retry", "").problem(t, http.StatusServiceUnavailable)
	require.Equal(t, "cancelled", s.get("/v1/jobs/" + string(before)).json()["state"])
	require.Equal(t, http.StatusOK, s.get("/readyz").StatusCode, "it still answers for the jobs that it has")

	s.broker.set(nil)
	s.submit()
	require.Contains(t, string(s.get("/metrics").body), `studycast_submits_refused_total{why="blocked"} 3`)
}

// hanging is a broker that is blocked without having said so: a publish hangs
// until its context ends, and from the first one on it says that it is blocked.
type hanging struct {
	*queue
	entered atomic.Int64
}

func (h *hanging) Publish(ctx context.Context, _ string, _ broker.Message) error {
	h.entered.Add(1)
	<-ctx.Done()
	return broker.ErrOutcomeUnknown
}

// 200 clients at once, before and after the gateway knows: nobody waits longer
// than the fast path, and nothing is left behind.
func TestBlockedBrokerUnderLoad(t *testing.T) {
	var h *hanging
	s := startGRPC(t, func(o *app.Options) {
		h = &hanging{queue: o.Broker.(*queue)}
		o.Broker = h
	})
	require.Eventually(t, func() bool { return s.get("/readyz").StatusCode == http.StatusOK }, within, time.Millisecond)
	s.client.CloseIdleConnections()
	const clients = 200
	base := runtime.NumGoroutine()
	answers := s.storm(clients, func() {
		require.Eventually(t, func() bool { return h.entered.Load() == clients }, within, time.Millisecond)
	})
	require.Equal(t, map[int]int{http.StatusAccepted: clients}, answers, "kept, though the broker never answered")

	h.set(errBlocked)
	var peak atomic.Int64
	for range 5 {
		answers = s.storm(clients, func() { peak.Store(max(peak.Load(), int64(runtime.NumGoroutine()))) })
		require.Equal(t, map[int]int{http.StatusServiceUnavailable: clients}, answers)
	}
	require.Equal(t, int64(clients), h.entered.Load(), "nobody waits for a broker that is known to be blocked")
	s.client.CloseIdleConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= base+10 }, within, time.Millisecond, "goroutines pile up")
	t.Logf("goroutines: %d before, at most %d under %d clients, %d after", base, peak.Load(), clients, runtime.NumGoroutine())
}

// storm submits from n clients at once, calls during meanwhile, and counts the
// answers.
func (s *service) storm(n int, during func()) map[int]int {
	s.t.Helper()
	var mu sync.Mutex
	seen := map[int]int{}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			code := s.post("/v1/jobs", submission).StatusCode
			mu.Lock()
			defer mu.Unlock()
			seen[code]++
		})
	}
	during()
	all.Wait()
	return seen
}
