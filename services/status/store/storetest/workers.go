package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// deliver hands a ready message to a worker.
func (w *world) deliver() {
	var ready []int
	for i, m := range w.queue {
		if !m.ready.After(w.clock.Now()) {
			ready = append(ready, i)
		}
	}
	if len(ready) == 0 {
		return
	}
	i := ready[w.pick("message", len(ready))]
	m := w.queue[i]
	w.queue = append(w.queue[:i], w.queue[i+1:]...)
	w.start(m, w.someWorker())
}

func (w *world) start(m message, k *worker) {
	a, err := w.l.Start(w.ctx, k.session, m.j.id, "")
	if errors.Is(err, job.ErrSessionUnknown) {
		w.enqueue(m.j, m.number, 0)
		return
	}
	w.ok(err)
	j := m.j
	switch {
	case a.Granted:
		require.False(w.t, j.gone || j.state.Final(), "a final job is granted")
		require.False(w.t, w.paused[job.Video] || k.drained, "granted in spite of orders: every worker here is one of video")
		require.Equal(w.t, j.attempt+1, a.Job.Attempt)
		require.LessOrEqual(w.t, a.Job.Spent, job.DefaultPolicies()[a.Job.Request.Kind].Retries)
		j.state, j.attempt = job.Running, a.Job.Attempt
		k.held = append(k.held, delivery{j, a.Job.Attempt, m.number})
	case a.Wait != nil:
		require.Positive(w.t, a.Wait.Delay)
		require.False(w.t, j.gone || j.state.Final())
		w.enqueue(j, m.number, a.Wait.Delay)
	case a.Bury != nil:
		require.False(w.t, j.gone)
		j.state = job.Failed
		w.bury(j, m.number)
	default:
		require.NotEmpty(w.t, a.Drop)
		require.True(w.t, j.gone || j.state.Final() || j.state == job.Parked, "a live job is dropped: %s", a.Drop)
		require.False(w.t, j.owes, "a job that owes a dead letter is dropped")
	}
}

// finish ends an attempt. The worker may die before it settles the delivery.
func (w *world) finish() {
	k := w.someWorker()
	if len(k.held) == 0 {
		return
	}
	d := k.held[w.pick("delivery", len(k.held))]
	k.drop(d)
	o := w.outcome(d)
	v, err := w.l.Finish(w.ctx, d.j.id, d.attempt, o)
	w.ok(err)
	again, err := w.l.Finish(w.ctx, d.j.id, d.attempt, o)
	w.ok(err)
	require.Equal(w.t, v, again, "the second finish has another verdict")
	w.learn(d, o, v)
	if w.pick("dies before settling", 4) == 0 {
		w.enqueue(d.j, d.number, 0)
		return
	}
	switch v.Action {
	case job.Retry:
		w.enqueue(d.j, d.attempt+1, v.After)
	case job.Release:
		w.enqueue(d.j, d.number, 0)
	case job.Dead:
		w.bury(d.j, d.number)
	}
}

func (w *world) outcome(d delivery) job.Outcome {
	fail := func(kind string, retryable, dead bool, delay time.Duration) job.Outcome {
		return job.Outcome{Failed: &job.Failure{
			Fault: job.Fault{Kind: kind, Text: "broke"}, Retryable: retryable, DeadLetter: dead, Delay: delay,
		}}
	}
	switch w.pick("outcome", 8) {
	case 0, 1:
		return job.Outcome{Succeeded: &job.Success{Title: fmt.Sprint("attempt ", d.attempt)}}
	case 2:
		return fail("internal", true, true, 0)
	case 3:
		return fail("source", true, true, time.Duration(w.pick("delay", 120))*time.Second)
	case 4:
		return fail("request", false, false, 0)
	case 5:
		return fail("poison", false, true, 0)
	case 6:
		return outage(fault.Dependencies()[w.pick("dependency", len(fault.Dependencies()))])
	default:
		return job.Outcome{Released: "drain"}
	}
}

// learn takes from a verdict what the job must be now.
func (w *world) learn(d delivery, o job.Outcome, v job.Verdict) {
	j := d.j
	current := !j.gone && !j.state.Final() && d.attempt == j.attempt
	if v.Reason == "superseded" || v.Reason == "cancelled" || v.Reason == "deleted" {
		require.Equal(w.t, job.Ack, v.Action)
		require.False(w.t, current && j.state == job.Running && o.Succeeded != nil && !w.released(j),
			"finished work was thrown away")
		return
	}
	require.True(w.t, current, "an outcome of attempt %d was accepted, the latest is %d of a %s job", d.attempt, j.attempt, j.state)
	switch {
	case o.Succeeded != nil:
		require.Empty(w.t, j.title, "two results")
		j.state, j.title = job.Succeeded, o.Succeeded.Title
	case v.Action == job.Release:
		j.state = job.Queued
	case o.Failed.Dependency != "":
		require.Equal(w.t, job.Ack, v.Action)
		j.state = job.Parked
	case v.Action == job.Retry, v.Action == job.Ack && o.Failed.Retryable && o.Failed.Delay > time.Minute:
		j.state = job.Retrying
	default:
		require.Equal(w.t, o.Failed.DeadLetter, v.Action == job.Dead)
		j.state, j.owes = job.Failed, v.Action == job.Dead
	}
}

// released reports whether the job was given back by a goodbye.
func (w *world) released(j *knownJob) bool {
	got, err := w.l.Get(w.ctx, j.id, "")
	w.ok(err)
	return got.History[len(got.History)-1].Why == "its worker ended"
}

