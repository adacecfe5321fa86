package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/studycast/studycast/client"
)

// deadCmd is what operators do with dead letters.
type deadCmd struct {
	List   deadListCmd   `cmd:"" help:"List dead letters, newest first."`
	Show   deadShowCmd   `cmd:"" help:"Show one dead letter with its request, headers and body."`
	Replay deadReplayCmd `cmd:"" help:"Put the job of a dead letter back to work."`
}

// deadListCmd lists dead letters.
type deadListCmd struct {
	State []string `help:"Only letters in these states, separated by commas: open, replaying, replayed."`
	Kind  string   `help:"Only letters of this kind of job."`
	Job   string   `help:"Only letters of this job."`
	Limit int      `help:"At most this many." default:"20"`
	JSON  bool     `help:"Print the dead letters as JSON."`

	server `embed:""`
}

// Run prints a table.
func (c *deadListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	letters, err := first(c.Limit, cl.DeadLetters(r.ctx, client.DeadFilter{
		States: c.State, Kind: c.Kind, Job: c.Job, PageSize: min(c.Limit, maxPage),
	}))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, letters)
	}
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tSTATE\tQUEUE\tJOB\tATTEMPT\tDIED\tFAULT")
	for _, l := range letters {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			l.ID, l.State, plain(l.Queue), plain(l.JobID), l.Attempt, moment(l.DiedAt), plain(why(l)))
	}
	return w.Flush()
}

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

// deadReplayCmd replays one dead letter.
type deadReplayCmd struct {
	ID     string `arg:"" help:"Id of the dead letter."`
	Reason string `help:"Why it may work now; kept on record." required:"" placeholder:"TEXT"`
	JSON   bool   `help:"Print the dead letter and its job as JSON."`

	server `embed:""`
}

// Run replays the dead letter and prints what became of it and its job.
func (c *deadReplayCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	done, err := cl.Replay(r.ctx, c.ID, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, done)
	}
	_, err = fmt.Fprintf(r.out, "dead letter %s is %s\njob %s is %s\n", done.DeadLetter.ID, done.DeadLetter.State, done.Job.ID, done.Job.State)
	return err
}

func printLetter(r *run, l client.DeadLetter) error {
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, plain(value))
		}
	}
	row("id", l.ID)
	row("state", l.State)
	row("job", l.JobID)
	row("job state", l.JobState)
	row("owner", l.Owner)
	row("queue", l.Queue)
	row("died", moment(l.DiedAt))
	row("attempt", fmt.Sprint(l.Attempt))
	row("copies", fmt.Sprint(l.Copies))
	row("fault", strings.TrimSpace(l.Fault.Kind+" "+l.Fault.Stage))
	row("text", l.Fault.Text)
	row("cause", l.Fault.Cause)
	row("unreadable", l.Undecodable)
	if l.Request != nil {
		row("what", l.Request.Kind+" of "+what(client.Job{Source: l.Request.Source}))
	}
	if l.ReplayedBy != "" {
		row("replayed", moment(l.ReplayedAt)+" by "+l.ReplayedBy+": "+l.ReplayReason)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Headers)) {
		row("header", name+": "+l.Headers[name])
	}
	if l.Body != nil {
		row("body", size(int64(l.Body.Size)))
		row("", l.Body.Text)
	}
	return w.Flush()
}

// why says in a few words why a message died.
func why(l client.DeadLetter) string {
	const most = 80
	text := []rune(l.Fault.Kind + ": " + l.Fault.Text)
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// plain keeps what a stranger may have written into a message from moving the
// cursor or breaking the table.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
