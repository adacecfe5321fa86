package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

// bin records which artifacts were removed.
type bin struct {
	mu      sync.Mutex
	removed map[job.ID]int
	fail    int // so many removals fail first
}

func (b *bin) remove(_ context.Context, id job.ID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("disk is away")
	}
	if b.removed == nil {
		b.removed = map[job.ID]int{}
	}
	b.removed[id]++
	return nil
}

func (b *bin) times(id job.ID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.removed[id]
}

func TestRetentionKeepsTheNewestOfEachOwner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trash := &bin{}
		s := start(t, func(o *app.Options) {
			o.RemoveArtifacts = trash.remove
			o.Policies = job.DefaultPolicies()
			p := o.Policies[job.Video]
			p.KeepSucceeded, p.KeepFailed = 3, 2
			o.Policies[job.Video] = p
		})
		sess, _ := s.session("w")
		var done, cancelled []job.ID
		for range 5 {
			id := s.create("ada").ID
			_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, success())
			require.NoError(t, err)
			done = append(done, id)
			c := s.create("ada").ID
			_, err = s.client.Cancel(t.Context(), c, "ada", "")
			require.NoError(t, err)
			cancelled = append(cancelled, c)
			time.Sleep(time.Second)
		}
		others := s.create("ben").ID
		_, err := s.client.Cancel(t.Context(), others, "ben", "")
		require.NoError(t, err)
		waiting := s.create("ada").ID
		time.Sleep(time.Second)

		page, err := s.client.List(t.Context(), statusclient.ListFilter{})
		require.NoError(t, err)
		var left []job.ID
		for _, j := range page.Jobs {
			left = append(left, j.ID)
		}
		require.ElementsMatch(t, append(append([]job.ID{others, waiting}, done[2:]...), cancelled[3:]...), left)
		require.Equal(t, 1, trash.times(done[0]))
		require.Zero(t, trash.times(done[2]))
	})
}

func TestDeletedJobsArtifactsAreSweptTwiceAndAfterErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trash := &bin{fail: 1}
		s := start(t, func(o *app.Options) { o.RemoveArtifacts = trash.remove })
		id := s.create("ada").ID
		var state *job.StateError
		require.ErrorAs(t, s.client.Delete(t.Context(), id, "ada"), &state)
		require.Equal(t, "delete", state.Wanted)
		_, err := s.client.Cancel(t.Context(), id, "ada", "")
		require.NoError(t, err)
		require.NoError(t, s.client.Delete(t.Context(), id, "ada"))
		time.Sleep(time.Second)
		require.Zero(t, trash.times(id))
		time.Sleep(time.Minute)
		require.Equal(t, 1, trash.times(id))
		time.Sleep(15 * time.Minute)
		require.Equal(t, 2, trash.times(id), "what a late worker wrote is removed as well")
		time.Sleep(24 * time.Hour)
		require.Equal(t, 2, trash.times(id))
	})
}

func TestIdempotencyKeyLivesADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		in := statusclient.CreateInput{Owner: "ada", Request: ask(job.Video), IdempotencyKey: "k"}
		first, err := s.client.Create(t.Context(), in)
		require.NoError(t, err)
		_, err = s.client.Cancel(t.Context(), first.Job.ID, "", "")
		require.NoError(t, err)
		time.Sleep(24*time.Hour - time.Second)
		again, err := s.client.Create(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, first.Job.ID, again.Job.ID)
		time.Sleep(time.Second)
		fresh, err := s.client.Create(t.Context(), in)
		require.NoError(t, err)
		require.NotEqual(t, first.Job.ID, fresh.Job.ID)
	})
}

