//go:build linux

package letters

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/ledger"
	"github.com/studycast/studycast/lab/local"
)

const (
	shaken   = 300 // letters of a replay under which things are killed
	shared   = 200 // letters that two operators replay at once
	fullRate = 50  // letters a second
)

// openLetters are all that wait for a decision.
var openLetters = deadletterclient.Filter{States: []string{deadletterclient.Open}}

// Replays on the programs with RabbitMQ and PostgreSQL. Their workers do what
// labels ask for and write down what they did.
func TestReplaysOnRabbitMQ(t *testing.T) {
	t.Parallel()
	r := start(t, labWorkers(2))
	r.run("while everything is killed", func(t *testing.T) {
		ids := r.dying(r.school, shaken, 200*time.Millisecond)
		kills := []func(){
			func() {
				w := r.first(local.VideoWorker)
				r.eventually("the worker gets nothing to do", func() bool {
					caught, err := local.Catch(func() bool { return r.atWork(w) }, w)
					require.NoError(t, err)
					return caught
				})
				r.killed(w)
			},
			func() { r.killed(r.first(local.DeadLetter)) },
			// The last, because the replay may be over when a slow broker answers again.
			func() {
				r.Broker.Kill()
				require.NoError(t, r.Broker.Start(t.Context()))
			},
		}
		p := r.shaken(deadletterclient.ReplayInput{Rate: fullRate}, kills)
		require.Equal(t, deadletterclient.ReplayCounts{Recovered: shaken}, p.Counts, p.Why)
		r.endedOnce(ids, p.ID)
		_, report := r.account(ids)
		require.NotZero(t, report.Killed, "a worker was killed at work")
	})
	r.run("by two operators at once", func(t *testing.T) {
		ids := r.dying(r.school, shared, 50*time.Millisecond)
		r.atOnce()
		jobs, _ := r.account(ids)
		for _, j := range jobs {
			require.Equal(t, 2, j.Attempt, "job %s", j.ID)
		}
	})
}

// Replays in the one process on the embedded queue and store. Its pages are gone
// when its jobs run again, which costs nothing and is no success.
func TestReplaysEmbedded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// Each of three kills may spend a try of the same job.
	r := start(t, local.Options{Embedded: true, Env: []string{"VIDEO_RETRIES=3", "VIDEO_BACKOFF=20ms"}})
	r.run("while everything is killed", func(t *testing.T) {
		ids := r.gone(s, shaken)
		single := func() { r.killed(r.first(local.Single)) }
		p := r.shaken(deadletterclient.ReplayInput{Rate: fullRate, Canary: deadletterclient.NoCanary}, []func(){single, single, single})
		require.Equal(t, deadletterclient.ReplayCounts{FailedAgain: shaken}, p.Counts, p.Why)
		r.endedOnce(ids, p.ID)
		attempts := 0
		for _, id := range ids {
			j, err := r.school.Get(t.Context(), id)
			require.NoError(t, err)
			attempts += j.Attempt
		}
		visits, seen := s.visited()
		t.Logf("%d jobs, %d attempts, %d visits", len(ids), attempts, visits)
		require.Equal(t, shaken, seen)
		require.GreaterOrEqual(t, visits, 5*shaken, "four tries, and one after the replay")
		require.LessOrEqual(t, visits, attempts, "each attempt reads its page once")
	})
	r.run("by two operators at once", func(t *testing.T) {
		before, _ := s.visited()
		r.gone(s, shared)
		r.atOnce()
		after, _ := s.visited()
		require.Equal(t, 5*shared, after-before, "no job runs twice")
	})
}

// gone makes n dead letters of jobs whose pages are gone when they run again.
func (r *rig) gone(s *site, n int) []string {
	r.t.Helper()
	s.answer(http.StatusInternalServerError)
	ids := r.submit(r.school, n, pages(s.url))
	r.dead(n, openLetters)
	s.answer(http.StatusNotFound)
	return ids
}

// labWorkers are the programs with workers for videos that do what labels ask
// for.
func labWorkers(n int) local.Options {
	return local.Options{Worker: filepath.Join(bin, "lab-worker"), VideoWorkers: n, AudioWorkers: -1}
}

// labelled asks for videos by labels.
func labelled(about string, labels map[string]string) func(i int) client.Request {
	return func(i int) client.Request {
		return client.Request{
			Kind: client.Video, Source: client.Source{Text: fmt.Sprintf("# %s %d", about, i)}, Labels: labels, Fresh: true,
		}
	}
}

// dying makes n dead letters of somebody's jobs of a length, which succeed when
// they run again.
func (r *rig) dying(of *client.Client, n int, length time.Duration) []string {
	r.t.Helper()
	ids := r.submit(of, n, labelled("Tides", map[string]string{
		labor.LabelFail: "1", labor.LabelFault: string(fault.Poison), labor.LabelSleep: length.String(),
	}))
	r.dead(n, openLetters)
	return ids
}

// killed kills a program and starts it again at once.
func (r *rig) killed(p *local.Program) {
	require.NoError(r.t, p.Kill())
	require.NoError(r.t, p.Start(r.t.Context()))
}

// atWork reports whether a worker is in the middle of an attempt.
func (r *rig) atWork(w *local.Program) bool {
	records, err := ledger.Read(r.ledger())
	require.NoError(r.t, err)
	var open int
	for _, record := range records {
		switch {
		case record.PID != w.PID():
		case record.Event == ledger.Start:
			open++
		default:
			open--
		}
	}
	return open > 0
}

