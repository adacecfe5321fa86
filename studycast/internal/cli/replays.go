package cli

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/client"
)

// replaysCmd is what operators do with replays.
type replaysCmd struct {
	List   replaysListCmd   `cmd:"" default:"withargs" help:"List replays, newest first."`
	Show   replaysShowCmd   `cmd:"" help:"Show one replay with its counts."`
	Watch  replaysWatchCmd  `cmd:"" help:"Follow a replay until the outcome of each of its letters is known."`
	Pause  replaysPauseCmd  `cmd:"" help:"Let a replay take no more letters until it is resumed."`
	Resume replaysResumeCmd `cmd:"" help:"Let a paused replay go on."`
	Stop   replaysStopCmd   `cmd:"" help:"End a replay: letters that it did not take stay open."`
}

// replaysListCmd lists replays.
type replaysListCmd struct {
	State []string `help:"Only replays in these states, separated by commas: running, paused, stopped, done." enum:"running,paused,stopped,done"`
	Limit int      `help:"At most this many." default:"20"`
	JSON  bool     `help:"Print the replays as JSON."`

	server `embed:""`
}

// Run prints a table.
func (c *replaysListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	replays, err := first(c.Limit, cl.Replays(r.ctx, client.ReplayFilter{States: c.State, PageSize: min(c.Limit, maxPage)}))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, replays)
	}
	t := newTable(
		column{title: "ID"}, column{title: "STATE"}, column{title: "CREATED"}, column{title: "BY", least: 8, spare: true},
		column{title: "LETTERS", spare: true}, column{title: "PROGRESS", least: 16}, column{title: "REASON", least: 12, spare: true},
	)
	for _, p := range replays {
		t.add(p.ID, cell{p.State, replayStyle(p)}, r.stamp(p.CreatedAt), p.Author, p.Letters, progress(p), p.Reason)
	}
	return t.print(r.out, r.screen)
}

// replayStyle is how the state of a replay looks.
func replayStyle(p client.Replay) style {
	switch p.State {
	case client.ReplayPaused:
		return uneasy
	case client.ReplayStopped:
		return bad
	case client.ReplayDone:
		return good
	}
	return unstyled
}

// progress tells in words what became of the letters of a replay.
func progress(p client.Replay) string {
	text := ""
	for _, part := range []struct {
		n    int
		what string
	}{
		{p.Counts.Recovered, "recovered"},
		{p.Counts.FailedAgain, "failed again"},
		{p.Counts.Cancelled, "cancelled"},
		{p.Counts.Skipped, "skipped"},
		{p.Counts.Running, "at work"},
		{p.Counts.Waiting, "waiting"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	if text == "" {
		return "no letters"
	}
	return text[len(", "):]
}

// printReplay tells all of a replay.
func printReplay(r *run, p client.Replay) error {
	s := &sheet{}
	s.add("replay", p.ID)
	s.add("state", p.State)
	s.add("because", p.Why)
	s.add("letters", fmt.Sprint(p.Letters)+": "+progress(p))
	s.add("left out", left(p.Skipped))
	s.add("of", p.Selection)
	s.add("rate", fmt.Sprintf("%g a second", p.Rate))
	s.add("canary", canary(p))
	s.add("created", r.momentAgo(p.CreatedAt)+" by "+p.Author+": "+p.Reason)
	s.add("ended", r.momentAgo(p.EndedAt))
	return s.print(r.out)
}

// canary tells how it stands with the letters that go first.
func canary(p client.Replay) string {
	switch {
	case p.Canary <= 0:
		return "none"
	case p.CanaryPassed:
		return counted(p.Canary, "letter") + ", passed"
	case p.State == "stopped" || p.State == "done":
		return counted(p.Canary, "letter") + ", not passed"
	}
	return counted(p.Canary, "letter") + ", not passed yet"
}

// replaysShowCmd shows one replay.
type replaysShowCmd struct {
	ID   string `arg:"" help:"Id of the replay."`
	JSON bool   `help:"Print the replay as JSON."`

	server `embed:""`
}

// Run prints the replay.
func (c *replaysShowCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	p, err := cl.GetReplay(r.ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, p)
	}
	return printReplay(r, p)
}

// steered names a replay that is told to do something.
type steered struct {
	ID string `arg:"" help:"Id of the replay."`

	act `embed:""`
}

func (c *steered) steer(r *run, call func(*client.Client, context.Context, string, string) (client.Replay, error)) error {
	cl := c.client()
	defer cl.Close()
	p, err := call(cl, r.ctx, c.ID, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, p)
	}
	return printReplay(r, p)
}

// replaysPauseCmd pauses a replay.
type replaysPauseCmd struct {
	steered `embed:""`
}

// Run pauses it and prints the replay.
func (c *replaysPauseCmd) Run(r *run) error { return c.steer(r, (*client.Client).PauseReplay) }

// replaysResumeCmd resumes a replay.
type replaysResumeCmd struct {
	steered `embed:""`
}

// Run resumes it and prints the replay.
func (c *replaysResumeCmd) Run(r *run) error { return c.steer(r, (*client.Client).ResumeReplay) }

// replaysStopCmd stops a replay.
type replaysStopCmd struct {
	steered `embed:""`
}

// Run stops it and prints the replay.
func (c *replaysStopCmd) Run(r *run) error { return c.steer(r, (*client.Client).StopReplay) }
