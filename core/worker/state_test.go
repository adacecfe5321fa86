package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
)

func TestState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		working, free := make(chan struct{}), make(chan struct{})
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			a.Progress("draw", 40)
			working <- struct{}{}
			<-free
			return worker.Result{}, nil
		}, func(o *worker.Options) { o.Slots = 2 })
		made := time.Now()
		idle := worker.State{Name: "rig", Kind: job.Video, Slots: 2, StartedAt: made.UTC(), NotReady: "no session at the status service yet"}
		require.Equal(t, idle, r.worker.State())
		r.run()
		r.idle()
		idle.NotReady, idle.Session = "", "session-1"
		require.Equal(t, idle, r.worker.State())

		r.submit("j1")
		<-working
		time.Sleep(time.Second)
		r.submit("j2")
		<-working
		s := r.worker.State()
		require.Len(t, s.Running, 2)
		require.Equal(t, worker.Running{
			Job: "j1", Attempt: 1, Stage: "draw", Percent: 40, StartedAt: made, Deadline: made.Add(5 * time.Minute),
		}, s.Running[0])
		require.Equal(t, job.ID("j2"), s.Running[1].Job)

		r.worker.Drain("new version")
		r.worker.Drain("twice changes nothing")
		s = r.worker.State()
		require.True(t, s.Draining)
		require.Contains(t, s.NotReady, "draining")
		require.Len(t, s.Running, 2, "what runs may finish")
		close(free)
		r.wait()
		require.Empty(t, r.worker.State().Running)
		require.Equal(t, job.Succeeded, r.status.Job("j2").State)
	})
}
