//go:build linux

package faults

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// Aims of the product.
const (
	orphanAim  = 3 * time.Second  // orphans of a killed process run again
	vanishAim  = 15 * time.Second // the same when its machine is silent
	restartAim = 3 * time.Second  // a program that was started again serves
	// reconnectAim is the longest pause between two tries to reach the broker.
	reconnectAim = 10 * time.Second
)

// TestPrograms kills programs while the broker and the database stay.
func TestPrograms(t *testing.T) {
	t.Parallel()
	r := newRig(t, local.Options{VideoWorkers: 2})
	r.scenario(t, "gateway killed -9 between its requests", gatewayKilled)
	r.scenario(t, "gateway killed after create, before publish", gatewayFalls("after-create-before-publish"))
	r.scenario(t, "gateway killed after publish, before confirm", gatewayFalls("after-publish-before-confirm"))
	r.scenario(t, "status service killed -9 under load", statusKilled)
	r.scenario(t, "one worker killed -9", oneWorkerKilled)
	r.scenario(t, "all workers killed -9 at once", allWorkersKilled)
	r.scenario(t, "worker killed at every failpoint", workerFalls)
	r.scenario(t, "jobs that kill every worker (5, 11)", poison)
	r.scenario(t, "worker terminated, jobs within and beyond its grace (19)", drained)
}

// gatewayKilled loses answers: clients ask again with the same key.
func gatewayKilled(s *scenario) {
	gateway := s.one(local.Gateway, 0)
	f := s.submit(job.Video, 300, 100, labels{"lab-sleep": "20ms"})
	for _, n := range []int{40, 90, 150, 220} {
		f.reaches(n)
		kill(s.T, gateway)
		at := time.Now()
		start(s.T, gateway)
		f.reaches(n + 10)
		s.slowest(time.Since(at), restartAim)
	}
	s.account(once)
}

// gatewayFalls: the job is stored, and the client has no answer. Nobody but
// the relay can publish it.
func gatewayFalls(place string) func(s *scenario) {
	return func(s *scenario) {
		gateway := s.one(local.Gateway, 0)
		restart(s.T, gateway, failpoint(place, 20))
		f := s.submit(job.Video, 200, 100, labels{"lab-sleep": "20ms"})
		fell(s.T, gateway)
		at := time.Now()
		gateway.SetEnv(failpoint("", 0))
		start(s.T, gateway)
		f.reaches(100)
		s.slowest(time.Since(at), 2*restartAim)
		s.account(once)
	}
}

// statusKilled: every session comes back to the new process, no job restarts.
func statusKilled(s *scenario) {
	status := s.one(local.Status, 0)
	f := s.submit(job.Video, 300, 60, labels{"lab-sleep": "200ms"})
	for _, n := range []int{60, 130, 200} {
		f.reaches(n)
		kill(s.T, status)
		at := time.Now()
		start(s.T, status)
		f.goesOn(10)
		s.slowest(time.Since(at), restartAim)
	}
	s.account(once)
}

func oneWorkerKilled(s *scenario) {
	worker := s.one(local.VideoWorker, 0)
	f := s.submit(job.Video, 200, 0, labels{"lab-sleep": "300ms"})
	s.running(30)
	orphans, at := s.killAtWork(worker)
	s.recovered(s.again(orphans, at), orphanAim)
	start(s.T, worker)
	f.end()
	s.account(succeeded(1))
}

func allWorkersKilled(s *scenario) {
	workers := s.Programs(local.VideoWorker)
	f := s.submit(job.Video, 200, 0, labels{"lab-sleep": "300ms"})
	s.running(30)
	orphans, _ := s.killAtWork(workers...)
	f.end()
	at := time.Now()
	start(s.T, workers...)
	s.recovered(s.again(orphans, at), orphanAim)
	s.account(succeeded(1))
}

// workerFailpoints are the places at which a worker's death is most
// instructive: between any two of its promises.
var workerFailpoints = []string{
	"after-consume", "after-start", "after-publish-artifacts", "before-finish", "after-finish-before-settle",
	"after-retry-publish-before-ack", "after-dead-publish-before-ack", // (10)
}

