package app_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
	"github.com/studycast/studycast/services/status/app"
)

func outage(dependency string) job.Outcome {
	return job.Outcome{Failed: &job.Failure{
		Fault:     job.Fault{Kind: string(fault.Dependency), Text: "It does not answer.", Stage: "narrate"},
		Retryable: true, DeadLetter: true, Dependency: dependency,
	}}
}

func (s *service) parking() []statusclient.Parking {
	s.t.Helper()
	qs, err := s.client.Queues(s.t.Context())
	require.NoError(s.t, err)
	for _, q := range qs {
		if q.Kind == job.Video {
			return q.Parking
		}
	}
	return nil
}

// TestParkedJobsGoOnByThemselves: one after 5 s, and once that got past what was
// down the others, so many in a second; the service is ended and started anew in
// the meantime.
func TestParkedJobsGoOnByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		s := start(t, func(o *app.Options) { o.Registerer = reg })
		sess, _ := s.session("w")
		for range 3 {
			id := s.create("ada").ID
			v, err := sess.Finish(t.Context(), id, s.grant(sess, id).Attempt, outage(fault.Speech))
			require.NoError(t, err)
			require.Equal(t, job.Ack, v.Action)
			j := s.state(id, job.Parked)
			require.Equal(t, fault.Speech, j.Dependency)
		}
		began := time.Now().UTC()
		require.Equal(t, []statusclient.Parking{{
			Dependency: fault.Speech, Reason: "It does not answer.", Since: began, Jobs: 3, NextTrialAt: began.Add(5 * time.Second),
		}}, s.parking())
		requireMetric(t, reg, "studycast_jobs_parked", `studycast_jobs_parked{dependency="speech",kind="video"} 3`)

		trial := s.claim(t, time.Minute)
		require.Len(t, trial, 1)
		require.WithinDuration(t, began.Add(5*time.Second), time.Now(), time.Second)
		require.Zero(t, s.parking()[0].NextTrialAt, "a job is at it")
		v, err := sess.Finish(t.Context(), trial[0].JobID, s.grant(sess, trial[0].JobID).Attempt, outage(fault.Speech))
		require.NoError(t, err)
		require.Equal(t, job.Ack, v.Action)

		path := s.path
		s.stop()
		s = startOn(t, path, func(o *app.Options) { o.Registerer = reg })
		sess, _ = s.session("w")
		trial = s.claim(t, time.Minute)
		require.Len(t, trial, 1)
		require.WithinDuration(t, began.Add(15*time.Second), time.Now(), 2*time.Second, "5 s, then 10 s")
		g := s.grant(sess, trial[0].JobID)
		sess.Progress(trial[0].JobID, g.Attempt, "draw", 60)
		var flowed []time.Time
		for len(flowed) < 2 {
			for _, e := range s.claim(t, 10*time.Second) {
				flowed = append(flowed, time.Now())
				s.grant(sess, e.JobID)
			}
		}
		require.GreaterOrEqual(t, flowed[1].Sub(flowed[0]), 100*time.Millisecond)
		time.Sleep(time.Second)
		require.Empty(t, s.parking())
		requireMetric(t, reg, "studycast_park_trials_total",
			`studycast_park_trials_total{dependency="speech",outcome="answered"} 1`)
	})
}

// requireMetric looks for one sample.
func requireMetric(t *testing.T, reg *prometheus.Registry, name, sample string) {
	t.Helper()
	n, err := testutil.GatherAndCount(reg, name)
	require.NoError(t, err)
	require.Positive(t, n)
	err = testutil.GatherAndCompare(reg, strings.NewReader("# nothing\n"), name)
	require.ErrorContains(t, err, sample)
}

// voice is a server on an address that can be away.
type voice struct {
	t       *testing.T
	address string
	server  *httptest.Server
	came    atomic.Int64
}

func (v *voice) begin() {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", v.address)
	require.NoError(v.t, err)
	v.address = l.Addr().String()
	v.server = &httptest.Server{Listener: l, Config: &http.Server{
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { v.came.Add(1) }), ReadHeaderTimeout: time.Second,
	}}
	v.server.Start()
}

func (v *voice) ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.address, nil)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fault.Down(fault.Speech, err, "The voice does not answer.")
	}
	return res.Body.Close()
}

// TestRealWorkersParkAndGoOn runs real workers with a breaker before a server
// that is away and comes back: no attempt is spent, no work is done in vain for
// more than a few, and everything is made in the end.
func TestRealWorkersParkAndGoOn(t *testing.T) {
	t.Parallel()
	v := &voice{t: t, address: "127.0.0.1:0"}
	v.begin()
	v.server.Close()
	s := start(t, func(o *app.Options) { o.ParkRate = 50 })
	p := openShop(t, s)
	b := breaker.New(fault.Speech, breaker.Options{})
	var asked atomic.Int64
	files, err := dirstore.Open(t.TempDir())
	require.NoError(t, err)
	w, err := worker.New(worker.Options{
		Kind: job.Video, Broker: p.broker, Status: s.client, Artifacts: files, Slots: 2, ScratchDir: t.TempDir(),
		Handler: worker.HandlerFunc(func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			a.Progress("narrate", 30)
			_, err := breaker.Do(ctx, b, func() (struct{}, error) {
				asked.Add(1)
				return struct{}{}, v.ask(ctx)
			})
			return worker.Result{Title: "t"}, fault.At("narrate", err)
		}),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		require.NoError(t, files.Close())
	})
	var ids []job.ID
	began := time.Now()
	for range 20 {
		ids = append(ids, p.submit(s))
	}
	all := func(want job.State) func() bool {
		return func() bool {
			n, err := s.client.Count(t.Context(), "ada", []job.State{want})
			return err == nil && n == len(ids)
		}
	}
	require.Eventually(t, all(job.Parked), patience, tick)
	trials := int64(time.Since(began) / breaker.DefaultPause)
	require.LessOrEqual(t, asked.Load(), int64(breaker.DefaultTrip+2)+trials, "the others were refused at once")
	v.begin()
	defer v.server.Close()
	require.Eventually(t, all(job.Succeeded), 2*patience, 10*tick)
	for _, id := range ids {
		require.Zero(t, s.get(id).Spent)
	}
	require.EqualValues(t, len(ids), v.came.Load())
	require.Eventually(t, func() bool { return len(s.parking()) == 0 }, patience, tick)
}
