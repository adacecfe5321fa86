package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Refusal is an answer other than the acceptance.
type Refusal struct {
	Submission int           `json:"submission"`
	At         time.Time     `json:"at"`
	Code       string        `json:"code"` // HTTP status or gRPC code
	Text       string        `json:"text"`
	RetryAfter time.Duration `json:"retry_after_ns"` // 0 = none was named
	Passing    bool          `json:"passing"`        // it was tried again, if Patience allowed
}

// Report is what a run found. Times of the system are measured by its own
// clock, those of calls by ours.
type Report struct {
	Submitted int      `json:"submitted"` // submissions that were begun
	Accepted  []job.ID `json:"accepted"`
	// Replayed counts acceptances that an earlier call of the same submission
	// had already earned, without its answer reaching us.
	Replayed   int       `json:"replayed"`
	Unanswered int       `json:"unanswered"` // calls without an answer
	Refusals   []Refusal `json:"refusals"`
	GivenUp    int       `json:"given_up"` // submissions without acceptance

	SubmitTook   time.Duration `json:"submit_took_ns"`
	AcceptPerSec float64       `json:"accept_per_second"`

	Finals  map[job.State]int `json:"finals"`
	Pending []job.ID          `json:"pending"` // accepted, not final when the wait ended
	Missing []job.ID          `json:"missing"` // accepted, unknown to the system now: deleted by its retention, or lost
	// JobsPerSec is final jobs over the time from the first acceptance to the
	// last end.
	JobsPerSec float64 `json:"jobs_per_second"`

	Accept   Spread `json:"accept"`     // from the moment a submission was due to its acceptance
	ToStart  Spread `json:"to_start"`   // from acceptance to the start, of jobs with one attempt
	EndToEnd Spread `json:"end_to_end"` // from acceptance to the end, of jobs that succeeded
}

// Err tells why the system did not keep its word as far as clients can see:
// jobs that are missing or not final. Refusals are no broken word.
func (r Report) Err() error {
	if len(r.Pending)+len(r.Missing) == 0 {
		return nil
	}
	return fmt.Errorf("of %d accepted jobs %d are not final %v and %d are missing %v",
		len(r.Accepted), len(r.Pending), clip(r.Pending), len(r.Missing), clip(r.Missing))
}

// maxNamed bounds how many ids an error names.
const maxNamed = 5

func clip(ids []job.ID) []job.ID { return ids[:min(len(ids), maxNamed)] }

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "submitted %d, accepted %d (%d replayed), given up %d, refusals %d, unanswered calls %d\n",
		r.Submitted, len(r.Accepted), r.Replayed, r.GivenUp, len(r.Refusals), r.Unanswered)
	codes := map[string]int{}
	for _, f := range r.Refusals {
		codes[f.Code]++
	}
	for _, c := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "  refused with %s: %d\n", c, codes[c])
	}
	fmt.Fprintf(&b, "submitting took %s: %.1f accepted/s\n", round(r.SubmitTook), r.AcceptPerSec)
	for _, s := range job.States() {
		if n := r.Finals[s]; n > 0 {
			fmt.Fprintf(&b, "  %s: %d\n", s, n)
		}
	}
	fmt.Fprintf(&b, "pending %d, missing %d; %.1f final jobs/s\n", len(r.Pending), len(r.Missing), r.JobsPerSec)
	fmt.Fprintf(&b, "%-12s %8s %10s %10s %10s %10s\n", "", "n", "p50", "p95", "p99", "max")
	for _, row := range []struct {
		name string
		s    Spread
	}{{"accept", r.Accept}, {"to start", r.ToStart}, {"end to end", r.EndToEnd}} {
		fmt.Fprintf(&b, "%-12s %8d %10s %10s %10s %10s\n", row.name, row.s.N,
			round(row.s.P50), round(row.s.P95), round(row.s.P99), round(row.s.Max))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func round(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(10 * time.Microsecond)
}

// Spread is how times are distributed.
type Spread struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P95 time.Duration `json:"p95_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// spread sorts ds and reads the quantiles off: the smallest time that the part
// of all does not exceed.
func spread(ds []time.Duration) Spread {
	n := len(ds)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(ds)
	at := func(percent int) time.Duration { return ds[(n*percent+99)/100-1] }
	return Spread{N: n, P50: at(50), P95: at(95), P99: at(99), Max: ds[n-1]}
}
