package ledger_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/dirstore"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/ledger"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }

func start(second, attempt int) ledger.Record {
	return ledger.Record{Event: ledger.Start, Job: "j", Attempt: attempt, Worker: "w", At: at(second)}
}

func end(second, attempt int, o ledger.Outcome) ledger.Record {
	r := start(second, attempt)
	r.Event, r.Outcome = ledger.End, o
	return r
}

func move(second int, from, to job.State, attempt int) job.Move {
	return job.Move{At: at(second), From: from, To: to, Attempt: attempt}
}

var accepted = move(0, "", job.Queued, 0)

// succeeded is a job whose attempt made its file.
func succeeded(attempt, spent int, moves ...job.Move) job.Job {
	return job.Job{
		ID: "j", State: job.Succeeded, Attempt: attempt, Spent: spent, History: append([]job.Move{accepted}, moves...),
		Artifacts: []job.Artifact{{Name: ledger.ResultName, Key: artifact.JobKey("j", attempt, ledger.ResultName)}},
	}
}

func TestWhatIsRight(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job     job.Job
		records []ledger.Record
		want    ledger.Report
	}{
		"at once": {
			succeeded(1, 0, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Succeeded, 1)),
			[]ledger.Record{start(1, 1), end(2, 1, ledger.Succeeded)},
			ledger.Report{Attempts: 1, Runs: 1},
		},
		"after a failure": {
			succeeded(2, 1, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Retrying, 1),
				move(3, job.Retrying, job.Running, 2), move(4, job.Running, job.Succeeded, 2)),
			[]ledger.Record{start(1, 1), end(2, 1, ledger.Failed), start(3, 2), end(4, 2, ledger.Succeeded)},
			ledger.Report{Attempts: 2, Runs: 2},
		},
		"the worker was killed": {
			succeeded(2, 1, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Queued, 1),
				move(3, job.Queued, job.Running, 2), move(4, job.Running, job.Succeeded, 2)),
			[]ledger.Record{start(1, 1), start(3, 2), end(4, 2, ledger.Succeeded)},
			ledger.Report{Attempts: 2, Runs: 2, Killed: 1},
		},
		"killed before its handler was called": {
			succeeded(2, 1, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Queued, 1),
				move(3, job.Queued, job.Running, 2), move(4, job.Running, job.Succeeded, 2)),
			[]ledger.Record{start(3, 2), end(4, 2, ledger.Succeeded)},
			ledger.Report{Attempts: 2, Runs: 1, Unstarted: 1},
		},
		"parked, and parked again before its handler was called": {
			succeeded(3, 0, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Parked, 1),
				move(3, job.Parked, job.Queued, 0), move(4, job.Queued, job.Running, 2), move(5, job.Running, job.Parked, 2),
				move(6, job.Parked, job.Queued, 0), move(7, job.Queued, job.Running, 3), move(8, job.Running, job.Succeeded, 3)),
			[]ledger.Record{start(1, 1), end(2, 1, ledger.Failed), start(7, 3), end(8, 3, ledger.Succeeded)},
			ledger.Report{Attempts: 3, Runs: 2, Unstarted: 1},
		},
		"drained": {
			succeeded(2, 0, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Queued, 1),
				move(3, job.Queued, job.Running, 2), move(4, job.Running, job.Succeeded, 2)),
			[]ledger.Record{start(1, 1), end(2, 1, ledger.Stopped), start(3, 2), end(4, 2, ledger.Succeeded)},
			ledger.Report{Attempts: 2, Runs: 2},
		},
		"thought lost and back in time": {
			succeeded(1, 0, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Queued, 1),
				move(3, job.Queued, job.Running, 1), move(3, job.Running, job.Succeeded, 1)),
			[]ledger.Record{start(1, 1), end(3, 1, ledger.Succeeded)},
			ledger.Report{Attempts: 1, Runs: 1},
		},
		"frozen beside its successor": {
			succeeded(2, 1, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Queued, 1),
				move(3, job.Queued, job.Running, 2), move(6, job.Running, job.Succeeded, 2)),
			[]ledger.Record{start(1, 1), start(3, 2), end(5, 1, ledger.Succeeded), end(6, 2, ledger.Succeeded)},
			ledger.Report{Attempts: 2, Runs: 2, Refused: 1, Overlaps: []ledger.Overlap{{Job: "j", Older: 1, Newer: 2, For: 2 * time.Second}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ledger.Check(t.Context(), ledger.Input{Records: c.records, Jobs: []job.Job{c.job}})
			require.NoError(t, r.Err())
			c.want.Jobs, c.want.States = 1, map[job.State]int{job.Succeeded: 1}
			require.Equal(t, c.want, r)
		})
	}
}