// renew also tells progress of what the worker thinks it holds.
func (w *world) renew() {
	k := w.someWorker()
	var reports []ledger.Report
	for _, d := range k.held {
		reports = append(reports, ledger.Report{JobID: d.j.id, Attempt: d.attempt, Stage: "encode", Percent: float64(w.pick("percent", 101))})
	}
	commands, err := w.l.Renew(w.ctx, k.session, k.stream, reports)
	if errors.Is(err, job.ErrSessionUnknown) {
		s, _, err := w.l.Open(w.ctx, ledger.Hello{Worker: "w", Kind: job.Video})
		w.ok(err)
		k.session, k.stream = s.ID, s.Stream
		k.drained = false // the order was for the session that is over
		return
	}
	w.ok(err)
	for _, c := range commands {
		j := w.find(c.JobID)
		require.False(w.t, !j.gone && j.state == job.Running && c.Attempt == j.attempt && !w.released(j),
			"the holder of a job was told to stop")
	}
}

func (w *world) reconnect() {
	k := w.someWorker()
	s, _, err := w.l.Open(w.ctx, ledger.Hello{Session: k.session, Worker: "w", Kind: job.Video})
	if errors.Is(err, job.ErrSessionUnknown) {
		return
	}
	w.ok(err)
	require.Greater(w.t, s.Stream, k.stream)
	w.ok(w.l.Break(w.ctx, k.session, k.stream)) // of the old stream: changes nothing
	k.stream = s.Stream
}

// breakOff breaks the stream; the worker goes on.
func (w *world) breakOff() {
	k := w.someWorker()
	w.ok(w.l.Break(w.ctx, k.session, k.stream))
}

// redeliver is a worker that loses its broker connection and goes on: what it
// works at is handed out a second time.
func (w *world) redeliver() {
	k := w.someWorker()
	for _, d := range k.held {
		w.enqueue(d.j, d.number, 0)
	}
}

// crash ends a worker; the broker hands out again what it held.
func (w *world) crash() {
	k := w.someWorker()
	w.ok(w.l.Break(w.ctx, k.session, k.stream))
	w.dismiss(k)
}

// hang ends a worker without anybody noticing: the broker waits for it for
// ever, so that only the promises bring its jobs back.
func (w *world) hang() {
	k := w.someWorker()
	k.held = nil
	w.dismiss(k)
}

func (w *world) goodbye() {
	k := w.someWorker()
	w.ok(w.l.End(w.ctx, k.session, k.stream))
	if w.pick("broker hears of it", 4) == 0 {
		k.held = nil
	}
	w.dismiss(k)
}

func (w *world) dismiss(k *worker) {
	for _, d := range k.held {
		w.enqueue(d.j, d.number, 0)
	}
	for i, x := range w.workers {
		if x == k {
			w.workers = append(w.workers[:i], w.workers[i+1:]...)
			return
		}
	}
}

// settle ends all trouble: every worker crashes or hangs, then the relay and
// one good worker do their work. Every job must become final (G1) and every dead letter
// be written (G8).
func (w *world) settle() {
	w.resumeAll()
	for len(w.workers) > 0 {
		if w.pick("hangs", 2) == 0 {
			w.hang()
		} else {
			w.crash()
		}
	}
	for range 40 {
		w.clock.advance(20 * time.Second)
		w.rescue()
		w.unpark()
		w.work()
		if w.over() {
			return
		}
	}
	for _, j := range w.jobs {
		if !j.gone {
			got, err := w.l.Get(w.ctx, j.id, "")
			w.ok(err)
			require.True(w.t, got.State.Final(), "a job never ends: %+v", got)
			require.False(w.t, j.owes, "a dead letter is missing: %+v", got)
		}
	}
}

func (w *world) work() {
	entries, err := w.l.Claim(w.ctx, 200)
	w.ok(err)
	for _, e := range entries {
		w.enqueue(w.find(e.JobID), e.Attempt, 0)
		w.ok(w.l.Confirm(w.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
	}
	w.hire()
	k := w.workers[0]
	queue := w.queue
	w.queue = nil
	for _, m := range queue {
		if m.ready.After(w.clock.Now()) {
			w.queue = append(w.queue, m)
			continue
		}
		w.start(m, k)
	}
	for _, d := range append([]delivery(nil), k.held...) {
		o := job.Outcome{Succeeded: &job.Success{Title: "settled"}}
		v, err := w.l.Finish(w.ctx, d.j.id, d.attempt, o)
		w.ok(err)
		w.learn(d, o, v)
	}
	k.held = nil
	w.goodbye()
}

func (w *world) over() bool {
	w.checkAll()
	for _, j := range w.jobs {
		if !j.gone && (!j.state.Final() || j.owes) {
			return false
		}
	}
	return true
}

// steps of one world: long enough for a job to be tried, lost and found again.
const steps = 120

func worldFixed(t *testing.T, b *bench) {
	for _, seed := range seeds(t, 10) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := b.open(t)
		w := newWorld(t, s, func(_ string, n int) int { return r.IntN(n) })
		for range steps {
			w.step()
		}
		w.settle()
		require.NoError(t, s.Close())
	}
}

// randomTime bounds the random worlds where a store is slow to open.
const randomTime = 8 * time.Second

func worldRandom(t *testing.T, b *bench) {
	began, worlds := time.Now(), 0
	defer func() { t.Logf("%d random worlds", worlds) }()
	rapid.Check(t, func(rt *rapid.T) {
		if time.Since(began) > randomTime {
			return
		}
		worlds++
		s := b.open(t)
		defer s.Close() //nolint:errcheck // the case has failed by then
		w := newWorld(rt, s, func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, label) })
		for range rapid.IntRange(1, steps).Draw(rt, "steps") {
			w.step()
		}
		w.settle()
	})
}
