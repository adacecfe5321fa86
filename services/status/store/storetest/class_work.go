package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

func (c *class) worker() *pupil {
	if len(c.workers) < 3 {
		s, _, err := c.l.Open(c.ctx, ledger.Hello{Worker: "w", Kind: job.Video, Slots: 1})
		c.ok(err)
		c.workers = append(c.workers, &pupil{session: s.ID, stream: s.Stream})
	}
	return c.workers[c.rand.IntN(len(c.workers))]
}

func (c *class) start() {
	p := c.worker()
	if len(c.queue) == 0 {
		return
	}
	i := c.rand.IntN(len(c.queue))
	m := c.queue[i]
	a, err := c.l.Start(c.ctx, p.session, m.id, "")
	if c.unknown(p, err) || a.Wait != nil {
		return
	}
	c.queue = slices.Delete(c.queue, i, i+1)
	if !a.Granted {
		return
	}
	g := grant{m.id, a.Job.Attempt}
	require.False(c.t, c.granted[g], "attempt %d of %s was granted twice", g.attempt, g.id)
	c.granted[g] = true
	p.held = append(p.held, g)
}

// unknown lets a worker go whose session is over.
func (c *class) unknown(p *pupil, err error) bool {
	if err == nil {
		return false
	}
	require.ErrorIs(c.t, err, job.ErrSessionUnknown)
	c.drop(p)
	return true
}

// drop ends a worker; the broker hands out again what it held.
func (c *class) drop(p *pupil) {
	for _, g := range p.held {
		c.queue = append(c.queue, parcel{g.id, g.attempt})
	}
	c.workers = slices.DeleteFunc(c.workers, func(x *pupil) bool { return x == p })
}

// finish ends an attempt as a worker does; the first answer may get lost.
func (c *class) finish() {
	p := c.worker()
	if len(p.held) == 0 {
		return
	}
	g := p.held[0]
	p.held = p.held[1:]
	o := job.Outcome{Released: "drain"}
	switch c.rand.IntN(6) {
	case 0, 1:
		o = c.made(g)
	case 2:
		o = job.Outcome{Failed: &job.Failure{Fault: job.Fault{Kind: "internal", Text: "broke"}, Retryable: true, DeadLetter: true}}
	case 4:
		o = outage(fault.Script)
	case 3:
		o = job.Outcome{Failed: &job.Failure{Fault: job.Fault{Kind: "poison", Text: "broke"}, DeadLetter: true}}
	}
	if c.rand.IntN(4) == 0 {
		_, err := c.l.Finish(c.ctx, g.id, g.attempt, o)
		c.ok(err)
		for range c.rand.IntN(4) {
			[]func(){c.cancel, c.remove, c.retry, c.ask, c.start, c.sweep}[c.rand.IntN(6)]()
		}
	}
	c.settled(g, o)
}

func key(g grant) string { return fmt.Sprintf("%s/%d", g.id, g.attempt) }

// made publishes the artifacts of an attempt.
func (c *class) made(g grant) job.Outcome {
	c.files[key(g)] = true
	return job.Outcome{Succeeded: &job.Success{Title: key(g), Artifacts: []job.Artifact{{Name: "video.mp4", Key: key(g)}}}}
}

func (c *class) settled(g grant, o job.Outcome) {
	v, err := c.l.Finish(c.ctx, g.id, g.attempt, o)
	c.ok(err)
	switch {
	case v.Refused():
		delete(c.files, key(g))
	case o.Succeeded != nil && v.Reason != "succeeded":
		c.seen["kept"]++
	}
	if strings.HasPrefix(v.Reason, "parked") {
		c.seen["parked"]++
	}
	switch v.Action {
	case job.Retry:
		c.queue = append(c.queue, parcel{g.id, g.attempt + 1})
	case job.Release:
		c.queue = append(c.queue, parcel{g.id, g.attempt})
	case job.Dead:
		_, err := c.l.Bury(c.ctx, g.id, ledger.Letter{ID: "letter of " + key(g), Attempt: g.attempt, Fault: job.Fault{Kind: "poison"}})
		if err != nil {
			require.ErrorIs(c.t, err, job.ErrNotFound)
		}
	}
}

func (c *class) renew() {
	p := c.worker()
	var reports []ledger.Report
	for _, g := range p.held {
		reports = append(reports, ledger.Report{JobID: g.id, Attempt: g.attempt, Stage: "draw", Percent: 100 * c.rand.Float64()})
	}
	commands, err := c.l.Renew(c.ctx, p.session, p.stream, reports)
	if c.unknown(p, err) {
		return
	}
	for _, m := range commands {
		require.Contains(c.t, p.held, grant{m.JobID, m.Attempt}, "a command for what it never had")
		p.held = slices.DeleteFunc(p.held, func(g grant) bool { return g == grant{m.JobID, m.Attempt} })
	}
}

// lose leaves a worker without a word to the service, which finds out.
func (c *class) lose() {
	p := c.worker()
	c.ok(c.l.Break(c.ctx, p.session, p.stream))
	c.clock.advance(2 * decide.StreamGrace)
	n, err := c.l.Rescue(c.ctx)
	c.ok(err)
	c.seen["lost"] += n
	c.drop(p)
	if c.rand.IntN(2) == 0 { // it was not dead after all
		for _, g := range p.held {
			c.settled(g, c.made(g))
		}
	}
}

func (c *class) goodbye() {
	p := c.worker()
	c.ok(c.l.End(c.ctx, p.session, p.stream))
	c.drop(p)
}

func (c *class) wait() { c.clock.advance(time.Duration(c.rand.IntN(8000)) * time.Millisecond) }

// again hands out a message twice.
func (c *class) again() {
	if len(c.queue) > 0 {
		c.queue = append(c.queue, c.queue[c.rand.IntN(len(c.queue))])
	}
}

// die makes a dead letter of a message and replays it.
func (c *class) die() {
	if len(c.queue) == 0 || c.rand.IntN(3) > 0 {
		return
	}
	m := c.queue[0]
	c.queue = c.queue[1:]
	letter := ledger.Letter{ID: fmt.Sprint("letter ", c.rand.Uint64()), Attempt: m.number, Fault: job.Fault{Kind: "poison", Text: "died"}}
	j, err := c.l.Bury(c.ctx, m.id, letter)
	if err != nil {
		require.ErrorIs(c.t, err, job.ErrNotFound)
		return
	}
	if j.DeadLetter == letter.ID {
		_, err := c.l.Replay(c.ctx, m.id, letter.ID, "", nil)
		c.ok(err)
	}
}

func (c *class) sweep() {
	c.ok(c.l.Sweep(c.ctx, func(_ context.Context, id job.ID) error {
		for k := range c.files {
			if strings.HasPrefix(k, string(id)+"/") {
				delete(c.files, k)
			}
		}
		return nil
	}))
}
