package app_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/app"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// An address that guesses is shut out before its tokens are looked at, at both
// doors; others are not.
func TestGuessing(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	looked := 0
	s := startGRPC(t, standing, signIn, func(o *app.Options) {
		o.Limits, o.TrustedProxies = app.Limits{SignInFailures: 5}, []string{"127.0.0.0/8"}
		who := o.Authenticate
		o.Authenticate = func(r *http.Request) (app.Identity, error) {
			looked++ // one after the other
			return who(r)
		}
	})
	from := func(address, token string) answer {
		return s.get("/v1/jobs", "X-Forwarded-For", "203.0.113.99, "+address, "Authorization", "Bearer "+token)
	}
	for i := range 5 {
		from("192.0.2.1", "guess "+strconv.Itoa(i)).problem(t, http.StatusUnauthorized)
	}
	before := looked
	a := from("192.0.2.1", all["student"].token)
	m := a.problem(t, http.StatusTooManyRequests)
	require.Contains(t, m["detail"], "from your address")
	require.Equal(t, "12", a.Header.Get("Retry-After"))
	require.Empty(t, a.Header.Get("RateLimit-Limit"))
	md := metadata.Pairs("x-forwarded-for", "192.0.2.1", "authorization", "Bearer "+all["student"].token)
	_, err := s.ListJobs(metadata.NewOutgoingContext(t.Context(), md), &gatewayv1.ListJobsRequest{})
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.NotNil(t, detailsOf(status.Convert(err)).retry)
	require.Equal(t, before, looked, "no signature was checked")
	require.Equal(t, http.StatusOK, from("192.0.2.2", all["student"].token).StatusCode)
	for range 20 { // who is known never fails
		require.Equal(t, http.StatusOK, from("192.0.2.2", all["student"].token).StatusCode)
	}
	require.Equal(t, http.StatusOK, s.get("/healthz", "X-Forwarded-For", "192.0.2.1").StatusCode)
}

// Without TRUSTED_PROXIES nobody chooses the address that one counts as.
func TestForgedAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	_, signIn := people(t)
	g := start(t, signIn, func(o *app.Options) { o.Limits = app.Limits{SignInFailures: 3} })
	for i := range 3 {
		g.get("/v1/jobs", "X-Forwarded-For", "192.0.2."+strconv.Itoa(i)).problem(t, http.StatusUnauthorized)
	}
	g.get("/v1/jobs", "X-Forwarded-For", "192.0.2.9").problem(t, http.StatusTooManyRequests)
}

func TestStreamsOfAnOwner(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, limited(app.Limits{Streams: 2}))
	id := s.post("/v1/jobs", submission, "Owner", "ann").json()["id"].(string)
	s.listen("/v1/events", "Owner", "ann").next()
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(t.Context(), "owner", "ann"))
	watch, err := s.WatchJob(ctx, &gatewayv1.WatchJobRequest{Id: id})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.NoError(t, err)
	a := s.get("/v1/jobs/"+id+"/events", "Owner", "ann")
	require.Equal(t, "urn:studycast:problem:too-many-streams", a.problem(t, http.StatusTooManyRequests)["type"])
	require.Equal(t, "10", a.Header.Get("Retry-After"))
	third, err := s.WatchJobs(ctx, &gatewayv1.WatchJobsRequest{})
	require.NoError(t, err)
	_, err = third.Recv()
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, http.StatusOK, s.get("/v1/jobs/"+id+"?wait=1ms", "Owner", "ann").StatusCode, "a long poll is none")
	s.post("/v1/jobs", submission, "Owner", "ben")
	s.listen("/v1/events", "Owner", "ben").next()
	cancel()
	s.status.Update(job.ID(id), func(j *job.Job) { j.State = job.Succeeded })
	require.Eventually(t, func() bool {
		return s.get("/v1/jobs/"+id+"/events", "Owner", "ann").StatusCode == http.StatusOK
	}, within, within/500, "there is room again")
}

func TestWrongProxiesAreRefused(t *testing.T) {
	t.Parallel()
	g := start(t)
	_, err := app.New(app.Options{
		Listener: closedListener(t), Status: g.status, Broker: g.broker, Artifacts: g.artifacts, CheckURL: func(string) error { return nil },
		TrustedProxies: []string{"everybody"},
	})
	require.ErrorContains(t, err, `TrustedProxies "everybody"`)
}
