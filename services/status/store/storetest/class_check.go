package storetest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// check looks at all rows.
func (c *class) check() {
	c.t.Helper()
	rows := c.rows()
	followers := map[job.ID]int{}
	for _, r := range rows {
		if r.Leader != "" {
			followers[r.Leader]++
			c.checkFollower(r, rows[r.Leader])
		}
		if r.State == job.Succeeded {
			c.checkFiles(r)
		}
		require.False(c.t, r.Alias != "" && r.Alias != r.Files, "%+v", r)
	}
	for id, r := range rows {
		require.Equal(c.t, followers[id], r.Followers, "followers of %+v", r)
	}
	c.checkPromises(rows)
	checkParked(c.t, c.ctx, c.s, slices.Collect(maps.Keys(rows)))
}

func (c *class) checkPromises(rows map[job.ID]store.Row) {
	if c.rand.IntN(10) > 0 {
		return
	}
	var promised []store.Row
	c.ok(c.s.Update(c.ctx, func(tx store.Tx) error {
		promised = nil
		for _, r := range rows {
			if _, err := tx.Promise(r.ID); r.Leader != "" && err == nil {
				promised = append(promised, r)
			}
		}
		return nil
	}))
	require.Empty(c.t, promised, "followers have promises")
}

func (c *class) checkFiles(r store.Row) {
	require.Len(c.t, r.Artifacts, 1)
	k := r.Artifacts[0].Key
	require.True(c.t, c.files[k], "the files of %+v are gone", r)
	require.True(c.t, strings.HasPrefix(k, string(decide.Folder(r))+"/"), "%+v", r)
}

func (c *class) checkFollower(r, l store.Row) {
	require.Equal(c.t, r.Leader, l.ID, "the leader of %+v is gone", r)
	require.Empty(c.t, l.Leader)
	require.Equal(c.t, []any{l.State, l.Attempt, l.Spent, l.Stage, l.Progress, l.NotBefore, l.Fault},
		[]any{r.State, r.Attempt, r.Spent, r.Stage, r.Progress, r.NotBefore, r.Fault})
	require.Equal(c.t, l.Dependency, r.Dependency)
	require.Empty(c.t, r.Trial)
	require.Empty(c.t, string(r.Session)+string(r.Alias)+string(r.Files))
	require.False(c.t, r.State.Final() || r.Sent || r.Lost)
}

// settle lets good workers end everything.
func (c *class) settle() {
	for range 40 {
		c.clock.advance(20 * time.Second)
		_, err := c.l.Rescue(c.ctx)
		c.ok(err)
		c.unpark()
		entries, err := c.l.Claim(c.ctx, 200)
		c.ok(err)
		for _, e := range entries {
			c.queue = append(c.queue, parcel{e.JobID, e.Attempt})
			c.ok(c.l.Confirm(c.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
		}
		c.workers = nil
		c.worker()
		for range len(c.queue) {
			c.start()
		}
		for _, w := range c.workers {
			for _, g := range w.held {
				c.settled(g, c.made(g))
			}
			w.held = nil
		}
		c.check()
	}
	for _, r := range c.rows() {
		require.True(c.t, r.State.Final(), "a job never ends: %+v", r)
	}
}

// clear deletes every job, after which no file may be left.
func (c *class) clear() {
	for len(c.jobs) > 0 {
		c.remove()
		c.check()
	}
	for range 3 {
		c.sweep()
		c.clock.advance(ledger.SecondSweep)
	}
	require.Empty(c.t, c.files, "files that belong to nobody")
}
