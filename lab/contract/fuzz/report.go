package fuzz

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Finding is an answer that should not be, or none where one should be.
type Finding struct {
	Case      uint64
	Caller    string
	Operation string
	Done      []string // to a valid request
	Why       error
	Request   []byte // as it was sent
	Before    []byte // what was sent over the same connection before
	Times     int    // that the same was seen
}

// Report is what a run saw.
type Report struct {
	Seed     uint64
	Requests int
	Left     int // without waiting for the answer
	Took     time.Duration
	Longest  time.Duration  // that an answer took, other than one held back
	Seen     map[string]int // promises of the document
	Findings []Finding      // the first of each sort

	sorts map[string]int
}

func newReport(seed uint64) *Report {
	return &Report{Seed: seed, Seen: map[string]int{}, sorts: map[string]int{}}
}

func (r *Report) add(c *attempt, out outcome, promise string, err error, took time.Duration) {
	r.Requests++
	switch {
	case out.left:
		r.Left++
	case !c.held() && out.answer.MediaType() != "text/event-stream":
		r.Longest = max(r.Longest, took)
	}
	if err == nil {
		if promise != "" {
			r.Seen[promise]++
		}
		return
	}
	sort := c.op.ID + " " + firstWords(err.Error())
	if i, known := r.sorts[sort]; known {
		r.Findings[i].Times++
		return
	}
	r.sorts[sort] = len(r.Findings)
	r.Findings = append(r.Findings, Finding{
		Case: c.no, Caller: c.caller.Name, Operation: c.op.ID, Done: c.done, Why: err, Request: c.raw(), Before: out.before, Times: 1,
	})
}

// sortLength is how much of an error tells its sort.
const sortLength = 60

func firstWords(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, s)
	return s[:min(len(s), sortLength)]
}

// Rate returns requests per second.
func (r *Report) Rate() float64 { return float64(r.Requests) / r.Took.Seconds() }

// Answers counts those that kept a promise about an operation.
func (r *Report) Answers(operation string) (n int) {
	for promise, times := range r.Seen {
		if strings.HasPrefix(promise, operation+" ") {
			n += times
		}
	}
	return n
}

// Unseen lists the promises that count and that no answer kept.
func (r *Report) Unseen(promises []string, counts func(promise string) bool) []string {
	return slices.DeleteFunc(slices.Clone(promises), func(p string) bool { return !counts(p) || r.Seen[p] > 0 })
}

// requestShown is how much of a request a finding shows.
const requestShown = 700

// String tells the findings and how to have them again.
func (f Finding) String() string {
	shown := func(request []byte) []byte { return request[:min(len(request), requestShown)] }
	return fmt.Sprintf("case %d, %s by %s, %d times: %v\n  done to it: %s\n  request: %q\n  before it: %q",
		f.Case, f.Operation, f.Caller, f.Times, f.Why, strings.Join(f.Done, "; "), shown(f.Request), shown(f.Before))
}

// String tells what the run saw.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d requests in %.1f s, %.0f a second, %d left early, longest answer %v, %d kinds of answers, %d findings\n",
		r.Seed, r.Requests, r.Took.Seconds(), r.Rate(), r.Left, r.Longest.Round(time.Millisecond), len(r.Seen), len(r.Findings))
	for _, promise := range slices.Sorted(maps.Keys(r.Seen)) {
		fmt.Fprintf(&b, "  %7d  %s\n", r.Seen[promise], promise)
	}
	for _, f := range r.Findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}
