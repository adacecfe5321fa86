package cli

import (
	"github.com/studycast/studycast/client"
)

// auditCmd tells who did what.
type auditCmd struct {
	Author string   `help:"Only what this operator did." placeholder:"NAME"`
	Action []string `help:"Only these actions, separated by commas, like discard or queue.pause." placeholder:"ACTION" completion-predictor:"action"`
	Since  when     `help:"Only then or later: 2h, 3d, 14:30, 2006-01-02." placeholder:"TIME"`
	Until  when     `help:"Only before: 2h, 3d, 14:30, 2006-01-02." placeholder:"TIME"`
	Limit  int      `help:"At most this many." default:"20"`
	JSON   bool     `help:"Print the records as JSON, with what an edit changed."`

	server `embed:""`
}

// Run prints a table, newest first.
func (c *auditCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	records, err := first(c.Limit, cl.Audit(r.ctx, client.AuditFilter{
		Author: c.Author, Actions: c.Action, After: c.Since.at, Before: c.Until.at, PageSize: min(c.Limit, maxPage),
	}))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, records)
	}
	t := newTable(
		column{title: "AT"}, column{title: "BY", least: 8}, column{title: "ACTION"}, column{title: "OF", least: 22},
		column{title: "OUTCOME", least: 8, spare: true}, column{title: "REASON", least: 14},
	)
	for _, a := range records {
		t.add(r.stamp(a.At), a.Author, a.Action, a.Selection, a.Outcome, a.Reason)
	}
	return t.print(r.out, r.screen)
}
