//go:build linux

package streams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/job"
)

const (
	class       = "class" // the owner that many streams follow
	classJobs   = 5
	classShare  = 10 // every tenth stream follows the class
	dialsAtOnce = 64
	// patience says when a wait is stuck, not what is good.
	patience = 2 * time.Minute
)

// crowd are n streams: half follow a job, half all jobs of an owner. Most have
// a job and an owner of their own; every tenth follows those of the class.
type crowd struct {
	followers []*follower
	class     []work
	all       []work
	running   sync.WaitGroup
	gate      chan struct{} // bounds the first dials
	cancel    context.CancelFunc
}

// follower checks what one client sees.
type follower struct {
	*client
	expect []string // jobs that must become final
	owner  bool     // follows all jobs of an owner

	leaveGate func() // lets the next one in; further calls do nothing

	openedAt atomic.Int64 // Unix nanoseconds, the last time
	over     atomic.Bool
	mu       sync.Mutex
	jobs     map[string]event // the last of each
	count    int
	err      error
}

// newCrowd submits what n streams follow. Held jobs do not start.
func newCrowd(t testing.TB, r *rig, n int, held bool) *crowd {
	t.Helper()
	c := &crowd{gate: make(chan struct{}, dialsAtOnce)}
	total := n*(classShare-1)/classShare/2 + classJobs
	sleep := runTime * slots / time.Duration(total)
	c.class = r.submit(t, slices.Repeat([]string{class}, classJobs), held, sleep)
	var owners []string
	for i := range n / 2 {
		if i%classShare != 0 {
			owners = append(owners, fmt.Sprintf("student-%d", i))
		}
	}
	c.all = append(r.submit(t, owners, held, sleep), c.class...)
	for i, own := 0, c.all; i < n/2; i++ {
		if i%classShare == 0 {
			c.follow(t, r, []work{c.class[i/classShare%classJobs]}, false)
			c.follow(t, r, c.class, true)
			continue
		}
		c.follow(t, r, own[:1], false)
		c.follow(t, r, own[:1], true)
		own = own[1:]
	}
	return c
}

func (c *crowd) follow(t testing.TB, r *rig, works []work, owner bool) {
	t.Helper()
	dial, err := dialer(r.URLs.Gateway)
	require.NoError(t, err)
	f := &follower{owner: owner, jobs: map[string]event{}, leaveGate: sync.OnceFunc(func() { <-c.gate })}
	for _, w := range works {
		f.expect = append(f.expect, w.id)
	}
	path := "/v1/events"
	if !owner {
		path = "/v1/jobs/" + works[0].id + "/events"
	}
	f.client = &client{path: path, token: r.token(works[0].owner), dial: dial, on: f.take}
	f.opened = func() {
		f.openedAt.Store(time.Now().UnixNano())
		f.leaveGate()
	}
	c.followers = append(c.followers, f)
}

// connect opens all streams, some at a time, and returns how long that took.
func (c *crowd) connect(t testing.TB) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c.cancel = cancel
	t.Cleanup(c.end)
	began := time.Now()
	for _, f := range c.followers {
		c.gate <- struct{}{}
		c.running.Go(func() {
			err := f.follow(ctx)
			f.leaveGate()
			f.mu.Lock()
			defer f.mu.Unlock()
			f.err = errors.Join(f.err, err)
			f.over.Store(true)
		})
	}
	c.wait(t, "all streams show what there is", func() bool { return c.every((*follower).begun) })
	return time.Since(began)
}

func (c *crowd) end() {
	c.cancel()
	c.running.Wait()
}

// wait waits for a condition.
func (c *crowd) wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	var err error
	require.Eventually(t, func() bool {
		for _, f := range c.followers {
			err = errors.Join(err, f.failure())
		}
		return err != nil || ok()
	}, patience, 20*time.Millisecond, what)
	require.NoError(t, err, what)
}

func (c *crowd) every(ok func(*follower) bool) bool {
	return !slices.ContainsFunc(c.followers, func(f *follower) bool { return !ok(f) })
}

// take checks an event against those before. It ends a stream of an owner when
// all expected jobs are final: that of a job is ended by the server.
func (f *follower) take(e event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.name == "line" && e.id == 0 && !f.owner {
		return f.err == nil // the place of a queued job, no version of it
	}
	before := f.jobs[e.job.ID]
	switch {
	case f.err != nil:
		return false
	case e.name != "job" || !slices.Contains(f.expect, e.job.ID):
		f.err = fmt.Errorf("unexpected event %+v", e)
	case e.job.Version <= before.job.Version || !f.owner && e.id != e.job.Version:
		f.err = fmt.Errorf("event %+v after %+v", e, before)
	case job.State(before.job.State).Final():
		f.err = fmt.Errorf("event %+v after the end %+v", e, before)
	}
	for _, other := range f.jobs {
		if f.err == nil && other.id >= e.id {
			f.err = fmt.Errorf("event %+v after %+v", e, other)
		}
	}
	f.jobs[e.job.ID] = e
	f.count++
	return f.err == nil && (!f.owner || !f.final())
}

func (f *follower) final() bool {
	for _, id := range f.expect {
		if !job.State(f.jobs[id].job.State).Final() {
			return false
		}
	}
	return true
}

// begun reports whether the client has seen all that it follows.
func (f *follower) begun() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.jobs) == len(f.expect)
}

func (f *follower) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *follower) ended() bool { return f.over.Load() }

// arrived returns when a job's end came; zero = not yet.
func (f *follower) arrived(id string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.jobs[id]; job.State(e.job.State).Final() {
		return e.arrived
	}
	return time.Time{}
}

// follows returns those that follow a job.
func (c *crowd) follows(id string) []*follower {
	var found []*follower
	for _, f := range c.followers {
		if slices.Contains(f.expect, id) {
			found = append(found, f)
		}
	}
	return found
}

// finish waits until every stream is over and checks that each saw the end as
// the API tells it.
func (c *crowd) finish(t testing.TB, r *rig) {
	t.Helper()
	c.wait(t, "every stream ends", func() bool { return c.every((*follower).ended) })
	c.running.Wait()
	truth := make([]jobView, len(c.all))
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(calls)
	for i, w := range c.all {
		g.Go(func() error { return r.call(ctx, w.owner, "GET", "/v1/jobs/"+w.id, nil, &truth[i]) })
	}
	require.NoError(t, g.Wait())
	ends := map[string]jobView{}
	for _, j := range truth {
		ends[j.ID] = j
	}
	for _, f := range c.followers {
		require.NoError(t, f.err, "%s", f.path)
		for _, id := range f.expect {
			require.Equal(t, ends[id], f.jobs[id].job, "%s ended with another state", f.path)
		}
	}
}
