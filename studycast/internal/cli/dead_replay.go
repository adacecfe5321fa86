package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/studycast/studycast/client"
)

// deadReplayCmd puts letters back to work.
type deadReplayCmd struct {
	Rate   float64 `help:"Letters a second, 0.1 to 100; 5 by default." placeholder:"N"`
	Canary *int    `help:"Letters that go first: the rest waits for their outcome, and stays when the same fault comes back. 3 by default, 0 = none." placeholder:"N"`
	Key    string  `help:"Idempotency key: the same key makes one replay." placeholder:"KEY"`
	Detach bool    `help:"Do not follow the replay: print it and leave it to the server." short:"d"`

	chosen `embed:""`
	bulk   `embed:""`
}

// Help is shown below the usage.
func (*deadReplayCmd) Help() string {
	return "One id puts one job back to work at once. Several ids or a filter make a replay: its letters are frozen, go back at a rate, " +
		"a few of them first, and can be followed, paused and stopped with studycast replays. Only open letters are taken. " +
		"With --json each change is a line of JSON.\n\n" + exitHelp
}

// Validate is called by the parser.
func (c *deadReplayCmd) Validate() error {
	if c.Canary != nil && *c.Canary < 0 {
		return errors.New("--canary: 0 for none, or so many letters")
	}
	return errors.Join(c.chosen.Validate(), c.bulk.Validate())
}

// Run asks, replays and follows.
func (c *deadReplayCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	if len(c.IDs) == 1 && !c.DryRun && c.Rate == 0 && c.Canary == nil && c.Key == "" {
		return c.one(r, cl)
	}
	request := client.ReplayRequest{Selection: c.selection(client.LetterOpen), Rate: c.Rate, Canary: c.canary(), Reason: c.Reason, Key: c.Key}
	plan, err := cl.PlanReplay(r.ctx, request)
	switch {
	case err != nil:
		return err
	case c.DryRun && c.JSON:
		return printJSON(r.out, plan)
	case c.DryRun:
		return printPlan(r, r.out, r.screen, plan)
	case plan.Letters == 0 && c.Key == "": // with a key the replay may be there already
		return nothing(r, c.JSON, plan, plan.Skipped)
	}
	if !c.Yes {
		if err := printPlan(r, r.err, screenOf(r.err), plan); err != nil {
			return err
		}
		if err := r.confirm(false, "Replay "+planned(plan)+"?"); err != nil {
			return err
		}
	}
	started, err := cl.StartReplay(r.ctx, request)
	if err != nil {
		return err
	}
	if !c.Detach {
		return follow(r, cl, started.Replay.ID, c.JSON)
	}
	if c.JSON {
		return printJSON(r.out, started)
	}
	return printReplay(r, started.Replay)
}

func (c *deadReplayCmd) canary() int {
	switch {
	case c.Canary == nil:
		return 0
	case *c.Canary == 0:
		return client.NoCanary
	}
	return *c.Canary
}

// one replays a single letter.
func (c *deadReplayCmd) one(r *run, cl *client.Client) error {
	done, err := cl.Replay(r.ctx, c.IDs[0], c.Reason)
	if err != nil {
		return err
	}
	return printReplayed(r, done, c.JSON)
}

func printReplayed(r *run, done client.Replayed, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, done)
	}
	_, err := fmt.Fprintf(r.out, "dead letter %s is %s\njob %s is %s\n", done.DeadLetter.ID, done.DeadLetter.State, done.Job.ID, done.Job.State)
	if err == nil && done.Stages != nil {
		_, err = fmt.Fprintf(r.out, "it %s\n", plain(stages(*done.Stages)))
	}
	return err
}

// nothing tells that no letter is meant; that is no failure.
func nothing(r *run, asJSON bool, answer any, skipped []client.Skipped) error {
	if asJSON {
		return printJSON(r.out, answer)
	}
	_, err := fmt.Fprintln(r.out, withLeft("no dead letter to do that with", skipped))
	return err
}

// mostGroups is how many causes are shown before a confirmation.
const mostGroups = 12

func printPlan(r *run, w io.Writer, s screen, p client.Plan) error {
	if len(p.Groups) > 0 {
		if err := printGroups(r, w, s, p.Groups[:min(len(p.Groups), mostGroups)]); err != nil {
			return err
		}
	}
	if more := len(p.Groups) - mostGroups; more > 0 {
		if _, err := fmt.Fprintf(w, "and %s more\n", counted(more, "group")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, withLeft(planned(p), p.Skipped))
	return err
}

// planned counts the letters of a plan, and their causes where they are known.
func planned(p client.Plan) string {
	text := counted(p.Letters, "letter")
	if len(p.Groups) > 0 {
		text += " in " + counted(len(p.Groups), "group")
	}
	return text
}
