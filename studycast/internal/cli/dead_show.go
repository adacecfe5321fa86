package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/studycast/studycast/client"
)

// deadShowCmd shows one dead letter.
type deadShowCmd struct {
	ID   string `arg:"" help:"Id of the dead letter."`
	JSON bool   `help:"Print the dead letter as JSON."`

	server `embed:""`
}

// Run prints the dead letter.
func (c *deadShowCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	l, err := cl.DeadLetter(r.ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, l)
	}
	return printLetter(r, l)
}

func printLetter(r *run, l client.DeadLetter) error {
	s := &sheet{}
	s.add("id", l.ID)
	s.add("state", l.State)
	s.add("job", l.JobID)
	s.add("job state", l.JobState)
	s.add("owner", l.Owner)
	s.add("queue", l.Queue)
	if l.Origin != nil {
		s.add("exchange", l.Origin.Exchange)
		s.add("routing key", l.Origin.RoutingKey)
	}
	s.add("died", r.momentAgo(l.DiedAt))
	s.add("stored", moment(l.StoredAt))
	s.add("attempt", fmt.Sprint(l.Attempt))
	s.add("copies", fmt.Sprint(l.Copies))
	s.add("cause", l.Fingerprint)
	s.add("fault", strings.TrimSpace(l.Fault.Kind+" "+l.Fault.Stage))
	s.add("text", l.Fault.Text)
	s.add("inner", l.Fault.Cause)
	s.add("unreadable", l.Undecodable)
	decisions(s, l)
	for _, a := range l.Attempts {
		s.add(fmt.Sprintf("attempt %d", a.Attempt), attempted(a))
	}
	requested(s, "request", l.Request)
	requested(s, "edited", l.Edited)
	if l.Stages != nil {
		s.add("a replay", stages(*l.Stages))
	}
	for _, name := range slices.Sorted(maps.Keys(l.Headers)) {
		s.add("header", name+": "+l.Headers[name])
	}
	if l.Body != nil {
		s.add("body", size(int64(l.Body.Size)))
	}
	if err := s.print(r.out); err != nil {
		return err
	}
	return printBody(r, l.Body)
}

// decisions tells what was done about a letter.
func decisions(s *sheet, l client.DeadLetter) {
	if l.ReplayedBy != "" {
		s.add("replayed", moment(l.ReplayedAt)+" by "+l.ReplayedBy+": "+l.ReplayReason)
	}
	s.add("in replay", l.ReplayID)
	s.add("resent to", l.ResentTo)
	s.add("outcome", strings.TrimSpace(l.Outcome+" "+moment(l.OutcomeAt)))
	if l.DiscardedBy != "" {
		s.add("discarded", moment(l.DiscardedAt)+" by "+l.DiscardedBy+": "+l.DiscardReason)
	}
}

// attempted tells of one attempt in a line.
func attempted(a client.LetterAttempt) string {
	text := moment(a.StartedAt)
	if !a.EndedAt.IsZero() {
		text += " for " + a.EndedAt.Sub(a.StartedAt).Round(tenth).String()
	}
	if a.Worker != "" {
		text += " on " + a.Worker
	}
	if a.Error != "" {
		text += ": " + a.Error
	}
	return text
}

// requested tells of a request.
func requested(s *sheet, name string, q *client.Request) {
	if q == nil {
		return
	}
	text := q.Kind + " of " + what(client.Job{Source: q.Source})
	for _, o := range append([]string{q.Options.Length, q.Options.Theme, q.Options.Language, q.Options.Format}, q.Options.Voices...) {
		if o != "" {
			text += ", " + o
		}
	}
	s.add(name, text)
}

// stages tells what a run after a replay does.
func stages(s client.Stages) string {
	text := "runs " + strings.Join(s.Again, ", ")
	if len(s.Again) == 0 {
		text = "runs nothing again"
	}
	if len(s.Reused) > 0 {
		text += "; takes " + strings.Join(s.Reused, ", ") + " from before"
	}
	return text
}

// printBody shows a body as text or, when it is none, as a dump.
func printBody(r *run, b *client.LetterBody) error {
	if b == nil || b.Text == "" && b.Hex == "" {
		return nil
	}
	text := b.Text
	if text == "" {
		text = b.Hex
	}
	_, err := fmt.Fprintf(r.out, "\n%s\n", plainLines(text))
	return err
}
