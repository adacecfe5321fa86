package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/studycast/studycast/client"
)

func what(j client.Job) string {
	for _, s := range []string{j.Title, j.Source.URL, j.Source.Upload} {
		if s != "" {
			return s
		}
	}
	return "pasted text"
}

func printJob(r *run, j client.Job, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, j)
	}
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	row("id", j.ID)
	row("kind", j.Kind)
	row("state", j.State)
	row("what", what(j))
	if !j.Final() {
		row("progress", fmt.Sprintf("%.0f %% %s", j.Progress, j.Stage))
	}
	row("in line", place(j.Line))
	if j.Fault != nil {
		row("fault", j.Fault.Text)
	}
	for _, m := range j.History {
		row(m.At.Local().Format(time.TimeOnly), moved(m))
	}
	for _, n := range j.Notes {
		row("note", n)
	}
	for _, a := range j.Artifacts {
		row("file", fmt.Sprintf("%s (%s)", a.Name, size(a.Size)))
	}
	return w.Flush()
}

// place tells where a queued job stands and what is expected of it.
func place(l *client.Line) string {
	if l == nil {
		return ""
	}
	at := func(t time.Time) string { return t.Local().Format(time.TimeOnly) }
	text := fmt.Sprintf("%d, starts between %s and %s", l.Position, at(l.EarliestStart), at(l.LatestStart))
	if l.LatestStart.IsZero() {
		text = fmt.Sprintf("%d, no worker is there", l.Position)
	}
	if !l.LatestFinish.IsZero() {
		text += fmt.Sprintf(", done between %s and %s", at(l.EarliestFinish), at(l.LatestFinish))
	}
	return text
}

// moved tells a change of state in one line.
func moved(m client.Move) string {
	text := m.To
	if m.Attempt > 0 {
		text += fmt.Sprintf(", attempt %d", m.Attempt)
	}
	if m.Why != "" {
		text += ": " + m.Why
	}
	return text
}

// size writes a number of bytes for a reader.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