func TestMetricsAndHealth(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	s := start(t, func(o *app.Options) { o.Registerer = reg })
	sess, _ := s.session("w")
	id := s.create("ada").ID
	s.create("ada")
	_, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, failure("source", false, true))
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP studycast_jobs Jobs in the store.
# TYPE studycast_jobs gauge
studycast_jobs{kind="audio",state="cancelled"} 0
studycast_jobs{kind="audio",state="failed"} 0
studycast_jobs{kind="audio",state="parked"} 0
studycast_jobs{kind="audio",state="queued"} 0
studycast_jobs{kind="audio",state="retrying"} 0
studycast_jobs{kind="audio",state="running"} 0
studycast_jobs{kind="audio",state="scheduled"} 0
studycast_jobs{kind="audio",state="succeeded"} 0
studycast_jobs{kind="video",state="cancelled"} 0
studycast_jobs{kind="video",state="failed"} 1
studycast_jobs{kind="video",state="parked"} 0
studycast_jobs{kind="video",state="queued"} 1
studycast_jobs{kind="video",state="retrying"} 0
studycast_jobs{kind="video",state="running"} 0
studycast_jobs{kind="video",state="scheduled"} 0
studycast_jobs{kind="video",state="succeeded"} 0
# HELP studycast_worker_sessions Open worker sessions.
# TYPE studycast_worker_sessions gauge
studycast_worker_sessions{kind="audio"} 0
studycast_worker_sessions{kind="video"} 1
# HELP studycast_attempts_rescued_total Attempts taken from workers that were lost.
# TYPE studycast_attempts_rescued_total counter
studycast_attempts_rescued_total{kind="audio"} 0
studycast_attempts_rescued_total{kind="video"} 0
`), "studycast_jobs", "studycast_worker_sessions", "studycast_attempts_rescued_total"))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
	families, err := reg.Gather()
	require.NoError(t, err)
	series := 0
	for _, f := range families {
		series += len(f.GetMetric())
	}
	require.Less(t, series, 1000)

	require.NoError(t, s.app.Ready())
	h := healthv1.NewHealthClient(s.conn)
	resp, err := h.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "studycast.status.v1.StatusService"})
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, resp.GetStatus())
	s.stop()
	require.Error(t, s.app.Ready())
	left, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range left {
		require.NotContains(t, f.GetName(), "studycast_")
	}
}

func TestTwoServicesInOneProcess(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	one := start(t, func(o *app.Options) { o.Registerer = prometheus.WrapRegistererWithPrefix("one_", reg) })
	two := start(t, func(o *app.Options) { o.Registerer = prometheus.WrapRegistererWithPrefix("two_", reg) })
	id := one.create("ada").ID
	_, err := two.client.Get(t.Context(), id, "")
	require.ErrorIs(t, err, job.ErrNotFound)
}

func TestBadOptionsAreRefused(t *testing.T) {
	t.Parallel()
	lis := bufconn.Listen(1)
	cases := []struct {
		name, says string
		o          app.Options
	}{
		{"no listener", "no listener", app.Options{StoreURL: "sqlite:x.db"}},
		{"unknown store", "use sqlite", app.Options{StoreURL: "mysql://x", Listener: lis}},
		{"no path", "not the address of a file", app.Options{StoreURL: "sqlite:", Listener: lis}},
		{"host", "not the address of a file", app.Options{StoreURL: "sqlite://host/x.db", Listener: lis}},
		{"option", "not the address of a file", app.Options{StoreURL: "sqlite:x.db?cache=on", Listener: lis}},
		{"policy", "attempt timeout", app.Options{StoreURL: "sqlite:x.db", Listener: lis, Policies: job.Policies{
			job.Video: {}, job.Audio: {},
		}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := app.New(t.Context(), c.o)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestDrainEndsWatchersAndKeepsSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	sess, _ := s.session("w")
	id := s.create("ada").ID
	s.grant(sess, id)
	ended := make(chan error, 1)
	watching := make(chan struct{})
	go func() {
		for _, err := range s.client.WatchJob(context.Background(), id, "", 0) {
			if err != nil {
				ended <- err
				return
			}
			close(watching)
		}
		ended <- nil
	}()
	<-watching
	s.halt()
	require.ErrorIs(t, <-ended, job.ErrUnavailable)
	s = startOn(t, s.path)
	s.state(id, job.Running)
}
