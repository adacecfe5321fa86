package limit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

const (
	// maxAge is how long a count is used. What ended since then makes it too
	// high, which only costs another count; what other gateways accepted makes
	// it too low, which is why it is short.
	maxAge = 2 * time.Second
	// retryJobs is when a caller at the limit may try again: about how soon a
	// lesson ends.
	retryJobs = 10 * time.Second
)

// Counter counts jobs; statusclient.Client is one.
type Counter interface {
	Count(ctx context.Context, owner string, states []job.State) (int, error)
}

// Jobs limits the jobs of each owner that are not final. It is safe for
// concurrent use; a nil *Jobs limits nothing.
//
// The status service counts, so what was accepted before a restart or by
// another gateway counts too. Between two counts a gateway adds up what it
// accepts itself: alone it never lets one job too many through, however many
// are sent at once. Each further gateway may let as many more through as it
// accepts within 2 s of its own count, at most the limit.
type Jobs struct {
	settings Settings
	status   Counter
	now      now

	mu     sync.Mutex
	owners *simplelru.LRU[string, *count]
}

// count is what is known about an owner.
type count struct {
	users   int // calls that hold it; guarded by Jobs.mu
	pending int // jobs admitted that may not be stored yet; guarded by Jobs.mu

	turn chan struct{} // held by who looks at or changes the rest
	jobs int           // not more than these are in flight, unless another gateway accepted some
	at   time.Time     // when the status service said so
}

// NewJobs returns a Jobs, nil when s limits no jobs. A nil clock is the
// system's.
func NewJobs(s Settings, status Counter, clock func() time.Time) *Jobs {
	if s.JobsInFlight <= 0 {
		return nil
	}
	if clock == nil {
		clock = time.Now
	}
	owners, _ := simplelru.NewLRU[string, *count](maxOwners, nil) // it fails for sizes below 1
	return &Jobs{settings: s, status: status, now: clock, owners: owners}
}

// Admit makes room for one more job of the caller, or returns a *problem.Error
// that names the limit. The caller calls stored once the job is stored or will
// never be.
func (j *Jobs) Admit(ctx context.Context, me caller.Identity) (stored func(), err error) {
	if j == nil {
		return func() {}, nil
	}
	most := j.settings.of(me, j.settings.JobsInFlight)
	if most == 0 {
		return func() {}, nil
	}
	came := j.now()
	c := j.use(me.Owner, came)
	if err := j.admit(ctx, me.Owner, c, most, came); err != nil {
		j.leave(c, 0)
		return nil, err
	}
	return func() { j.leave(c, 1) }, nil
}

func (j *Jobs) admit(ctx context.Context, owner string, c *count, most int, came time.Time) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// A full count that was made while this call waited is as new as one of its
	// own: a thousand refused calls make a few counts.
	if came.Sub(c.at) > maxAge || c.jobs >= most && c.at.Before(came) {
		if err := j.recount(ctx, owner, c); err != nil {
			return err
		}
	}
	if c.jobs >= most {
		return ErrFull(most)
	}
	c.jobs++
	j.mu.Lock()
	c.pending++
	j.mu.Unlock()
	return nil
}

// ErrFull is the *problem.Error of an owner who has most jobs in flight.
func ErrFull(most int) error {
	return &problem.Error{
		Status: http.StatusTooManyRequests, Code: problem.TooManyJobs, RetryAfter: retryJobs,
		Detail: fmt.Sprintf("You have %d jobs that are not finished, which is the limit. Wait until one is done, or cancel one that you don't need.", most),
	}
}

// IsFull reports whether err is that of an owner with too many jobs in flight.
func IsFull(err error) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == problem.TooManyJobs
}

// use returns the count of the owner, which stays until leave, and drops those
// of owners that are idle: their age makes them of no use. Two for each call are
// enough to keep up.
func (j *Jobs) use(owner string, at time.Time) *count {
	j.mu.Lock()
	defer j.mu.Unlock()
	for range 2 {
		if idle, c, ok := j.owners.GetOldest(); ok && c.users == 0 && at.Sub(c.at) > maxAge {
			j.owners.Remove(idle)
		}
	}
	c, ok := j.owners.Get(owner)
	if !ok {
		c = &count{turn: make(chan struct{}, 1)}
		j.owners.Add(owner, c)
	}
	c.users++
	return c
}

// Owners is how many owners are remembered.
func (j *Jobs) Owners() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.owners.Len()
}

// leave ends a use, and with stored 1 the wait for a job to be stored.
func (j *Jobs) leave(c *count, stored int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.users--
	c.pending -= stored
}

// inFlight are the states that count.
func inFlight() []job.State {
	var all []job.State
	for _, s := range job.States() {
		if !s.Final() {
			all = append(all, s)
		}
	}
	return all
}

// recount asks the status service. Jobs that are being stored meanwhile are
// counted twice rather than never.
func (j *Jobs) recount(ctx context.Context, owner string, c *count) error {
	j.mu.Lock()
	pending := c.pending
	j.mu.Unlock()
	found, err := j.status.Count(ctx, owner, inFlight())
	if err != nil {
		return err
	}
	c.jobs, c.at = found+pending, j.now()
	return nil
}
