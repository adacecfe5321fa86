// Package doctor examines a set-up of Studycast as an operator would: one check
// after another, each with what is wrong and the exact remedy. It only looks. It
// may run beside the programs that it examines: what it has to try, it tries on
// queues, files and folders of its own, and it leaves none of them behind.
package doctor

import (
	"context"
	"time"
)

// Status is the outcome of a check.
type Status string

// The outcomes.
const (
	OK      Status = "ok"
	Warning Status = "warning" // work goes on; somebody should look
	Failure Status = "failure"
	Skipped Status = "skipped" // it could not mean anything, or was not asked for
)

// Problem is something that is wrong, and what to do about it.
type Problem struct {
	Wrong  string `json:"wrong"`
	Remedy string `json:"remedy"`
}

// Result is what a check found.
type Result struct {
	Name     string        `json:"name"`
	Looks    string        `json:"looks_at"`
	Status   Status        `json:"status"`
	Says     string        `json:"says,omitempty"` // what was seen, beside the problems; one line
	Problems []Problem     `json:"problems,omitempty"`
	Took     time.Duration `json:"-"`
}

// Report is what all checks found, in their order.
type Report []Result

// Count returns how many checks ended like this.
func (r Report) Count(s Status) int {
	n := 0
	for _, one := range r {
		if one.Status == s {
			n++
		}
	}
	return n
}

// Healthy reports whether no check failed.
func (r Report) Healthy() bool { return r.Count(Failure) == 0 }

// finding is what the body of a check returns.
type finding struct {
	says     string
	failures []Problem
	warnings []Problem
	skipped  bool
}

// saw is a finding of a check that is content.
func saw(says string) finding { return finding{says: says} }

// skip is a finding of a check that means nothing here.
func skip(why string) finding { return finding{says: why, skipped: true} }

// fail is a finding with one failure.
func fail(wrong, remedy string) finding { return finding{failures: []Problem{{wrong, remedy}}} }

// warn is a finding with one warning.
func warn(wrong, remedy string) finding { return finding{warnings: []Problem{{wrong, remedy}}} }

func (f *finding) fail(wrong, remedy string) {
	f.failures = append(f.failures, Problem{wrong, remedy})
}

func (f *finding) warn(wrong, remedy string) {
	f.warnings = append(f.warnings, Problem{wrong, remedy})
}

func (f finding) status() Status {
	switch {
	case len(f.failures) > 0:
		return Failure
	case len(f.warnings) > 0:
		return Warning
	case f.skipped:
		return Skipped
	}
	return OK
}

// check is one thing to look at.
type check struct {
	name  string
	looks string
	needs []string      // checks without whose success it means nothing
	limit time.Duration // how long it may take; 0 = checkTime
	run   func(ctx context.Context) finding
}

// checkTime is enough for a machine whose cores are all busy.
const checkTime = 30 * time.Second