func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	granted, done := move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Succeeded, 1)
	good := succeeded(1, 0, granted, done)
	run := []ledger.Record{start(1, 1), end(2, 1, ledger.Succeeded)}
	change := func(f func(j *job.Job)) []job.Job {
		j := succeeded(1, 0, granted, done)
		f(&j)
		return []job.Job{j}
	}
	for name, c := range map[string]struct {
		in   ledger.Input
		rule ledger.Rule
	}{
		"an accepted job is gone":     {ledger.Input{Records: run, Jobs: []job.Job{good}, Accepted: []job.ID{"j", "k"}}, ledger.RuleKept},
		"not final":                   {ledger.Input{Jobs: []job.Job{{ID: "j", State: job.Queued, History: []job.Move{accepted}}}}, ledger.RuleFinal},
		"ran twice":                   {ledger.Input{Records: append(run, start(3, 1)), Jobs: []job.Job{good}}, ledger.RuleOnce},
		"ended twice":                 {ledger.Input{Records: append(run, end(3, 1, ledger.Succeeded)), Jobs: []job.Job{good}}, ledger.RuleOnce},
		"ended unstarted":             {ledger.Input{Records: append(run, end(3, 2, ledger.Failed)), Jobs: []job.Job{good}}, ledger.RuleOnce},
		"ran ungranted":               {ledger.Input{Records: append(run, start(3, 2), end(4, 2, ledger.Stopped)), Jobs: []job.Job{good}}, ledger.RuleGranted},
		"ran without a job":           {ledger.Input{Records: run}, ledger.RuleGranted},
		"succeeded without a run":     {ledger.Input{Jobs: []job.Job{good}}, ledger.RuleCounted},
		"its handler failed":          {ledger.Input{Records: []ledger.Record{start(1, 1), end(2, 1, ledger.Failed)}, Jobs: []job.Job{good}}, ledger.RuleResult},
		"the file of another attempt": {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.Artifacts[0].Key = artifact.JobKey("j", 2, ledger.ResultName) })}, ledger.RuleResult},
		"no file":                     {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.Artifacts = nil })}, ledger.RuleResult},
		"two files":                   {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.Artifacts = append(j.Artifacts, j.Artifacts[0]) })}, ledger.RuleResult},
		"too much spent":              {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.Spent = 1 })}, ledger.RuleCounted},
		"a number was left out":       {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.Attempt = 2 })}, ledger.RuleCounted},
		"succeeded twice": {ledger.Input{Records: run, Jobs: change(func(j *job.Job) {
			j.History = append(j.History, move(3, job.Succeeded, job.Succeeded, 1))
		})}, ledger.RuleResult},
		"moves that contradict": {ledger.Input{Records: run, Jobs: change(func(j *job.Job) { j.History[1].From = job.Retrying })}, ledger.RuleAlone},
		"two hold the job": {ledger.Input{
			Records: []ledger.Record{start(1, 1), start(2, 2), end(3, 1, ledger.Stopped), end(4, 2, ledger.Succeeded)},
			Jobs:    []job.Job{succeeded(2, 0, granted, move(2, job.Running, job.Running, 2), move(4, job.Running, job.Succeeded, 2))},
		}, ledger.RuleAlone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ledger.Check(t.Context(), c.in)
			require.Error(t, r.Err())
			require.ErrorContains(t, r.Err(), string(c.rule)+": job ")
			if c.rule == ledger.RuleKept || c.rule == ledger.RuleFinal {
				require.Positive(t, r.Lost())
			} else if c.rule != ledger.RuleCounted {
				require.Positive(t, r.Doubled())
			}
		})
	}
}

func TestResultsAreOpened(t *testing.T) {
	t.Parallel()
	store, err := dirstore.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	in := ledger.Input{
		Records:   []ledger.Record{start(1, 1), end(2, 1, ledger.Succeeded)},
		Jobs:      []job.Job{succeeded(1, 0, move(1, job.Queued, job.Running, 1), move(2, job.Running, job.Succeeded, 1))},
		Artifacts: store,
	}
	require.ErrorContains(t, ledger.Check(t.Context(), in).Err(), "no such artifact")
	put := func(r ledger.Result) {
		data, err := json.Marshal(r)
		require.NoError(t, err)
		_, err = store.Put(t.Context(), artifact.JobKey("j", 1, ledger.ResultName), bytes.NewReader(data), "application/json")
		require.NoError(t, err)
	}
	put(ledger.Result{Job: "j", Attempt: 1, Worker: "another"})
	require.ErrorContains(t, ledger.Check(t.Context(), in).Err(), "another")
	put(ledger.Result{Job: "j", Attempt: 1, Worker: "w"})
	require.NoError(t, ledger.Check(t.Context(), in).Err())
}
