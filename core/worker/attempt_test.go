package worker_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient/statustest"
	"github.com/studycast/studycast/core/worker"
)

func TestSuccess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		r = newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			require.Equal(t, job.ID("j1"), a.Job.ID)
			require.Equal(t, "Leaves are green.", a.Job.Request.Source.Text)
			require.Len(t, r.attemptDirs(), 1)
			a.Progress("script", 10)
			time.Sleep(3 * time.Second)
			a.Progress("encode", 60)
			time.Sleep(4 * time.Second)
			a.Cache.Put("k", []byte("kept"))
			f, err := write(a, "video.mp4", "film")
			return worker.Result{Title: "Leaves", Files: []worker.File{f}, Notes: []string{"offline"}}, err
		}).run()
		r.submit("j1")
		j := r.until("j1", job.Succeeded)
		r.idle()

		require.Equal(t, "Leaves", j.Title)
		require.Equal(t, []string{"offline"}, j.Notes)
		require.Len(t, j.Artifacts, 1)
		require.Equal(t, "jobs/j1/1/video.mp4", j.Artifacts[0].Key)
		f, err := r.store.Open(context.Background(), j.Artifacts[0].Key)
		require.NoError(t, err)
		content, err := io.ReadAll(f)
		require.NoError(t, errors.Join(err, f.Close()))
		require.Equal(t, "film", string(content))
		require.Equal(t, f.Info.SHA256, j.Artifacts[0].SHA256)

		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all(), "the delivery is settled last")
		require.Zero(t, r.depth().InFlight)
		require.Empty(t, r.attemptDirs())
		_, err = r.store.Open(context.Background(), artifact.StageKey("j1", "k"))
		require.ErrorIs(t, err, artifact.ErrNotFound, "kept stages go when no attempt will come")
		require.Contains(t, r.status.Reports(), statustest.Report{JobID: "j1", Attempt: 1, Stage: "encode", Percent: 60})
		r.requireMetric("attempts_total", `
# HELP studycast_worker_attempts_total Attempts that ended.
# TYPE studycast_worker_attempts_total counter
studycast_worker_attempts_total{fault="none",kind="video",outcome="succeeded"} 1`)
		r.requireMetric("slots", `
# HELP studycast_worker_slots Slots for attempts.
# TYPE studycast_worker_slots gauge
studycast_worker_slots{kind="video",state="busy"} 0
studycast_worker_slots{kind="video",state="free"} 1`)
		requireSum(t, r, "studycast_worker_stage_seconds", "script", 3)
		requireSum(t, r, "studycast_worker_stage_seconds", "encode", 4)
		requireSum(t, r, "studycast_worker_attempt_seconds", "succeeded", 7)
		requireSum(t, r, "studycast_worker_enqueue_to_start_seconds", "", 0)
	})
}

// requireSum finds the histogram with a label of this value.
func requireSum(t *testing.T, r *rig, name, label string, want float64) {
	t.Helper()
	families, err := r.metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == label || label == "" {
					require.InDelta(t, want, m.GetHistogram().GetSampleSum(), .001, "%s %s", name, label)
					return
				}
			}
		}
	}
	t.Fatalf("no metric %s %s", name, label)
}

// TestFaults is the table of what follows from whose fault it was.
func TestFaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		kind   fault.Kind
		says   string // the text that the user reads
		events []string
	}{
		"request": {
			fault.Invalid("source.url", "is not an address"), fault.Request, "source.url: is not an address",
			[]string{"finish j1", "ack j1"},
		},
		"source": {
			fault.New(fault.Source, "the site is down"), fault.Source, "the site is down",
			[]string{"finish j1", "retry j1", "finish j1", "dead j1"},
		},
		"dependency": {
			fault.At("narrate", fault.New(fault.Dependency, "no voice")), fault.Dependency, "no voice",
			[]string{"finish j1", "retry j1", "finish j1", "dead j1"},
		},
		"internal": {
			errors.New("who said that"), fault.Internal, "on our side",
			[]string{"finish j1", "retry j1", "finish j1", "dead j1"},
		},
		"poison": {
			fault.New(fault.Poison, "unknown option"), fault.Poison, "unknown option",
			[]string{"finish j1", "dead j1"},
		},
		"unknown kind": {
			fault.New("weird", "odd"), fault.Internal, "odd",
			[]string{"finish j1", "retry j1", "finish j1", "dead j1"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
					a.Progress("script", 1)
					return worker.Result{}, c.err
				})
				r.status.Retries = 1
				r.run().submit("j1")
				j := r.until("j1", job.Failed)
				r.idle()
				require.Equal(t, c.events, r.driver.all())
				require.Equal(t, string(c.kind), j.Fault.Kind)
				require.Contains(t, j.Fault.Text, c.says)
				require.NotEmpty(t, j.Fault.Stage)
				require.False(t, j.Fault.At.IsZero())
				letters := r.letters()
				if !c.kind.DeadLetters() {
					require.Empty(t, letters, "operators are not paged for a typo")
					return
				}
				require.Len(t, letters, 1)
				h := letters[0].Headers
				require.Equal(t, string(c.kind), h[driver.HeaderDeadFault])
				require.Contains(t, h[driver.HeaderDeadReason], c.says)
				require.Equal(t, j.Fault.Stage, h[driver.HeaderDeadStage])
				require.NotEmpty(t, h[driver.HeaderDeadAttempt])
			})
		})
	}
}

func TestFaultsOwnDelayAndExactRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var starts []time.Time
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			starts = append(starts, time.Now())
			switch len(starts) {
			case 1:
				return worker.Result{}, fault.New(fault.Source, "busy").After(17 * time.Second)
			case 2:
				return worker.Result{}, fault.New(fault.Internal, "oops")
			}
			return worker.Result{}, nil
		}).run()
		r.submit("j1")
		j := r.until("j1", job.Succeeded)
		require.Equal(t, 3, j.Attempt)
		for i, want := range []time.Duration{17 * time.Second, 5 * time.Second} {
			waited := starts[i+1].Sub(starts[i])
			require.GreaterOrEqual(t, waited, want, "no earlier than its delay")
			require.Less(t, waited, want+time.Second, "and within a second after it")
		}
	})
}

func TestPanicAndGoexitAreInternalFaults(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("kaboom") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
					end()
					return worker.Result{}, nil
				})
				r.status.Retries = 0
				r.run().submit("j1")
				j := r.until("j1", job.Failed)
				require.Equal(t, string(fault.Internal), j.Fault.Kind)
				require.NotContains(t, j.Fault.Text, "kaboom", "users don't read our panics")
				if name == "panic" {
					require.Contains(t, j.Fault.Cause, "kaboom")
					require.Contains(t, j.Fault.Cause, "attempt_test.go", "the stack says where")
				}
				r.submit("j2")
				r.until("j2", job.Failed)
			})
		})
	}
}

func TestTimeoutStopsTheWork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		began := time.Now()
		r := newRig(t, func(ctx context.Context, a *worker.Attempt) (worker.Result, error) {
			a.Progress("encode", 50)
			<-ctx.Done()
			return worker.Result{}, ctx.Err()
		})
		r.status.Retries, r.status.Timeout = 0, 3*time.Minute
		r.run().submit("j1")
		j := r.until("j1", job.Failed)
		require.Equal(t, 3*time.Minute, time.Since(began).Round(time.Second))
		require.Equal(t, string(fault.Internal), j.Fault.Kind)
		require.Equal(t, "encode", j.Fault.Stage)
		require.Contains(t, j.Fault.Text, "limit of 3m0s")
		require.Empty(t, r.attemptDirs())
	})
}

func TestHandlerThatIgnoresItsContextIsAbandoned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		r := newRig(t, func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			if a.Job.ID == "stuck" {
				<-free
				a.Progress("late", 99)
			}
			return worker.Result{}, nil
		})
		r.status.Retries, r.status.Timeout = 0, time.Minute
		began := time.Now()
		r.run().submit("stuck", "next")
		r.until("stuck", job.Failed)
		require.Equal(t, 65*time.Second, time.Since(began).Round(time.Second))
		r.until("next", job.Succeeded)
		require.Len(t, r.attemptDirs(), 1, "somebody may still write there")
		close(free)
		r.idle()
		require.Empty(t, r.attemptDirs())
		for _, rep := range r.status.Reports() {
			require.NotEqual(t, "late", rep.Stage, "an attempt that ended reports nothing")
		}
		r.requireMetric("handlers_abandoned_total", `
# HELP studycast_worker_handlers_abandoned_total Handlers that ignored the end of their context.
# TYPE studycast_worker_handlers_abandoned_total counter
studycast_worker_handlers_abandoned_total{kind="video"} 1`)
	})
}
