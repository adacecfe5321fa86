package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// Rule is a promise that Check looks at.
type Rule string

// The rules.
const (
	// RuleKept: an accepted job is known to the status service.
	RuleKept Rule = "kept"
	// RuleFinal: a job ended in a final state.
	RuleFinal Rule = "final"
	// RuleOnce: no attempt ran twice.
	RuleOnce Rule = "once"
	// RuleGranted: nothing ran without being granted.
	RuleGranted Rule = "granted"
	// RuleAlone: no two attempts of a job were trusted at the same time.
	RuleAlone Rule = "alone"
	// RuleResult: a job has exactly the result of its last attempt.
	RuleResult Rule = "result"
	// RuleCounted: no attempt is counted that did not run.
	RuleCounted Rule = "counted"
)

// Violation is a promise that was broken.
type Violation struct {
	Rule    Rule
	Job     job.ID
	Attempt int // 0 = the whole job
	Text    string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: job %s attempt %d: %s", v.Rule, v.Job, v.Attempt, v.Text)
}

// Overlap is two runs of one job at the same time. It breaks no promise while
// the older one was not trusted any more when the newer one was granted.
type Overlap struct {
	Job          job.ID
	Older, Newer int // attempts
	For          time.Duration
}

// Input is what Check compares.
type Input struct {
	Records []Record
	// Jobs with their histories, as the status service holds them.
	Jobs []job.Job
	// Accepted are the ids that clients were told; nil = those of Jobs.
	Accepted []job.ID
	// Artifacts is where the results are; nil = they are not opened.
	Artifacts artifact.Store
}

// Report is what Check found.
type Report struct {
	Jobs      int               // accepted
	States    map[job.State]int // of the jobs
	Attempts  int               // that were granted
	Runs      int               // calls of handlers
	Killed    int               // runs that never returned
	Unstarted int               // granted attempts that ended before their handler was called; none is counted as failed
	Refused   int               // runs that succeeded without effect: they had lost their job
	Overlaps  []Overlap

	Violations []Violation
}

// Lost counts accepted jobs that are unknown or not final.
func (r Report) Lost() int { return r.count(RuleKept, RuleFinal) }

// Doubled counts effects that happened more than once.
func (r Report) Doubled() int { return r.count(RuleOnce, RuleGranted, RuleAlone, RuleResult) }

func (r Report) count(rules ...Rule) int {
	n := 0
	for _, v := range r.Violations {
		if slices.Contains(rules, v.Rule) {
			n++
		}
	}
	return n
}

// maxListed bounds the text of Err.
const maxListed = 20

// Err returns nil when no promise was broken, and otherwise the violations.
func (r Report) Err() error {
	if len(r.Violations) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d broken promises", len(r.Violations))
	for i, v := range r.Violations {
		if i == maxListed {
			fmt.Fprintf(&b, "\n  and %d more", len(r.Violations)-i)
			break
		}
		b.WriteString("\n  " + v.String())
	}
	return errors.New(b.String())
}

// Check compares what handlers wrote down with what the status service says.
// Jobs should be final by then: every other is a violation. All processes must
// share one clock, as those of one machine do.
func Check(ctx context.Context, in Input) Report {
	c := &checker{in: in, runs: map[job.ID]map[int]*run{}}
	c.report.States = map[job.State]int{}
	c.collect()
	c.kept()
	for _, j := range in.Jobs {
		c.job(ctx, j)
	}
	slices.SortStableFunc(c.report.Violations, func(a, b Violation) int {
		return strings.Compare(string(a.Job), string(b.Job))
	})
	return c.report
}
