package storetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// seedName is the variable that gives the one seed to run with.
const seedName = "STUDYCAST_SEED"

// seeds are 0 to fixed-1 and a random one, or the one that is asked for. Each is
// logged, so that a failure can be had again.
func seeds(t testing.TB, fixed uint64) []uint64 {
	t.Helper()
	if text := os.Getenv(seedName); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedName)
		return []uint64{seed}
	}
	var all []uint64
	for s := range fixed {
		all = append(all, s)
	}
	random := rand.Uint64()
	t.Logf("the random seed is %d: %s=%d repeats it", random, seedName, random)
	return append(all, random)
}

// watch follows all changes until stop: seqs only grow, no seq comes after a
// higher one was seen, and versions of a job grow with them.
func (c *crowd) watch(s store.Store) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		last, seen, versions := int64(0), map[int64]bool{}, map[job.ID]int64{}
		for over := false; !over; {
			select {
			case <-quit:
				over = true
			default:
			}
			err := s.View(c.ctx, func(r store.Reader) error {
				rows, err := r.Changed("", 0, 100_000)
				for _, row := range rows {
					if row.Seq <= last && !seen[row.Seq] {
						return fmt.Errorf("seq %d became visible after %d", row.Seq, last)
					}
					if row.Version < versions[row.ID] {
						return fmt.Errorf("%s went back to version %d", row.ID, row.Version)
					}
					seen[row.Seq], versions[row.ID] = true, row.Version
				}
				if n := len(rows); n > 0 {
					last = max(last, rows[n-1].Seq)
				}
				return err
			})
			c.fail("watch", err)
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
	})
}

// checkPromises looks for jobs that nothing would bring to their end: neither
// final nor running, without a promise, and no message in the broker.
func (c *crowd) checkPromises(t *testing.T, s store.Store) {
	t.Helper()
	waiting := map[job.ID]bool{}
	for _, p := range c.queue {
		waiting[p.id] = true
	}
	require.NoError(t, s.Update(c.ctx, func(tx store.Tx) error {
		for _, id := range c.jobs {
			if c.gone[id] {
				continue
			}
			row, err := tx.Job(id)
			if err != nil {
				return err
			}
			_, err = tx.Promise(id)
			switch {
			case row.State.Final() || row.State == job.Running || row.State == job.Parked:
				require.ErrorIs(t, err, job.ErrNotFound, "a promise for a %s job", row.State)
			case err != nil:
				require.True(t, waiting[id], "nothing brings %s to its end: %+v", id, row)
			}
		}
		return nil
	}))
	there := slices.DeleteFunc(slices.Clone(c.jobs), func(id job.ID) bool { return c.gone[id] })
	checkLine(t, c.ctx, s, there)
	checkParked(t, c.ctx, s, there)
}

// checkHistory compares what was answered with what is written.
func (c *crowd) checkHistory(t *testing.T) {
	t.Helper()
	counts := map[string]int{}
	for _, id := range c.jobs {
		j, err := c.ledgers[0].Get(c.ctx, id, "")
		if c.gone[id] {
			require.ErrorIs(t, err, job.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		c.checkJob(t, j)
		for _, m := range j.History {
			counts[m.Why]++
		}
	}
	for why, done := range c.asked {
		require.LessOrEqual(t, counts[why], 1, why)
		require.False(t, !done && counts[why] > 0, "%s was refused, and done", why)
	}
	for letter, id := range c.letters {
		require.LessOrEqual(t, counts[letter], 1, "a letter was replayed twice")
		if !c.gone[id] && c.replayed[letter] > 0 {
			require.Equal(t, 1, counts[letter], "a replay was answered, and not done")
		}
	}
}

func (c *crowd) checkJob(t *testing.T, j job.Job) {
	t.Helper()
	last, version, attempt := job.State(""), int64(0), 0
	wins := 0
	for _, m := range j.History {
		require.Equal(t, last, m.From)
		require.True(t, job.CanMove(m.From, m.To), "%s to %s", m.From, m.To)
		require.Greater(t, m.Version, version)
		last, version = m.To, m.Version
		if m.To == job.Running && m.Why == "started" {
			require.Equal(t, attempt+1, m.Attempt)
			attempt = m.Attempt
		}
		if m.To == job.Succeeded {
			wins++
			require.Contains(t, c.won[j.ID], m.Attempt)
		}
		if m.Why == "the worker was lost" {
			c.checkLoss(t, grant{j.ID, m.Attempt}, m.At)
		}
	}
	require.Equal(t, last, j.State)
	require.Equal(t, attempt, j.Attempt)
	require.LessOrEqual(t, wins, 1, "two results")
	require.Len(t, c.won[j.ID], wins)
	require.True(t, j.DeadLetter == "" || j.State == job.Failed, "a %s job carries a dead letter", j.State)
	if wins == 1 {
		require.Equal(t, fmt.Sprint("attempt ", c.won[j.ID][0]), j.Title)
	}
}

// checkLoss: nobody may lose an attempt while its session is alive for certain.
func (c *crowd) checkLoss(t *testing.T, g grant, at time.Time) {
	t.Helper()
	for _, s := range c.lives[c.grants[g]] {
		require.False(t, at.After(s.from) && at.Before(s.to),
			"attempt %d of %s was lost at %v, its session was alive from %v to %v", g.attempt, g.id, at, s.from, s.to)
	}
}

// settle lets the relay and one good worker end everything (G1).
func (c *crowd) settle(t *testing.T) {
	t.Helper()
	m := &member{crowd: c, rand: rand.New(rand.NewPCG(0, 0)), l: c.ledgers[0]}
	for range 40 {
		c.clock.advance(20 * time.Second)
		m.rescue()
		m.unpark()
		entries, err := m.l.Claim(c.ctx, 200)
		require.NoError(t, err)
		for _, e := range entries {
			m.put(parcel{e.JobID, e.Attempt})
			require.NoError(t, m.l.Confirm(c.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
		}
		m.hire()
		for range len(c.queue) {
			m.start()
		}
		for _, h := range m.held {
			_, err := m.l.Finish(c.ctx, h.id, h.attempt, job.Outcome{Succeeded: &job.Success{Title: "settled"}})
			require.NoError(t, err)
		}
		m.held = nil
		m.leave()
		require.NoError(t, c.firstError())
	}
	for _, id := range c.jobs {
		if !c.gone[id] {
			j, err := m.l.Get(c.ctx, id, "")
			require.NoError(t, err)
			require.True(t, j.State.Final(), "a job never ends: %+v", j)
		}
	}
}

func (c *crowd) firstError() error {
	if len(c.errs) > 0 {
		return c.errs[0]
	}
	return nil
}
