package cli

import (
	"fmt"
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
	s := &sheet{}
	s.add("id", j.ID)
	s.add("kind", j.Kind)
	s.add("state", j.State)
	s.add("what", what(j))
	if !j.Final() {
		s.add("progress", fmt.Sprintf("%.0f %% %s", j.Progress, j.Stage))
	}
	s.add("in line", place(j.Line))
	s.add("waiting for", j.WaitingFor)
	if j.Fault != nil {
		s.add("fault", j.Fault.Text)
	}
	for _, m := range j.History {
		s.add(m.At.Local().Format(time.TimeOnly), moved(m))
	}
	for _, n := range j.Notes {
		s.add("note", n)
	}
	for _, a := range j.Artifacts {
		s.add("file", fmt.Sprintf("%s (%s)", a.Name, size(a.Size)))
	}
	return s.print(r.out)
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
