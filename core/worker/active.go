package worker

import (
	"context"
	"sync"

	"github.com/studycast/studycast/core/job"
)

// active knows the jobs that this process is busy with. A job is claimed
// before its attempt is asked for: a command about the attempt may arrive, on
// the session's stream, before the answer that grants it.
type active struct {
	mu   sync.Mutex
	jobs map[job.ID]*claim
}

// claim is one job in the hands of one delivery.
type claim struct {
	id   job.ID
	done chan struct{} // closed when the delivery let go of the job

	run    *run // nil until granted; guarded by active.mu, as what follows
	cancel context.CancelCauseFunc
	early  map[int]error // commands for attempts not granted yet
}

func newActive() *active { return &active{jobs: map[job.ID]*claim{}} }

// claim takes the job, or returns the claim of the delivery that has it.
func (a *active) claim(id job.ID) (mine, other *claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.jobs[id]; c != nil {
		return nil, c
	}
	c := &claim{id: id, done: make(chan struct{}), early: map[int]error{}}
	a.jobs[id] = c
	return c, nil
}

// release lets go of the job.
func (a *active) release(c *claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.jobs, c.id)
	close(c.done)
}

// begin tells which attempt was granted and how it is stopped, and stops it at
// once if the command for that came first.
func (a *active) begin(c *claim, r *run, cancel context.CancelCauseFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c.run, c.cancel = r, cancel
	if why := c.early[r.a.Number]; why != nil {
		cancel(why)
	}
}

// stop ends an attempt that runs here; any other is none of our business.
func (a *active) stop(id job.ID, attempt int, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.jobs[id]
	switch {
	case c == nil:
	case c.run == nil:
		c.early[attempt] = why
	case c.run.a.Number == attempt:
		c.cancel(why)
	}
}

// runs lists the attempts at work.
func (a *active) runs() []*run {
	a.mu.Lock()
	defer a.mu.Unlock()
	var rs []*run
	for _, c := range a.jobs {
		if c.run != nil {
			rs = append(rs, c.run)
		}
	}
	return rs
}