// shaken replays all open letters, and at even distances lets something happen.
// It returns the replay when nothing about it will change.
func (r *rig) shaken(in deadletterclient.ReplayInput, kills []func()) (p deadletterclient.Replay) {
	t := r.t
	t.Helper()
	in.Selection = deadletterclient.Selection{Filter: openLetters}
	in.Author, in.Reason = r.olga.name, "it was no poison"
	made, err := r.olga.letters.CreateReplay(t.Context(), in)
	require.NoError(t, err)
	began := time.Now()
	reaches := func(what string, ok func(deadletterclient.Replay) bool) {
		r.eventually(what, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			now, err := r.olga.letters.GetReplay(ctx, made.Replay.ID)
			if err != nil {
				return false // it is what was killed
			}
			p = now
			return assert.Equal(t, p.Letters, p.Counts.Sum()) && ok(p)
		})
	}
	for i, kill := range kills {
		reaches("the replay does not go on", func(p deadletterclient.Replay) bool {
			return p.Letters-p.Counts.Waiting-p.Counts.Running >= (i+1)*p.Letters/(len(kills)+1)
		})
		t.Logf("at %+v: kill %d", p.Counts, i+1)
		kill()
	}
	reaches("the replay does not settle", deadletterclient.Replay.Settled)
	require.NoError(t, r.Ready(t.Context()))
	t.Logf("replay of %d with %d kills: %s after %s, %+v", p.Letters, len(kills), p.State, time.Since(began).Round(100*time.Millisecond), p.Counts)
	return p
}

// endedOnce: one letter of each job, in one replay, with an outcome.
func (r *rig) endedOnce(ids []string, replay string) {
	t := r.t
	t.Helper()
	for _, id := range ids {
		page, err := r.olga.letters.List(t.Context(), deadletterclient.Filter{JobID: job.ID(id)})
		require.NoError(t, err)
		require.Len(t, page.Letters, 1, "letters of job %s", id)
		require.NotEmpty(t, page.Letters[0].Outcome)
		require.Equal(t, replay, page.Letters[0].ReplayID)
	}
}

// atOnce has two operators replay selections that overlap, at the same moment.
func (r *rig) atOnce() {
	t := r.t
	t.Helper()
	var ids []string
	for token := ""; len(ids) < shared; {
		page, err := r.omar.letters.List(t.Context(), deadletterclient.Filter{States: openLetters.States, PageSize: 200, PageToken: token})
		require.NoError(t, err)
		for _, l := range page.Letters {
			ids = append(ids, l.ID)
		}
		token = page.NextPageToken
	}
	var g errgroup.Group
	var all [2]deadletterclient.Replay
	// The oldest go first: what both select is still to come when both have begun.
	for i, in := range []deadletterclient.ReplayInput{
		{Selection: deadletterclient.Selection{IDs: slices.Concat(ids[:shared/2], ids[3*shared/4:])}, Author: r.olga.name, Reason: "all but some"},
		{Selection: deadletterclient.Selection{IDs: ids[:3*shared/4]}, Author: r.omar.name, Reason: "all but the oldest"},
	} {
		in.Rate, in.Canary = fullRate, deadletterclient.NoCanary
		g.Go(func() error {
			by := []operator{r.olga, r.omar}[i]
			made, err := by.letters.CreateReplay(t.Context(), in)
			if err != nil {
				return err
			}
			for p, err := range by.letters.WatchReplay(t.Context(), made.Replay.ID) {
				if err != nil {
					return err
				}
				all[i] = p
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	t.Logf("olga: %+v, skipped %v; omar: %+v, skipped %v", all[0].Counts, all[0].Skipped, all[1].Counts, all[1].Skipped)
	require.Equal(t, shared, all[0].Letters+all[1].Letters, "no letter is in both")
	for _, p := range all {
		require.Equal(t, p.Letters, p.Counts.Recovered+p.Counts.FailedAgain)
	}
	left := slices.Concat(all[0].Skipped, all[1].Skipped)
	require.Equal(t, []deadletterclient.Skipped{{Why: deadletterclient.SkippedInReplay, Letters: shared / 2}}, left)
}

// account holds what workers wrote down against what the status service says of
// jobs, and returns those and what was found.
func (r *rig) account(ids []string) ([]job.Job, ledger.Report) {
	t := r.t
	t.Helper()
	conn, err := rpc.Dial(r.URLs.Status, rpc.DialOptions{})
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	status := statusclient.New(conn, statusclient.Options{})
	artifacts, err := backend.OpenArtifacts(r.URLs.Artifacts, backend.ArtifactOptions{})
	require.NoError(t, err)
	in := ledger.Input{Artifacts: artifacts}
	mine := map[job.ID]bool{}
	for _, id := range ids {
		j, err := status.Get(t.Context(), job.ID(id), "")
		require.NoError(t, err)
		in.Jobs, in.Accepted, mine[j.ID] = append(in.Jobs, j), append(in.Accepted, j.ID), true
	}
	records, err := ledger.Read(r.ledger())
	require.NoError(t, err)
	for _, record := range records {
		if mine[record.Job] {
			in.Records = append(in.Records, record)
		}
	}
	report := ledger.Check(t.Context(), in)
	t.Logf("%d jobs %v, %d attempts granted, %d ran, %d killed, %d refused", report.Jobs, report.States, report.Attempts, report.Runs, report.Killed, report.Refused)
	require.NoError(t, report.Err())
	return in.Jobs, report
}
