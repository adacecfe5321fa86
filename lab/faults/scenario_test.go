//go:build linux

package faults

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/ledger"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// scenario is one fault under load and the accounts of it.
type scenario struct {
	*testing.T
	*rig
	row   row
	began time.Time
	flows []*flow
}

// scenario runs f on the system, which is whole before and must be whole
// after it: every accepted job is final, as the ledger proves, no queue holds
// anything, every program is ready.
func (r *rig) scenario(t *testing.T, fault string, f func(s *scenario)) bool {
	t.Helper()
	return t.Run(fault, func(t *testing.T) {
		s := &scenario{T: t, rig: r, row: row{fault: fault}, began: time.Now()}
		defer func() {
			if t.Failed() && s.row.note == "" {
				s.row.note = "FAILED"
			}
			results.add(s.row)
		}()
		r.mend(t)
		f(s)
		if !t.Failed() {
			ready(t, r.awake()...)
			r.drained(t)
		}
		t.Logf("took %s", time.Since(s.began).Round(time.Millisecond))
	})
}

// mend makes the system whole after a scenario that failed.
func (r *rig) mend(t *testing.T) {
	t.Helper()
	for _, w := range r.wires {
		w.heal()
	}
	for _, p := range r.awake() {
		if !p.Running() {
			require.NoError(t, p.Start(t.Context()))
		}
	}
	ready(t, r.awake()...)
}

// awake lists the programs that are not frozen.
func (r *rig) awake() []*local.Program {
	return slices.DeleteFunc(slices.Clone(r.All()), func(p *local.Program) bool { return p == r.frozen })
}

// flow is a load that runs beside the fault.
type flow struct {
	s      *scenario
	jobs   int // to be submitted
	done   chan struct{}
	mu     sync.Mutex
	ids    []job.ID
	times  []time.Time // of the acceptances
	report load.Report
	err    error
}

// labels are what the jobs of a flow do.
type labels map[string]string

// submit begins to submit jobs of a kind, at a rate in 1/s or, with 0, as fast
// as they are taken.
func (s *scenario) submit(kind job.Kind, jobs int, rate float64, l labels) *flow {
	return s.load(load.Options{
		Jobs: jobs, Rate: rate, Kinds: []job.Kind{kind}, Labels: func(int) map[string]string { return l },
	})
}

// load begins to submit. Submissions are tried again, with the same key, until
// they are answered.
func (s *scenario) load(o load.Options) *flow {
	f := &flow{s: s, jobs: o.Jobs, done: make(chan struct{})}
	o.Final = -1
	if o.Targets == nil {
		o.Targets = s.URLs.Gateways
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 10 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	o.Told = func(_ int, id job.ID) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ids, f.times = append(f.ids, id), append(f.times, time.Now())
	}
	s.flows = append(s.flows, f)
	ctx := context.WithoutCancel(s.Context())
	go func() {
		defer close(f.done)
		f.report, f.err = load.Run(ctx, o)
	}()
	return f
}

// accepted returns the ids of the jobs that were accepted so far.
func (f *flow) accepted() []job.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ids)
}

// gap returns the longest time without an acceptance.
func (f *flow) gap() (longest time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := 1; i < len(f.times); i++ {
		longest = max(longest, f.times[i].Sub(f.times[i-1]))
	}
	return longest
}

// reaches waits until n jobs were accepted.
func (f *flow) reaches(n int) {
	f.s.Helper()
	eventually(f.s.T, "too few jobs are accepted", func() bool { return len(f.accepted()) >= n })
}

// goesOn waits until n more jobs were accepted, or all were: clients that waited
// for a fault to end catch up at once.
func (f *flow) goesOn(n int) {
	f.s.Helper()
	f.reaches(min(len(f.accepted())+n, f.jobs))
}

// end waits until every submission has its answer. All must be accepted.
func (f *flow) end() load.Report {
	f.s.Helper()
	f.answered()
	require.Zero(f.s, f.report.GivenUp, "submissions were given up: %v", f.report.Refusals)
	return f.report
}

// answered waits until every submission has its answer.
func (f *flow) answered() {
	f.s.Helper()
	select {
	case <-f.done:
	case <-time.After(2 * patience):
		require.FailNow(f.s, "the load does not end")
	}
	require.NoError(f.s, f.err)
}

// jobs waits until every accepted job of the scenario is final and returns
// them with their histories.
func (s *scenario) jobs() []job.Job {
	s.Helper()
	var pending []job.ID
	for _, f := range s.flows {
		f.end()
		pending = append(pending, f.accepted()...)
	}
	return s.final(pending)
}

// final waits until jobs are final. Those that never are, or that nobody
// knows, are left to the ledger to complain about.
func (s *scenario) final(ids []job.ID) []job.Job {
	s.Helper()
	pending := slices.Clone(ids)
	var all []job.Job
	deadline := time.Now().Add(patience)
	again := time.NewTicker(tick)
	defer again.Stop()
	for late := false; len(pending) > 0; late = time.Now().After(deadline) {
		pending = slices.DeleteFunc(pending, func(id job.ID) bool {
			ctx, cancel := context.WithTimeout(s.Context(), 5*time.Second)
			defer cancel()
			j, err := s.status.Get(ctx, id, "")
			done := err == nil && j.State.Final()
			if err == nil && (done || late) {
				all = append(all, j)
			}
			return done || late || errors.Is(err, job.ErrNotFound)
		})
		<-again.C
	}
	return all
}