// workerFalls: most jobs fail once, some always, so that every place is
// passed. A job that is lost and fails by itself spends both.
func workerFalls(s *scenario) {
	worker := s.one(local.VideoWorker, 0)
	batch := load.Options{Jobs: 50, Rate: 25, Kinds: []job.Kind{job.Video}, Labels: func(i int) map[string]string {
		if i%5 == 0 {
			return labels{"lab-fail": "99", "lab-sleep": "20ms", "always": "yes"}
		}
		return labels{"lab-fail": "1", "lab-sleep": "20ms"}
	}}
	for _, place := range workerFailpoints {
		stop(s.T, worker)
		worker.SetEnv(failpoint(place, 5))
		require.NoError(s, worker.Start(s.Context()))
		for late := time.Now().Add(patience); worker.Running() && time.Now().Before(late); {
			s.load(batch).end()
		}
		fell(s.T, worker)
		worker.SetEnv(failpoint("", 0))
		start(s.T, worker)
	}
	jobs := s.account(labelled("always", failed("internal", 4), succeeded(3)))
	s.requireLetters(jobs)
}

// poison: jobs that only ever crash are given up after their attempts, long
// before the broker's own limit, and leave a dead letter. What runs beside
// them may be lost with its worker and still ends well.
func poison(s *scenario) {
	f := s.load(load.Options{Jobs: 200, Rate: 30, Kinds: []job.Kind{job.Video}, Labels: func(i int) map[string]string {
		switch i {
		case 20, 60:
			return labels{"lab-crash": "99", "lab-sleep": "300ms", "poison": "yes"}
		case 100: // crashes in two attempts, then goes the way of retries
			return labels{"lab-crash": "2", "lab-fail": "99", "lab-sleep": "300ms", "poison": "yes"}
		}
		return labels{"lab-sleep": "10ms"}
	}})
	stop := s.nurse(s.Programs(local.VideoWorker)...)
	f.end()
	jobs := s.jobs()
	stop()
	s.account(labelled("poison", failed("internal", 4), succeeded(3)))
	s.requireLetters(jobs)
}

// nurse starts programs again whenever they end, until stop.
func (s *scenario) nurse(programs ...*local.Program) (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	var running sync.WaitGroup
	for _, p := range programs {
		running.Go(func() {
			for ctx.Err() == nil {
				_ = p.Wait(ctx) // however it ended
				if ctx.Err() != nil {
					return
				}
				if err := p.Start(ctx); err != nil {
					s.Errorf("start %s again: %v", p.Name(), err)
					return
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// drained: a worker that is asked to end finishes what takes less than its
// grace, and gives back the rest, which costs the job nothing.
func drained(s *scenario) {
	worker := s.one(local.VideoWorker, 0)
	f := s.load(load.Options{Jobs: 200, Rate: 50, Kinds: []job.Kind{job.Video}, Labels: func(i int) map[string]string {
		switch i % 20 {
		case 0:
			return labels{"lab-sleep": "1s"}
		case 10:
			return labels{"lab-sleep": "6s", "beyond": "yes"}
		}
		return labels{"lab-sleep": "20ms"}
	}})
	eventually(s.T, "the worker has no long job", func() bool { return s.holds(worker, "beyond") })
	stop(s.T, worker)
	given := s.orphansOf(worker.PID())
	require.Empty(s, given, "a worker that ends in order writes down every end")
	start(s.T, worker)
	f.end()
	jobs := s.account(succeeded(0))
	back := 0
	for _, j := range jobs {
		for _, m := range j.History {
			if m.From == job.Running && m.To == job.Queued {
				back++
				require.NotContains(s, strings.ToLower(m.Why), "lost")
			}
		}
	}
	require.Positive(s, back, "no job was given back")
	s.row.note = "given back: " + plural(back, "job")
}

// holds reports whether a worker runs a job with a label.
func (s *scenario) holds(worker *local.Program, label string) bool {
	s.Helper()
	for o := range s.orphansOf(worker.PID()) {
		j, err := s.status.Get(s.Context(), o.id, "")
		if err == nil && j.Request.Labels[label] != "" {
			return true
		}
	}
	return false
}
