package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/statusclient/statustest"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/core/worker"
)

// counting is a handler that succeeds and counts its calls.
func counting() (worker.HandlerFunc, *atomic.Int32) {
	var calls atomic.Int32
	return func(context.Context, *worker.Attempt) (worker.Result, error) {
		calls.Add(1)
		return worker.Result{}, nil
	}, &calls
}

func TestFinishAnswerLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, calls := counting()
		r := newRig(t, h)
		lost := 2
		r.status.AfterFinish = func(statustest.Finish) error {
			if lost--; lost >= 0 {
				return job.ErrUnavailable
			}
			return nil
		}
		r.run().submit("j1")
		r.until("j1", job.Succeeded)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"finish j1", "finish j1", "finish j1", "ack j1"}, r.driver.all(),
			"not settled before the answer")
		require.EqualValues(t, 1, calls.Load())
		fs := r.status.Finishes()
		require.Equal(t, fs[0].Outcome, fs[2].Outcome)
		r.requireRetries("finish", 2)
	})
}

func TestStartAnswerLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, calls := counting()
		r := newRig(t, h)
		lost := 3
		r.status.AfterStart = func(job.ID) error {
			if lost--; lost >= 0 {
				return job.ErrUnavailable
			}
			return nil
		}
		r.run().submit("j1")
		require.Equal(t, 1, r.until("j1", job.Succeeded).Attempt, "the attempt that was granted is granted again")
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestStatusServiceDownAtFinishIsNoFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		r = newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			r.status.Down()
			return worker.Result{Title: "kept"}, nil
		}).run()
		r.submit("j1")
		time.Sleep(20 * time.Minute)
		require.Equal(t, job.Running, r.status.Job("j1").State)
		require.Empty(t, r.driver.all())
		r.status.Up()
		require.Equal(t, "kept", r.until("j1", job.Succeeded).Title)
		r.idle()
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
	})
}

func TestSessionLostAndReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		r = newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			r.status.ForgetSessions()
			return worker.Result{}, nil
		}).run()
		r.submit("j1")
		r.until("j1", job.Succeeded)
		r.idle()
		fs := r.status.Finishes()
		require.Equal(t, job.SessionID("session-2"), fs[len(fs)-1].Session)
		require.Equal(t, []string{"", "session-1", ""}, r.status.Hellos())
		r.submit("j2")
		r.until("j2", job.Succeeded)
	})
}

func TestFinishRefusedGivesTheDeliveryBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _ := counting()
		r := newRig(t, h)
		r.status.OnFinish = func(statustest.Finish) error {
			r.status.Change("j1", func(j *job.Job) { j.State = job.Cancelled })
			return job.ErrNotFound
		}
		r.run().submit("j1")
		r.until("j1", job.Cancelled)
		r.idle()
		require.Equal(t, []string{"release j1", "ack j1"}, r.driver.all())
	})
}

func TestSettlingIsRepeatedUntilDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, calls := counting()
		r := newRig(t, h).run()
		r.driver.failNext(broker.ErrUnavailable, errDown, broker.ErrOutcomeUnknown)
		r.submit("j1")
		r.until("j1", job.Succeeded)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
		require.EqualValues(t, 1, calls.Load())
		r.requireRetries("ack", 3)
	})
}

func TestLostDeliveryIsNotSettledAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, calls := counting()
		r := newRig(t, h, func(o *worker.Options) { o.Slots = 2 }).run()
		r.driver.failNext(broker.ErrLost)
		r.submit("j1")
		r.until("j1", job.Succeeded)
		r.publish("j1") // the redelivered copy
		r.idle()
		require.Equal(t, []string{"finish j1", "ack j1"}, r.driver.all())
		require.EqualValues(t, 1, calls.Load())
	})
}

// TestDelayThatTheBrokerCannotHold: its levels come from another configuration.
func TestDelayThatTheBrokerCannotHold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := 0
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			if calls++; calls == 1 {
				return worker.Result{}, errDown
			}
			return worker.Result{}, nil
		})
		r.driver.failNext(broker.ErrInvalid)
		began := time.Now()
		r.run().submit("j1")
		require.Equal(t, 2, r.until("j1", job.Succeeded).Attempt)
		require.Equal(t, r.status.Backoff, time.Since(began), "not early, and not late")
		r.idle()
		require.Equal(t, []string{"finish j1", "retry j1", "finish j1", "ack j1"}, r.driver.all())
	})
}

func TestSecondCopyWaitsForTheFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls, asked atomic.Int32
		r := newRig(t, func(context.Context, *worker.Attempt) (worker.Result, error) {
			calls.Add(1)
			time.Sleep(10 * time.Second)
			return worker.Result{}, nil
		}, func(o *worker.Options) { o.Slots = 2 })
		r.status.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
			asked.Add(1)
			return statusclient.StartAnswer{}, nil, false
		}
		r.run().submit("j1")
		r.publish("j1")
		r.until("j1", job.Succeeded)
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, calls.Load())
		require.EqualValues(t, 2, asked.Load(), "the copy asks only when the first is through")
		require.Equal(t, []string{"retry j1", "finish j1", "ack j1", "ack j1"}, r.driver.all())
		require.Zero(t, r.depth().Dead)
	})
}