// want says what is wrong with a final job; "" = nothing.
type want func(j job.Job) string

// account closes the accounts: every accepted job is final and as wanted, and
// the ledger agrees with the status service.
func (s *scenario) account(w want) []job.Job {
	s.Helper()
	jobs := s.jobs()
	var accepted []job.ID
	for _, f := range s.flows {
		accepted = append(accepted, f.accepted()...)
	}
	report := ledger.Check(s.Context(), ledger.Input{
		Records: s.records(accepted), Jobs: jobs, Accepted: accepted, Artifacts: s.artifacts,
	})
	s.row.jobs, s.row.lost, s.row.doubled, s.row.attempts = report.Jobs, report.Lost(), report.Doubled(), report.Runs
	s.Logf("%d jobs %v, %d attempts granted, %d ran, %d killed, %d never began, %d refused, %d overlaps",
		report.Jobs, report.States, report.Attempts, report.Runs, report.Killed, report.Unstarted, report.Refused, len(report.Overlaps))
	require.NoError(s, report.Err())
	wrong := 0
	for _, j := range jobs {
		if text := w(j); text != "" {
			if wrong++; wrong <= 3 {
				s.Errorf("job %s %s: %+v", j.ID, text, j)
			}
		}
	}
	require.Zero(s, wrong, "jobs did not end as they should")
	return jobs
}

// records reads what the ledger says about jobs.
func (s *scenario) records(ids []job.ID) []ledger.Record {
	s.Helper()
	all, err := ledger.Read(s.ledger())
	require.NoError(s, err)
	mine := make(map[job.ID]bool, len(ids))
	for _, id := range ids {
		mine[id] = true
	}
	return slices.DeleteFunc(all, func(r ledger.Record) bool { return !mine[r.Job] })
}

// runs counts the runs that the ledger knows of the scenario's jobs.
func (s *scenario) runs() int {
	s.Helper()
	var ids []job.ID
	for _, f := range s.flows {
		ids = append(ids, f.accepted()...)
	}
	n := 0
	for _, r := range s.records(ids) {
		if r.Event == ledger.Start {
			n++
		}
	}
	return n
}

// running waits until n runs were begun since the begin of the scenario.
func (s *scenario) running(n int) {
	s.Helper()
	eventually(s.T, "too few jobs begin", func() bool { return s.runs() >= n })
}

// recovered puts a time into the table. It may miss its aim on a busy machine, not
// by as much as something that is stuck.
func (s *scenario) recovered(took, aim time.Duration) {
	s.Helper()
	s.row.recover, s.row.aim = max(took, time.Millisecond), aim
	require.Less(s, took, 3*aim+10*time.Second, "it takes too long to recover")
}

// slowest puts the longest of several times into the table.
func (s *scenario) slowest(took, aim time.Duration) {
	s.Helper()
	s.recovered(max(took, s.row.recover), aim)
}

// orphan is an attempt that lost its process.
type orphan struct {
	id      job.ID
	attempt int
}

// orphansOf lists the runs of processes that had begun and not ended.
func (s *scenario) orphansOf(pids ...int) map[orphan]bool {
	s.Helper()
	all, err := ledger.Read(s.ledger())
	require.NoError(s, err)
	open := map[orphan]bool{}
	for _, r := range all {
		if slices.Contains(pids, r.PID) {
			if r.Event == ledger.Start {
				open[orphan{r.Job, r.Attempt}] = true
			} else {
				delete(open, orphan{r.Job, r.Attempt})
			}
		}
	}
	return open
}

// freezeAtWork freezes workers while one of them has begun something, and
// returns what they hold and when. Workers that end all they hold at once have
// nothing for a moment, so whoever kills them must look first.
func (s *scenario) freezeAtWork(workers ...*local.Program) (orphans map[orphan]bool, at time.Time) {
	s.Helper()
	eventually(s.T, "the workers have nothing to do", func() bool {
		caught, err := local.Catch(func() bool {
			at, orphans = time.Now(), s.orphansOf(pids(workers...)...)
			return len(orphans) > 0
		}, workers...)
		require.NoError(s, err)
		return caught
	})
	return orphans, at
}

// killAtWork kills workers that have begun something.
func (s *scenario) killAtWork(workers ...*local.Program) (orphans map[orphan]bool, at time.Time) {
	s.Helper()
	orphans, _ = s.freezeAtWork(workers...)
	kill(s.T, workers...)
	return orphans, time.Now()
}

// again waits until every orphan has begun once more and returns how long
// after a moment the last one did.
func (s *scenario) again(orphans map[orphan]bool, since time.Time) time.Duration {
	s.Helper()
	var last time.Time
	eventually(s.T, "orphans do not run again", func() bool {
		all, err := ledger.Read(s.ledger())
		require.NoError(s, err)
		found := 0
		for _, r := range all {
			if r.Event == ledger.Start && orphans[orphan{r.Job, r.Attempt - 1}] {
				found++
				if r.At.After(last) {
					last = r.At
				}
			}
		}
		return found == len(orphans)
	})
	if last.Before(since) {
		return 0
	}
	return last.Sub(since)
}

// pids returns the process ids of programs.
func pids(programs ...*local.Program) []int {
	var all []int
	for _, p := range programs {
		all = append(all, p.PID())
	}
	return all
}
