package faults

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// row is one line of the table: what was done to the system and what came of
// it.
type row struct {
	fault    string
	jobs     int           // accepted
	lost     int           // accepted, and not in a final state at the end
	doubled  int           // jobs whose effect happened more than once
	attempts int           // attempts that ran, of all jobs
	recover  time.Duration // see each scenario; 0 = nothing to measure
	aim      time.Duration // what recover should stay below; 0 = none
	note     string
}

// table collects the rows of all tests. It is safe for concurrent use.
type table struct {
	mu   sync.Mutex
	rows []row
}

// results is the table of this run.
var results table

func (t *table) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// write prints the rows in the order in which they came.
func (t *table) write(w io.Writer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rows) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tw, "fault\tjobs\tlost\tdoubled\tattempts\trecovered in\tnote") // Flush tells
	for _, r := range t.rows {
		_, _ = fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", r.fault, r.jobs, r.lost, r.doubled, r.attempts, r.recovered(), r.note)
	}
	return tw.Flush()
}

// recovered shows a time beyond the aim as such: slow machines may miss it.
func (r row) recovered() string {
	if r.recover == 0 {
		return "-"
	}
	text := r.recover.Round(10 * time.Millisecond).String()
	switch {
	case r.aim == 0:
		return text
	case r.recover > r.aim:
		return fmt.Sprintf("%s (aim %s: MISSED)", text, r.aim)
	}
	return fmt.Sprintf("%s (aim %s)", text, r.aim)
}

func (t *table) String() string {
	var b strings.Builder
	_ = t.write(&b) // a builder takes everything
	return b.String()
}