func TestAnswersOfStart(t *testing.T) {
	t.Parallel()
	wait := func(d time.Duration) statusclient.StartAnswer {
		return statusclient.StartAnswer{Wait: &statusclient.Wait{Delay: d, Why: "later"}}
	}
	for name, c := range map[string]struct {
		answers []statusclient.StartAnswer // before the server decides by itself
		events  []string
		took    time.Duration
	}{
		"drop":               {[]statusclient.StartAnswer{{Drop: "already cancelled"}}, []string{"ack j1"}, 0},
		"bury":               {[]statusclient.StartAnswer{{Bury: &job.Fault{Kind: "internal", Text: "lost", Cause: "four times"}}}, []string{"dead j1"}, 0},
		"short wait":         {[]statusclient.StartAnswer{wait(time.Second), wait(2 * time.Second)}, []string{"finish j1", "ack j1"}, 3 * time.Second},
		"wait of no time":    {[]statusclient.StartAnswer{wait(0)}, []string{"finish j1", "ack j1"}, 0},
		"long wait":          {[]statusclient.StartAnswer{wait(8 * time.Second)}, []string{"retry j1", "finish j1", "ack j1"}, 8 * time.Second},
		"many short waits":   {slices.Repeat([]statusclient.StartAnswer{wait(2 * time.Second)}, 2), []string{"retry j1", "finish j1", "ack j1"}, 4 * time.Second},
		"answer of tomorrow": {[]statusclient.StartAnswer{{}}, []string{"finish j1", "ack j1"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h, _ := counting()
				r := newRig(t, h)
				answers := c.answers
				r.status.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
					if len(answers) == 0 {
						return statusclient.StartAnswer{}, nil, false
					}
					a := answers[0]
					answers = answers[1:]
					return a, nil, true
				}
				began := time.Now()
				var took time.Duration
				r.status.OnFinish = func(statustest.Finish) error {
					took = time.Since(began)
					return nil
				}
				r.run().submit("j1")
				time.Sleep(time.Minute)
				require.Equal(t, c.events, r.driver.all())
				require.GreaterOrEqual(t, took, c.took)
				require.Less(t, took, c.took+time.Second)
				if name == "bury" {
					require.Contains(t, r.letters()[0].Headers[driver.HeaderDeadReason], "four times")
				}
			})
		})
	}
}

func TestDrainInterruptsAWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _ := counting()
		r := newRig(t, h)
		asked := make(chan struct{}, 10)
		r.status.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
			asked <- struct{}{}
			return statusclient.StartAnswer{}, job.ErrUnavailable, true
		}
		r.run().submit("j1")
		<-asked
		began := time.Now()
		r.end()
		r.wait()
		require.Less(t, time.Since(began), time.Second)
		require.Equal(t, []string{"release j1"}, r.driver.all())
	})
}

func TestStartRefusedForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _ := counting()
		r := newRig(t, h)
		r.status.OnStart = func(job.ID) (statusclient.StartAnswer, error, bool) {
			return statusclient.StartAnswer{}, &job.InvalidError{Fields: []job.FieldError{{Path: "job_id", Message: "is no id"}}}, true
		}
		r.run().submit("j1")
		r.idle()
		require.Equal(t, []string{"dead j1"}, r.driver.all())
	})
}

func TestUnreadableMessages(t *testing.T) {
	t.Parallel()
	audio, err := wire.EncodeMessage("j1", "ada", job.Request{Kind: job.Audio, Source: job.Source{URL: "u"}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		body  []byte
		known bool
	}{
		"garbage":                {[]byte("\xff\xfe\x00"), true},
		"empty":                  {nil, true},
		"another queue's":        {audio, true},
		"garbage of no known id": {[]byte("\xff"), false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h, calls := counting()
				r := newRig(t, h).run()
				if c.known {
					r.status.Add("j1", "ada", request)
				}
				r.publishBody("j1", c.body)
				r.idle()
				require.Zero(t, calls.Load())
				letters := r.letters()
				require.Len(t, letters, 1)
				require.Equal(t, string(fault.Poison), letters[0].Headers[driver.HeaderDeadFault])
				require.Equal(t, len(c.body), len(letters[0].Body), "a dead letter keeps its bytes")
				if c.known {
					require.Equal(t, job.Failed, r.status.Job("j1").State, "and its job does not wait for ever")
				}
			})
		})
	}
}

func TestScratchOfADeadProcessIsSwept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h, _ := counting()
		r := newRig(t, h)
		dead := filepath.Join(r.scratch, "run-123", "attempt-9")
		require.NoError(t, os.MkdirAll(dead, 0o700))
		r.run()
		r.idle()
		require.NoDirExists(t, dead)
	})
}

func TestFailpointsInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r *rig
		h, _ := counting()
		r = newRig(t, h, func(o *worker.Options) { o.Failpoint = func(name string) { r.driver.log(name) } }).run()
		r.submit("j1")
		r.until("j1", job.Succeeded)
		r.idle()
		require.Equal(t, []string{
			worker.FailAfterConsume, worker.FailAfterStart, worker.FailAfterPublishArtifacts, worker.FailBeforeFinish,
			"finish j1", worker.FailAfterFinishBeforeSettle, "ack j1",
		}, r.driver.all())
	})
}
