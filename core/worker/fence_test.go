package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/worker"
)

// TestFrozenWorkerComesBackTooLate is SIGSTOP for 45 s: the session and the
// delivery are lost meanwhile, and another worker runs the job.
func TestFrozenWorkerComesBackTooLate(t *testing.T) {
	t.Parallel()
	for name, finishes := range map[string]bool{
		"and is told before it is done": false,
		"and is done before it is told": true,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				working, thaw, stopped := make(chan struct{}), make(chan struct{}), make(chan error, 1)
				r := newRig(t, func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
					close(working)
					<-thaw
					if !finishes {
						<-ctx.Done()
					}
					stopped <- context.Cause(ctx)
					f, err := write(a, "video.mp4", "late")
					return worker.Result{Files: []worker.File{f}}, err
				}).run()
				r.submit("j1")
				<-working
				r.status.Down()
				r.driver.lose(t)
				r.status.ForgetSessions()
				r.status.Change("j1", func(j *job.Job) { j.Attempt = 2 })
				time.Sleep(45 * time.Second)
				r.status.Up()
				close(thaw)
				if !finishes {
					r.status.Until(t, "a new session", func() bool { h := r.status.Hellos(); return h[len(h)-1] == "" && len(h) > 1 })
					r.status.Command(statusclient.CommandSuperseded, "j1", 1)
					require.ErrorContains(t, <-stopped, "does not hold its job")
				}
				r.status.Until(t, "the late finish", func() bool { return len(r.status.Finishes()) > 0 })
				r.idle()
				require.Equal(t, "superseded", r.status.Finishes()[0].Verdict.Reason)
				require.Equal(t, job.Running, r.status.Job("j1").State, "the newer attempt goes on")
				require.Empty(t, r.attemptDirs())
				_, err := r.store.Open(t.Context(), artifact.JobKey("j1", 1, "video.mp4"))
				require.ErrorIs(t, err, artifact.ErrNotFound, "what nobody will see is not kept")
				require.NotContains(t, r.driver.all(), "ack j1", "the lost delivery is not settled")
			})
		})
	}
}

// TestBrokerLostInTheMiddle: the attempt goes on, the copy waits for it, and
// the queue does not wait behind it.
func TestBrokerLostInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls atomic.Int32
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			calls.Add(1)
			time.Sleep(time.Minute)
			return worker.Result{}, nil
		}).run()
		r.submit("j1")
		r.until("j1", job.Running)
		for range 12 { // more than RabbitMQ's delivery limit
			r.driver.lose(t)
			time.Sleep(time.Second)
		}
		r.submit("j2")
		time.Sleep(10 * time.Second)
		require.Contains(t, r.driver.all(), "retry j2", "a free worker could have it")
		require.Equal(t, 1, r.until("j1", job.Succeeded).Attempt)
		require.Equal(t, 1, r.until("j2", job.Succeeded).Attempt)
		time.Sleep(time.Minute)
		require.EqualValues(t, 2, calls.Load())
		events := r.driver.all()
		require.NotContains(t, events, "release j1", "the broker would count it")
		require.NotContains(t, events, "release j2", "the broker would count it")
		left := r.depth()
		require.Zero(t, left.Ready+left.InFlight+left.Delayed+left.Dead, "the copy is dropped in the end")
	})
}

// TestWornMessageGoesRound: RabbitMQ buries what came back too often, whatever
// the reason.
func TestWornMessageGoesRound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		count int
		event string
	}{
		"fresh": {4, "release j1"},
		"worn":  {5, "retry j1"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h, working, _ := untilStopped()
				r := newRig(t, h, func(o *worker.Options) { o.DrainGrace = time.Second })
				r.driver.count = c.count
				r.run().submit("j1")
				<-working
				r.end()
				r.wait()
				require.Equal(t, []string{"finish j1", c.event}, r.driver.all())
				require.Zero(t, r.status.Job("j1").Spent)
				require.Equal(t, 1, r.depth().Ready+r.depth().Delayed, "it is there for the next worker")
			})
		})
	}
}

// TestStatusServiceAwayInTheMiddle: 30 s are longer than a lease.
func TestStatusServiceAwayInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			for percent := range 60 {
				select {
				case <-time.After(time.Second):
					a.Progress("draw", float64(percent))
				case <-ctx.Done():
					return worker.Result{}, context.Cause(ctx)
				}
			}
			return worker.Result{Title: "kept"}, nil
		}).run()
		r.submit("j1")
		time.Sleep(10 * time.Second)
		r.status.Down()
		time.Sleep(30 * time.Second)
		require.ErrorContains(t, r.worker.Ready(), "broken")
		r.status.Up()
		j := r.until("j1", job.Succeeded)
		r.idle()
		require.Equal(t, "kept", j.Title)
		require.Equal(t, 1, j.Attempt)
		require.Equal(t, []string{"", "session-1"}, r.status.Hellos(), "it comes back under its old id")
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
		require.NoError(t, r.worker.Ready())
	})
}

func TestFullDiskIsAnInternalFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls atomic.Int32
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			if calls.Add(1) > 1 {
				return worker.Result{}, nil
			}
			return worker.Result{}, os.WriteFile("/dev/full", []byte("x"), 0o600)
		}).run()
		r.submit("j1")
		j := r.until("j1", job.Retrying)
		require.Equal(t, "internal", j.Fault.Kind)
		require.Contains(t, j.Fault.Text, "disk of the machine")
		require.Contains(t, j.Fault.Cause, "no space left")
		require.Equal(t, 2, r.until("j1", job.Succeeded).Attempt)
	})
}

// TestSweptScratchIsMadeAgain: a cleaner of temp folders must not make a worker
// that fails every job it takes.
func TestSweptScratchIsMadeAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			f, err := write(a, "video.mp4", "made")
			return worker.Result{Files: []worker.File{f}}, err
		}).run()
		r.idle()
		folders, err := filepath.Glob(filepath.Join(r.scratch, "run-*[0-9]"))
		require.NoError(t, err)
		require.Len(t, folders, 1)
		require.NoError(t, os.RemoveAll(folders[0]))
		r.submit("j1")
		require.Equal(t, 1, r.until("j1", job.Succeeded).Attempt)
	})
}
