package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
)

// untilStopped is a handler that works until its context ends and tells both.
func untilStopped() (h worker.HandlerFunc, working chan job.ID, stopped chan error) {
	working, stopped = make(chan job.ID, 10), make(chan error, 10)
	return func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
		working <- a.Job.ID
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return worker.Result{}, ctx.Err()
	}, working, stopped
}

func cancelJob(r *rig, id job.ID, attempt int) {
	r.status.Change(id, func(j *job.Job) { j.State = job.Cancelled })
	r.status.Command(statusclient.CommandCancel, id, attempt)
}

func TestCancelStopsTheAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, stopped := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		began := time.Now()
		cancelJob(r, "j1", 1)
		require.ErrorContains(t, <-stopped, "cancelled")
		require.Less(t, time.Since(began), time.Second)
		r.idle()
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
		require.Equal(t, job.Cancelled, r.status.Job("j1").State)
		require.Empty(t, r.attemptDirs())
	})
}

// TestCancelBeforeTheAnswer: the command travels on another stream than the
// grant, and may be faster.
func TestCancelBeforeTheAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _, stopped := untilStopped()
		r := newRig(t, h)
		r.status.AfterStart = func(id job.ID) error {
			cancelJob(r, id, 1)
			time.Sleep(time.Second) // the command overtakes the answer
			return nil
		}
		r.run().submit("j1")
		require.ErrorContains(t, <-stopped, "cancelled")
	})
}

func TestCommandForAnotherAttemptIsIgnored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, stopped := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		r.status.Command(statusclient.CommandCancel, "j1", 7)
		r.status.Command(statusclient.CommandSuperseded, "other", 1)
		r.idle()
		require.Empty(t, stopped)
		r.status.Command(statusclient.CommandSuperseded, "j1", 1)
		require.ErrorContains(t, <-stopped, "does not hold its job")
	})
}

func TestSupersededAttemptWritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		r.status.Change("j1", func(j *job.Job) { j.Attempt = 2 })
		r.status.Command(statusclient.CommandSuperseded, "j1", 1)
		r.idle()
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
		require.Equal(t, job.Running, r.status.Job("j1").State, "the newer attempt goes on")
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		work, grace time.Duration
		state       job.State
		events      []string
		took        time.Duration
	}{
		"shorter than the grace": {10 * time.Second, 20 * time.Second, job.Succeeded, []string{"finish j1", "ack j1"}, 10 * time.Second},
		"longer than the grace":  {time.Minute, 20 * time.Second, job.Queued, []string{"finish j1", "release j1"}, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				working := make(chan struct{})
				r := newRig(t, func(ctx context.Context, _ *worker.Attempt) (worker.Result, error) {
					close(working)
					select {
					case <-time.After(c.work):
						return worker.Result{}, nil
					case <-ctx.Done():
						return worker.Result{}, ctx.Err()
					}
				}, func(o *worker.Options) { o.DrainGrace = c.grace }).run()
				r.submit("j1", "waits")
				<-working
				began := time.Now()
				r.end()
				r.idle()
				require.ErrorContains(t, r.worker.Ready(), "draining")
				r.wait()
				require.Equal(t, c.took, time.Since(began).Round(time.Second))
				j := r.status.Job("j1")
				require.Equal(t, c.state, j.State)
				require.Zero(t, j.Spent, "a drain spends nothing")
				require.Equal(t, job.Queued, r.status.Job("waits").State, "nothing new is begun")
				require.Equal(t, c.events, onlyOf(r.driver.all(), "j1"))
				_, goodbye := r.status.Beats("session-1")
				require.True(t, goodbye)
			})
		})
	}
}

func onlyOf(events []string, id string) []string {
	var own []string
	for _, e := range events {
		if len(e) > len(id) && e[len(e)-len(id):] == id {
			own = append(own, e)
		}
	}
	return own
}

func TestDrainEndsAHandlerThatIgnoresIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free, working := make(chan struct{}), make(chan struct{})
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			close(working)
			<-free
			return worker.Result{}, nil
		}, func(o *worker.Options) { o.DrainGrace = time.Second }).run()
		r.submit("j1")
		<-working
		began := time.Now()
		r.end()
		r.wait()
		require.LessOrEqual(t, time.Since(began), 11*time.Second)
		require.Equal(t, job.Queued, r.status.Job("j1").State)
		close(free)
	})
}

func TestKillStopsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, stopped := untilStopped()
		r := newRig(t, h, func(o *worker.Options) { o.DrainGrace = time.Hour }).run()
		r.submit("j1")
		<-working
		began := time.Now()
		r.end()
		r.idle()
		require.Empty(t, stopped, "the drain lets it run")
		r.worker.Kill()
		r.wait()
		require.ErrorContains(t, <-stopped, "at once")
		require.Less(t, time.Since(began), time.Second)
		require.Equal(t, []string{"finish j1", "release j1"}, r.driver.all())
		require.Zero(t, r.status.Job("j1").Spent)
	})
}

func TestKillWithTheStatusServiceDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		r.status.Down()
		began := time.Now()
		r.worker.Kill()
		r.wait()
		require.LessOrEqual(t, time.Since(began), 6*time.Second)
		require.Equal(t, []string{"release j1"}, r.driver.all(), "the delivery is given back all the same")
	})
}

func TestKillBeforeTheStatusServiceIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _, _ := untilStopped()
		r := newRig(t, h)
		r.status.Down()
		r.run()
		time.Sleep(time.Minute)
		require.ErrorContains(t, r.worker.Ready(), "no session")
		r.worker.Kill()
		r.wait()
	})
}

func TestStatusServiceComesLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) { return worker.Result{}, nil })
		r.status.Down()
		r.run().submit("j1")
		time.Sleep(time.Minute)
		began := time.Now()
		r.status.Up()
		r.until("j1", job.Succeeded)
		require.Less(t, time.Since(began), 2*time.Second)
		require.NoError(t, r.worker.Ready())
	})
}

func TestPauseResumeDrainCommands(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) { return worker.Result{}, nil }).run()
		r.idle()
		require.NoError(t, r.worker.Ready())
		r.status.Command(statusclient.CommandPause, "", 0)
		r.idle()
		require.NoError(t, r.worker.Ready(), "it does what it was told")
		require.Contains(t, r.worker.State().NotReady, "paused")
		r.submit("j1")
		time.Sleep(time.Minute)
		require.Equal(t, job.Queued, r.status.Job("j1").State)
		r.status.Command(statusclient.CommandResume, "", 0)
		r.until("j1", job.Succeeded)
		r.status.Command(statusclient.CommandDrain, "", 0)
		r.wait()
		require.ErrorContains(t, r.worker.Ready(), "started anew")
	})
}

// TestPrefetchIsSlots: a worker holds no delivery that it can't work on.
func TestPrefetchIsSlots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return worker.Result{}, nil
		}, func(o *worker.Options) { o.Slots = 2 }).run()
		r.submit("a", "b", "c", "d", "e")
		r.idle()
		require.Equal(t, 2, r.depth().InFlight)
		require.Equal(t, 3, r.depth().Ready)
		r.requireMetric("slots", `
# HELP studycast_worker_slots Slots for attempts.
# TYPE studycast_worker_slots gauge
studycast_worker_slots{kind="video",state="busy"} 2
studycast_worker_slots{kind="video",state="free"} 0`)
		for _, id := range []job.ID{"a", "b", "c", "d", "e"} {
			r.until(id, job.Succeeded)
		}
		require.Equal(t, 2, most)
	})
}

func TestResumeWhileAnAttemptRunsKeepsTheSlots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, working, _ := untilStopped()
		r := newRig(t, h).run()
		r.submit("j1")
		<-working
		r.status.Command(statusclient.CommandPause, "", 0)
		r.status.Command(statusclient.CommandResume, "", 0)
		r.submit("j2")
		r.idle()
		require.Empty(t, working, "one slot, one attempt")
		cancelJob(r, "j1", 1)
		require.Equal(t, job.ID("j2"), <-working)
		cancelJob(r, "j2", 1)
	})
}

func TestRunReportsAQueueThatIsNotThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _, _ := untilStopped()
		r := newRig(t, h, func(o *worker.Options) { o.Kind = job.Audio })
		require.ErrorContains(t, r.worker.Run(context.Background()), "audio-generation")
		require.ErrorContains(t, r.worker.Run(context.Background()), "twice")
	})
}

func TestNewChecksItsOptions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _, _ := untilStopped()
		var good worker.Options
		newRig(t, h, func(o *worker.Options) { good = *o })
		for says, breakIt := range map[string]func(*worker.Options){
			"kind":        func(o *worker.Options) { o.Kind = "hologram" },
			"broker":      func(o *worker.Options) { o.Broker = nil },
			"status":      func(o *worker.Options) { o.Status = nil },
			"artifact":    func(o *worker.Options) { o.Artifacts = nil },
			"handler":     func(o *worker.Options) { o.Handler = nil },
			"slots":       func(o *worker.Options) { o.Slots = -1 },
			"drain grace": func(o *worker.Options) { o.DrainGrace = -1 },
		} {
			bad := good
			breakIt(&bad)
			_, err := worker.New(bad)
			require.ErrorContains(t, err, says)
		}
	})
}
