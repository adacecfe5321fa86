package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// ResultName is the artifact that handlers under test make.
const ResultName = "result.json"

// Result is the content of that artifact.
type Result struct {
	Job     job.ID `json:"job"`
	Attempt int    `json:"attempt"`
	Worker  string `json:"worker"`
}

// run is one call of a handler.
type run struct {
	worker     string
	start, end time.Time // end is zero when it never returned
	outcome    Outcome
}

type checker struct {
	in     Input
	report Report
	runs   map[job.ID]map[int]*run
}

func (c *checker) broken(rule Rule, id job.ID, attempt int, format string, args ...any) {
	c.report.Violations = append(c.report.Violations, Violation{rule, id, attempt, fmt.Sprintf(format, args...)})
}

// collect makes runs of records and finds those that happened twice.
func (c *checker) collect() {
	for _, r := range c.in.Records {
		of := c.runs[r.Job]
		if of == nil {
			of = map[int]*run{}
			c.runs[r.Job] = of
		}
		have := of[r.Attempt]
		switch {
		case r.Event == Start && have != nil:
			c.broken(RuleOnce, r.Job, r.Attempt, "ran by %s and by %s", have.worker, r.Worker)
		case r.Event == Start:
			of[r.Attempt] = &run{worker: r.Worker, start: r.At}
			c.report.Runs++
		case have == nil:
			c.broken(RuleOnce, r.Job, r.Attempt, "ended by %s without a start", r.Worker)
		case !have.end.IsZero():
			c.broken(RuleOnce, r.Job, r.Attempt, "ended twice, the second time by %s", r.Worker)
		default:
			have.end, have.outcome = r.At, r.Outcome
		}
	}
	for _, of := range c.runs {
		for _, r := range of {
			if r.end.IsZero() {
				c.report.Killed++
			}
		}
	}
}

// kept looks for accepted jobs, and for jobs that ran, among those known.
func (c *checker) kept() {
	known := map[job.ID]bool{}
	for _, j := range c.in.Jobs {
		known[j.ID] = true
	}
	c.report.Jobs = len(c.in.Jobs)
	if c.in.Accepted != nil {
		c.report.Jobs = len(c.in.Accepted)
	}
	for _, id := range c.in.Accepted {
		if !known[id] {
			c.broken(RuleKept, id, 0, "was accepted and is unknown to the status service")
		}
	}
	for id := range c.runs {
		if !known[id] {
			c.broken(RuleGranted, id, 0, "ran and is not among the jobs")
		}
	}
}

func (c *checker) job(ctx context.Context, j job.Job) {
	c.report.States[j.State]++
	if !j.State.Final() {
		c.broken(RuleFinal, j.ID, j.Attempt, "is still %s", j.State)
	}
	h := read(j.History)
	if h.err != nil {
		c.broken(RuleAlone, j.ID, j.Attempt, "%v", h.err)
	}
	c.report.Attempts += len(h.attempts)
	runs := c.runs[j.ID]
	c.counted(j, h, runs)
	c.alone(j, h, runs)
	for _, n := range slices.Sorted(maps.Keys(runs)) {
		if h.attempts[n] == nil {
			c.broken(RuleGranted, j.ID, n, "ran by %s and was never granted", runs[n].worker)
		}
		if runs[n].outcome == Succeeded && (j.State != job.Succeeded || n != j.Attempt) {
			c.report.Refused++
		}
	}
	c.result(ctx, j, h, runs[j.Attempt])
}

// counted compares the attempts that were granted, and those that were spent,
// with those that ran.
func (c *checker) counted(j job.Job, h history, runs map[int]*run) {
	for _, n := range slices.Sorted(maps.Keys(h.attempts)) {
		if runs[n] != nil {
			continue
		}
		switch last := h.attempts[n].left; last {
		case job.Succeeded, job.Failed, job.Retrying:
			c.broken(RuleCounted, j.ID, n, "is %s and no handler ran it", last)
		default:
			c.report.Unstarted++
		}
	}
	if j.Attempt != len(h.attempts) {
		c.broken(RuleCounted, j.ID, j.Attempt, "is the number of the last of %d attempts", len(h.attempts))
	}
	if j.Spent < h.failed || j.Spent > h.failed+h.givenBack {
		c.broken(RuleCounted, j.ID, j.Attempt, "%d attempts are spent: %d failed and %d were lost or given back",
			j.Spent, h.failed, h.givenBack)
	}
}

// alone looks at runs that overlap: the older one must have lost the job
// before the newer one was granted.
func (c *checker) alone(j job.Job, h history, runs map[int]*run) {
	numbers := slices.Sorted(maps.Keys(runs))
	for i, older := range numbers {
		for _, newer := range numbers[i+1:] {
			a, b := runs[older], runs[newer]
			from, to := latest(a.start, b.start), a.end
			if !b.end.IsZero() && b.end.Before(to) {
				to = b.end
			}
			if a.end.IsZero() || !from.Before(to) {
				continue
			}
			c.report.Overlaps = append(c.report.Overlaps, Overlap{j.ID, older, newer, to.Sub(from)})
			x, y := h.attempts[older], h.attempts[newer]
			if x == nil || y == nil || x.lastLeft < 0 || x.lastLeft > y.firstGrant {
				c.broken(RuleAlone, j.ID, newer, "ran beside attempt %d, which still held the job", older)
			}
		}
	}
}

// result compares what the job shows with the run of its last attempt.
func (c *checker) result(ctx context.Context, j job.Job, h history, last *run) {
	if h.succeeded > 1 {
		c.broken(RuleResult, j.ID, j.Attempt, "succeeded %d times", h.succeeded)
	}
	if j.State != job.Succeeded {
		if len(j.Artifacts) > 0 {
			c.broken(RuleResult, j.ID, j.Attempt, "is %s and shows %d files", j.State, len(j.Artifacts))
		}
		return
	}
	if last == nil || last.outcome != Succeeded {
		c.broken(RuleResult, j.ID, j.Attempt, "succeeded, and the handler of its last attempt did not")
		return
	}
	want := artifact.JobKey(j.ID, j.Attempt, ResultName)
	if len(j.Artifacts) != 1 || j.Artifacts[0].Key != want {
		c.broken(RuleResult, j.ID, j.Attempt, "shows %v instead of %s", j.Artifacts, want)
		return
	}
	if c.in.Artifacts == nil {
		return
	}
	r, err := open(ctx, c.in.Artifacts, want)
	if err != nil || r != (Result{j.ID, j.Attempt, last.worker}) {
		c.broken(RuleResult, j.ID, j.Attempt, "its file holds %+v, made by %s: %v", r, last.worker, err)
	}
}

// maxResult is more than any Result has.
const maxResult = 1 << 16

func open(ctx context.Context, s artifact.Store, key string) (r Result, err error) {
	f, err := s.Open(ctx, key)
	if err != nil {
		return r, err
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxResult))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
