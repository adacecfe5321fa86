package app_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/app"
)

func TestGaugesOfQueuesAndWorkers(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	s := start(t, func(o *app.Options) { o.Registerer = reg })
	ends, _ := s.sessionOfKind("ends", job.Audio)
	s.sessionOfKind("works", job.Audio)
	s.session("waits")
	_, err := s.client.DrainWorker(t.Context(), string(ends.ID()), "ada", "r")
	require.NoError(t, err)
	s.pause(videos)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP studycast_status_queue_paused 1 while no worker may begin a job of the queue.
# TYPE studycast_status_queue_paused gauge
studycast_status_queue_paused{queue="audio-generation"} 0
studycast_status_queue_paused{queue="video-generation"} 1
# HELP studycast_status_workers Open worker sessions by what they do.
# TYPE studycast_status_workers gauge
studycast_status_workers{kind="audio",state="draining"} 1
studycast_status_workers{kind="audio",state="paused"} 0
studycast_status_workers{kind="audio",state="silent"} 0
studycast_status_workers{kind="audio",state="working"} 1
studycast_status_workers{kind="video",state="draining"} 0
studycast_status_workers{kind="video",state="paused"} 1
studycast_status_workers{kind="video",state="silent"} 0
studycast_status_workers{kind="video",state="working"} 0
`), "studycast_status_queue_paused", "studycast_status_workers"))
}

// What autoscaling reads: jobs that run and jobs that wait for a slot, but for
// those of a paused queue.
func TestDemandOfWorkers(t *testing.T) {
	t.Parallel()
	for paused, want := range map[bool]float64{false: 3, true: 1} {
		reg := prometheus.NewRegistry()
		s := start(t, func(o *app.Options) { o.Registerer = reg })
		sess, _ := s.session("works")
		s.grant(sess, s.create("ada").ID)
		s.create("ada")
		s.create("ben")
		if paused {
			s.pause(videos)
		}
		require.Equal(t, want, demanded(t, reg), "paused: %t", paused)
	}
}

func demanded(t *testing.T, reg *prometheus.Registry) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "studycast_worker_demand_jobs" {
			return f.GetMetric()[1].GetGauge().GetValue() // video, after audio
		}
	}
	require.Fail(t, "no demand")
	return 0
}

// Every transaction is measured until the store is closed.
func TestCallsToTheStoreAreMeasured(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	s := start(t, func(o *app.Options) { o.Registerer = reg })
	s.create("ada")
	took := map[string]uint64{}
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "studycast_store_call_seconds" {
				took[m.GetLabel()[0].GetValue()] = m.GetHistogram().GetSampleCount()
			}
		}
	}
	require.Positive(t, took["update"])
	require.Positive(t, took["view"])
}
