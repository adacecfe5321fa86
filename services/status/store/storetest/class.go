package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// class is students who ask for the same few lessons, change their minds, try
// again and tidy up, with a relay, a broker, workers that get lost and a store of
// artifacts around them. After every deed the rows must make sense, and what is
// given to a student must be there.
type class struct {
	t       *testing.T
	ctx     context.Context
	rand    *rand.Rand
	s       store.Store
	l       *ledger.Ledger
	clock   *clock
	jobs    map[job.ID]string // owners
	queue   []parcel
	workers []*pupil
	granted map[grant]bool
	files   map[string]bool // keys: folder/attempt
	seen    map[string]int  // what happened how often: a class in which nothing meets tests nothing
}

// pupil is a worker.
type pupil struct {
	session job.SessionID
	stream  int64
	held    []grant
}

const (
	classDeeds    = 400
	classOwners   = 5
	classLessons  = 2
	classFinished = time.Minute
)

func classes(t *testing.T, b *bench) {
	seen := map[string]int{}
	for _, seed := range seeds(t, 2) {
		s := b.open(t)
		c := newClass(t, s, rand.New(rand.NewPCG(seed, 1)))
		for range classDeeds {
			c.deed()
			c.check()
		}
		c.settle()
		c.clear()
		require.NoError(t, s.Close(), "seed %d", seed)
		for what, n := range c.seen {
			seen[what] += n
		}
	}
	for _, what := range []string{"joined", "given", "inherited", "rejoined", "lost", "parked"} {
		require.Positive(t, seen[what], "%s: %v", what, seen)
	}
}

func newClass(t *testing.T, s store.Store, r *rand.Rand) *class {
	c := &clock{now: epoch}
	return &class{
		t: t, ctx: context.Background(), rand: r, s: s, clock: c,
		l: ledger.New(ledger.Options{
			Store: s, Policies: job.DefaultPolicies(), Clock: c,
			Sharing: ledger.Sharing{Underway: true, Finished: classFinished},
		}),
		jobs: map[job.ID]string{}, granted: map[grant]bool{}, files: map[string]bool{}, seen: map[string]int{},
	}
}

func (c *class) ok(err error) {
	c.t.Helper()
	require.NoError(c.t, err)
}

func (c *class) deed() {
	deeds := []func(){
		c.ask, c.ask, c.ask, c.cancel, c.cancel, c.retry, c.remove, c.relay, c.relay, c.start, c.start, c.start,
		c.remove, c.finish, c.finish, c.finish, c.finish, c.finish, c.start, c.relay, c.renew, c.lose, c.goodbye, c.wait, c.sweep, c.again, c.die, c.unpark,
	}
	deeds[c.rand.IntN(len(deeds))]()
}

func (c *class) ask() {
	owner := fmt.Sprint("owner", c.rand.IntN(classOwners))
	req := job.Request{Kind: job.Video, Source: job.Source{URL: fmt.Sprint("https://example.org/", c.rand.IntN(classLessons))}}
	out, err := c.l.Create(c.ctx, ledger.Input{Owner: owner, Request: req})
	c.ok(err)
	c.jobs[out.Job.ID] = owner
	switch row := c.row(out.Job.ID); {
	case row.Leader != "":
		c.seen["joined"]++
		for id, r := range c.rows() {
			twice := r.Owner == owner && id != row.ID && (r.Leader == row.Leader || id == row.Leader)
			require.False(c.t, twice, "%s shares it already", owner)
		}
	case row.State == job.Succeeded:
		c.seen["given"]++
		require.WithinDuration(c.t, c.clock.Now(), row.FinishedAt, classFinished)
	}
	c.publish(out.Entry)
}

// publish may die before the broker has the message, or before the confirm.
func (c *class) publish(e *ledger.Entry) {
	luck := c.rand.IntN(4)
	if e == nil || luck == 0 {
		return
	}
	c.queue = append(c.queue, parcel{e.JobID, e.Attempt})
	if luck > 1 {
		c.ok(c.l.Confirm(c.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
	}
}

func (c *class) some(states ...job.State) job.ID {
	var ids []job.ID
	for id, r := range c.rows() {
		if slices.Contains(states, r.State) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return ids[c.rand.IntN(len(ids))]
}

func (c *class) rows() map[job.ID]store.Row {
	c.t.Helper()
	rows := map[job.ID]store.Row{}
	c.ok(c.s.View(c.ctx, func(rd store.Reader) error {
		all, err := rd.Jobs(store.Filter{Limit: 100_000})
		for _, r := range all {
			rows[r.ID] = r
		}
		return err
	}))
	require.Len(c.t, rows, len(c.jobs))
	return rows
}

func (c *class) row(id job.ID) store.Row {
	c.t.Helper()
	r, ok := c.rows()[id]
	require.True(c.t, ok)
	return r
}

func (c *class) cancel() {
	id := c.some(job.Queued, job.Running, job.Retrying, job.Parked)
	if id == "" {
		return
	}
	row := c.row(id)
	_, err := c.l.Cancel(c.ctx, id, c.jobs[id], "")
	c.ok(err)
	require.Equal(c.t, job.Cancelled, c.row(id).State)
	if row.Followers > 0 {
		c.seen["inherited"]++
	}
}

func (c *class) retry() {
	id := c.some(job.Failed, job.Cancelled)
	if id == "" {
		return
	}
	_, e, err := c.l.Retry(c.ctx, id, c.jobs[id], "")
	c.ok(err)
	if c.row(id).Leader != "" {
		c.seen["rejoined"]++
		require.Nil(c.t, e)
	}
	c.publish(e)
}

func (c *class) remove() {
	id := c.some(job.Succeeded, job.Failed, job.Cancelled)
	if id == "" {
		return
	}
	c.ok(c.l.Delete(c.ctx, id, c.jobs[id]))
	delete(c.jobs, id)
}

func (c *class) unpark() { c.ok(c.l.Unpark(c.ctx)) }

func (c *class) relay() {
	entries, err := c.l.Claim(c.ctx, 3)
	c.ok(err)
	for i := range entries {
		c.publish(&entries[i])
	}
}
