package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// crowd is many users, relays, workers and operators who call at once, through
// one ledger for every store that they were given. What they learn is kept and
// compared with the history of the jobs when they are done.
type crowd struct {
	ctx     context.Context
	clock   *clock
	ledgers []*ledger.Ledger

	mu       sync.Mutex
	errs     []error
	jobs     []job.ID
	gone     map[job.ID]bool
	queue    []parcel // the broker; it loses nothing
	letters  map[string]job.ID
	next     int
	grants   map[grant]job.SessionID
	lives    map[job.SessionID][]span
	asked    map[string]bool // reasons of retries that were answered: whether they were done
	replayed map[string]int  // letters by how often a replay of them was answered well
	won      map[job.ID][]int
}

// parcel is a message in the broker.
type parcel struct {
	id     job.ID
	number int
}

type grant struct {
	id      job.ID
	attempt int
}

// span is a time in which a session was alive for certain.
type span struct{ from, to time.Time }

// Sizes of a crowd: enough for everything to meet everything else.
const (
	crowdWorkers = 4
	crowdUsers   = 3
	crowdDeeds   = 60 // of each of them
)

// Crowd lets a crowd loose on replicas of one store, for fixed and random seeds.
func Crowd(t *testing.T, open func(t testing.TB) []store.Store) {
	for _, seed := range seeds(t, 3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			stores := open(t)
			c := newCrowd(stores)
			stop := c.watch(stores[0])
			var wg sync.WaitGroup
			for i := range crowdWorkers + crowdUsers + 2 {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				m := &member{crowd: c, rand: r, l: c.ledgers[i%len(c.ledgers)]}
				live := m.use
				if i < crowdWorkers {
					live = m.work
				} else if i >= crowdWorkers+crowdUsers {
					live = m.operate
				}
				wg.Go(func() {
					for range crowdDeeds {
						live()
					}
					m.leave()
				})
			}
			wg.Wait()
			stop()
			require.NoError(t, errors.Join(c.errs...))
			c.checkPromises(t, stores[0])
			c.checkHistory(t)
			c.settle(t)
		})
	}
}

func newCrowd(stores []store.Store) *crowd {
	c := &crowd{
		ctx: context.Background(), clock: &clock{now: epoch},
		gone: map[job.ID]bool{}, letters: map[string]job.ID{}, grants: map[grant]job.SessionID{},
		lives: map[job.SessionID][]span{}, asked: map[string]bool{}, replayed: map[string]int{}, won: map[job.ID][]int{},
	}
	for _, s := range stores {
		c.ledgers = append(c.ledgers, ledger.New(ledger.Options{Store: s, Policies: job.DefaultPolicies(), Clock: c.clock}))
	}
	return c
}

// note keeps what was learned.
func (c *crowd) note(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
}

// fail keeps an error that nobody may meet. Those that are part of the game are
// let pass.
func (c *crowd) fail(what string, err error, allowed ...error) {
	var state *job.StateError
	if err == nil || errors.As(err, &state) || errors.Is(err, job.ErrNotFound) {
		return
	}
	if slices.ContainsFunc(allowed, func(a error) bool { return errors.Is(err, a) }) {
		return
	}
	c.note(func() { c.errs = append(c.errs, fmt.Errorf("%s: %w", what, err)) })
}

func (c *crowd) put(p parcel) { c.note(func() { c.queue = append(c.queue, p) }) }

// take removes a message from the broker.
func (c *crowd) take(r *rand.Rand) (p parcel, ok bool) {
	c.note(func() {
		if ok = len(c.queue) > 0; ok {
			i := r.IntN(len(c.queue))
			p = c.queue[i]
			c.queue = slices.Delete(c.queue, i, i+1)
		}
	})
	return p, ok
}

// name makes a text that nobody else has.
func (c *crowd) name(kind string) (s string) {
	c.note(func() {
		c.next++
		s = fmt.Sprint(kind, c.next)
	})
	return s
}

func (c *crowd) someJob(r *rand.Rand) (id job.ID) {
	c.note(func() {
		if len(c.jobs) > 0 {
			id = c.jobs[r.IntN(len(c.jobs))]
		}
	})
	return id
}

// alive notes that a session was heard of at a time by the clock.
func (c *crowd) alive(id job.SessionID, at time.Time) {
	now := c.clock.Now()
	c.note(func() { c.lives[id] = append(c.lives[id], span{now, at.Add(decide.Lease)}) })
}

// dead cuts what was certain of a session.
func (c *crowd) dead(id job.SessionID) {
	now := c.clock.Now()
	c.note(func() {
		for i := range c.lives[id] {
			s := &c.lives[id][i]
			if s.to.After(now) {
				s.to = now
			}
		}
	})
}
