package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/studycast/studycast/client"
)

// deadDiscardCmd gives letters up.
type deadDiscardCmd struct {
	chosen `embed:""`
	bulk   `embed:""`
}

// Help is shown below the usage.
func (*deadDiscardCmd) Help() string {
	return "Only open letters are discarded. studycast dead restore opens them again.\n\n" + exitHelp
}

// Validate is called by the parser.
func (c *deadDiscardCmd) Validate() error { return errors.Join(c.chosen.Validate(), c.bulk.Validate()) }

// Run asks and discards.
func (c *deadDiscardCmd) Run(r *run) error {
	d := decision{verb: "Discard", done: "discarded", state: client.LetterOpen, call: (*client.Client).Discard}
	return d.run(r, &c.chosen, &c.bulk)
}

// deadRestoreCmd opens letters again.
type deadRestoreCmd struct {
	chosen `embed:""`
	bulk   `embed:""`
}

// Validate is called by the parser.
func (c *deadRestoreCmd) Validate() error { return errors.Join(c.chosen.Validate(), c.bulk.Validate()) }

// Run asks and restores.
func (c *deadRestoreCmd) Run(r *run) error {
	d := decision{verb: "Restore", done: "open again", state: client.LetterDiscarded, call: (*client.Client).Restore}
	return d.run(r, &c.chosen, &c.bulk)
}

// decision is what is done with a selection in one call.
type decision struct {
	verb  string
	done  string
	state string // that letters must have
	call  func(*client.Client, context.Context, client.Selection, string) (client.Decided, error)
}

func (d decision) run(r *run, what *chosen, how *bulk) error {
	cl := how.client()
	defer cl.Close()
	if how.DryRun || !how.Yes && len(what.IDs) != 1 {
		plan, err := d.plan(r, cl, what)
		switch {
		case err != nil:
			return err
		case how.DryRun && how.JSON:
			return printJSON(r.out, plan)
		case how.DryRun:
			return printPlan(r, r.out, r.screen, plan)
		case plan.Letters == 0:
			return nothing(r, how.JSON, client.Decided{Skipped: []client.Skipped{}}, nil)
		}
		if err := d.confirm(r, plan); err != nil {
			return err
		}
	}
	done, err := d.call(cl, r.ctx, what.selection(d.state), how.Reason)
	switch {
	case err != nil:
		return err
	case how.JSON:
		return printJSON(r.out, done)
	}
	_, err = fmt.Fprintln(r.out, withLeft(counted(done.Letters, "letter")+" "+d.done, done.Skipped))
	return err
}

// plan counts the letters that are meant, by cause where a filter says which.
func (d decision) plan(r *run, cl *client.Client, what *chosen) (client.Plan, error) {
	plan := client.Plan{Letters: len(what.IDs), Groups: []client.DeadGroup{}, Skipped: []client.Skipped{}}
	if len(what.IDs) > 0 {
		return plan, nil
	}
	f := what.filter(d.state)
	f.PageSize = maxPage
	groups, err := collect(cl.DeadGroups(r.ctx, f))
	for _, g := range groups {
		plan.Letters += g.Letters
		plan.Groups = append(plan.Groups, g)
	}
	return plan, err
}

func (d decision) confirm(r *run, plan client.Plan) error {
	if len(plan.Groups) > 0 {
		if err := printPlan(r, r.err, screenOf(r.err), plan); err != nil {
			return err
		}
	}
	return r.confirm(false, d.verb+" "+planned(plan)+"?")
}

// deadResendCmd sends a message on.
type deadResendCmd struct {
	ID    string `arg:"" help:"Id of the dead letter."`
	Queue string `help:"Work queue that the message goes to." required:"" placeholder:"NAME" completion-predictor:"queue"`

	act `embed:""`
}

// Run sends the message and prints the letter.
func (c *deadResendCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	l, err := cl.Resend(r.ctx, c.ID, c.Queue, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, l)
	}
	_, err = fmt.Fprintf(r.out, "the message of dead letter %s went to %s\n", l.ID, plain(c.Queue))
	return err
}
