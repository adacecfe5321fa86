package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/fault"
)

// deadEditCmd replays a letter with another request.
type deadEditCmd struct {
	ID     string   `arg:"" help:"Id of the dead letter."`
	Set    []string `help:"Change one field, without an editor: options.length=short, source.url=https://… May be given several times." placeholder:"FIELD=VALUE" sep:"none" completion-predictor:"field"`
	Yes    bool     `help:"Do it without asking." short:"y"`
	DryRun bool     `help:"Print what would be changed, and do nothing."`
	Reason string   `help:"Why; kept on record with your name." required:"" placeholder:"TEXT"`
	JSON   bool     `help:"Print the dead letter and its job as JSON."`

	server `embed:""`
}

// Help is shown below the usage.
func (*deadEditCmd) Help() string {
	return "Opens the source and the options in $VISUAL or $EDITOR, shows what you changed, asks, and puts the job back to work with it. " +
		"They are checked as those of a new job. The letter keeps its own request; the difference goes on record. " +
		"Fields of --set: " + strings.Join(fieldNames(), ", ") + ".\n\n" + exitHelp
}

// Run shows the change, asks and replays.
func (c *deadEditCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	l, err := cl.DeadLetter(r.ctx, c.ID)
	if err != nil {
		return err
	}
	if l.Request == nil {
		return fault.New(fault.Request, "The message of dead letter %s can't be decoded, there is nothing to edit: "+
			"look at it with studycast dead show, then discard it or send it on with studycast dead resend.", l.ID)
	}
	before := editable{Source: l.Request.Source, Options: l.Request.Options}
	after, err := c.change(r, before)
	if err != nil {
		return err
	}
	if after.Source == before.Source && after.Options.Equal(before.Options) {
		return &exit{code: exitUnconfirmed, text: "The request is the same as before: nothing was done. " +
			"To replay it as it is: studycast dead replay " + l.ID}
	}
	if err := c.show(r, before, after); err != nil || c.DryRun {
		return err
	}
	if err := r.confirm(c.Yes, "Put the job back to work with this?"); err != nil {
		return err
	}
	done, err := cl.ReplayEdited(r.ctx, l.ID, difference(before, after), c.Reason)
	if err != nil {
		return err
	}
	return printReplayed(r, done, c.JSON)
}

// change returns the request as the operator wants it.
func (c *deadEditCmd) change(r *run, before editable) (editable, error) {
	if len(c.Set) == 0 {
		return edited(r, before)
	}
	after := before
	for _, s := range c.Set {
		if err := after.set(s); err != nil {
			return after, err
		}
	}
	return after, nil
}

// show prints what differs: where JSON is wanted to standard error, unless
// nothing else is.
func (c *deadEditCmd) show(r *run, before, after editable) error {
	if c.DryRun && c.JSON {
		return printJSON(r.out, difference(before, after))
	}
	w, s := r.out, r.screen
	if c.JSON {
		w, s = r.err, screenOf(r.err)
	}
	old, err := before.yaml()
	if err != nil {
		return err
	}
	changed, err := after.yaml()
	if err != nil {
		return err
	}
	for line := range strings.Lines(udiff.Unified("as it died", "as it will run", old, changed)) {
		how := unstyled
		switch line[0] {
		case '-':
			how = bad
		case '+':
			how = good
		}
		if _, err := fmt.Fprintln(w, s.paint(how, plainLines(line))); err != nil {
			return err
		}
	}
	return nil
}

// difference returns only what the operator changed.
func difference(before, after editable) client.Edit {
	var e client.Edit
	if after.Source != before.Source {
		e.Source = &after.Source
	}
	if !after.Options.Equal(before.Options) {
		e.Options = &client.EditOptions{
			Length:   other(before.Options.Length, after.Options.Length),
			Theme:    other(before.Options.Theme, after.Options.Theme),
			Language: other(before.Options.Language, after.Options.Language),
			Format:   other(before.Options.Format, after.Options.Format),
		}
		if !slices.Equal(before.Options.Voices, after.Options.Voices) {
			voices := append([]string{}, after.Options.Voices...) // none is an empty list, not null
			e.Options.Voices = &voices
		}
	}
	return e
}

// other is an option that was changed; nil when it is the same.
func other(before, after string) *string {
	if after == before {
		return nil
	}
	return &after
}
