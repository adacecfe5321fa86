package app_test

import (
	"context"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/worker"
)

// runs counts what a worker's handler did.
type runs struct {
	mu        sync.Mutex
	started   map[job.ID]int
	succeeded map[job.ID]int
}

func (r *runs) of(id job.ID) (started, succeeded int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started[id], r.succeeded[id]
}

// work runs a worker whose handler fails for good in the first deaths attempts
// of a job.
func (w *world) work(deaths int) (*runs, func()) {
	w.t.Helper()
	return w.workOn(func(a *worker.Attempt) error {
		if a.Number <= deaths {
			return fault.New(fault.Poison, "It can't be made.")
		}
		return nil
	})
}

// workOn runs a worker whose handler ends as it is told.
func (w *world) workOn(end func(*worker.Attempt) error) (*runs, func()) {
	w.t.Helper()
	r := &runs{started: map[job.ID]int{}, succeeded: map[job.ID]int{}}
	artifacts, err := dirstore.Open(w.t.TempDir())
	require.NoError(w.t, err)
	wk, err := worker.New(worker.Options{
		Kind: job.Audio, Broker: w.broker, Status: w.status, Artifacts: artifacts, Slots: 16, ScratchDir: w.t.TempDir(),
		DrainGrace: time.Second,
		Handler: worker.HandlerFunc(func(_ context.Context, a *worker.Attempt) (worker.Result, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.started[a.Job.ID]++
			if err := end(a); err != nil {
				return worker.Result{}, err
			}
			r.succeeded[a.Job.ID]++
			return worker.Result{Title: "A title"}, nil
		}),
	})
	require.NoError(w.t, err)
	return r, goRun(w.t, wk.Run)
}
