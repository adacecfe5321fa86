package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
)

func done(context.Context, *worker.Attempt) (worker.Result, error) { return worker.Result{}, nil }

// TestPauseGivesBackWhatCameWithIt: the status service grants nothing as soon as
// the queue is paused, which a worker may hear a moment later.
func TestPauseGivesBackWhatCameWithIt(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{"job": nil, "poison": []byte("no message")} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, done)
				asked := make(chan struct{}, 100)
				r.status.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
					asked <- struct{}{}
					return statusclient.StartAnswer{Wait: &statusclient.Wait{Delay: time.Second, Why: "the queue is paused"}}, nil, true
				}
				r.run()
				r.status.Add("j1", "ada", request)
				if body == nil {
					r.publish("j1")
				} else {
					r.publishBody("j1", body)
				}
				<-asked
				r.status.Command(statusclient.CommandPause, "", 0)
				time.Sleep(time.Minute)
				require.Equal(t, []string{"release j1"}, r.driver.all(), "back to the queue, once")
				require.Equal(t, 1, r.depth().Ready)
				require.Zero(t, r.status.Job("j1").Attempt, "nothing was spent")
			})
		})
	}
}

// TestPauseTakesNothingThatWaitsForASlot: what the broker handed out before the
// pause is not begun after it.
func TestPauseTakesNothingThatWaitsForASlot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		r.driver.lose(t) // its delivery comes again and waits for the slot
		r.idle()
		r.status.Command(statusclient.CommandPause, "", 0)
		r.idle()
		r.status.Change("j1", func(j *job.Job) { j.State = job.Queued })
		r.status.Command(statusclient.CommandSuperseded, "j1", 1)
		time.Sleep(time.Minute)
		require.Empty(t, working)
		require.Equal(t, 1, r.status.Job("j1").Attempt)
		r.status.Command(statusclient.CommandResume, "", 0)
		require.Equal(t, job.ID("j1"), <-working)
		cancelJob(r, "j1", 2)
	})
}

// TestReadyAfterAPause: the consumer of before the pause, which waits for its
// attempt, says nothing of the one after it.
func TestReadyAfterAPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h, func(o *worker.Options) { o.Slots = 2 }).run()
		r.submit("j1")
		<-working
		r.status.Command(statusclient.CommandPause, "", 0)
		r.idle()
		require.NoError(t, r.worker.Ready())
		require.Len(t, r.worker.State().Running, 1, "what runs goes on")
		r.status.Command(statusclient.CommandResume, "", 0)
		r.idle()
		require.NoError(t, r.worker.Ready())
		require.Empty(t, r.worker.State().NotReady)
		r.submit("j2")
		require.Equal(t, job.ID("j2"), <-working)
		cancelJob(r, "j1", 1)
		cancelJob(r, "j2", 1)
	})
}

// TestDrainWhilePaused ends the worker, and gives back nothing twice.
func TestDrainWhilePaused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h, func(o *worker.Options) { o.DrainGrace = 10 * time.Second }).run()
		r.submit("j1", "j2")
		<-working
		r.status.Command(statusclient.CommandPause, "", 0)
		r.idle()
		began := time.Now()
		r.status.Command(statusclient.CommandDrain, "", 0)
		r.wait()
		require.Equal(t, 10*time.Second, time.Since(began).Round(time.Second), "what runs has the grace")
		require.Equal(t, []string{"finish j1", "release j1"}, onlyOf(r.driver.all(), "j1"))
		require.Equal(t, job.Queued, r.status.Job("j2").State)
	})
}
