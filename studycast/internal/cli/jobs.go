package cli

import (
	"fmt"
	"iter"

	"github.com/studycast/studycast/client"
)

// jobsCmd lists jobs.
type jobsCmd struct {
	State []string `help:"Only jobs in these states, separated by commas."`
	Kind  string   `help:"Only jobs of this kind."`
	Owner string   `help:"For operators: whose jobs, * = everybody's. Yours by default." placeholder:"OWNER"`
	Limit int      `help:"At most this many." default:"20"`
	JSON  bool     `help:"Print the jobs as JSON."`

	server `embed:""`
}

// Run prints a table, newest first.
func (c *jobsCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	jobs, err := first(c.Limit, cl.List(r.ctx, client.Filter{
		Owner: c.Owner, States: c.State, Kind: c.Kind, PageSize: min(c.Limit, maxPage),
	}))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, jobs)
	}
	t := newTable(
		column{title: "OWNER", least: 8}, column{title: "ID"}, column{title: "KIND", spare: true}, column{title: "STATE"},
		column{title: "PROGRESS", spare: true}, column{title: "CREATED", spare: true}, column{title: "WHAT", least: 20},
	)
	for _, j := range jobs {
		t.add(j.Owner, j.ID, j.Kind, j.State, fmt.Sprintf("%.0f %%", j.Progress), r.stamp(j.CreatedAt), what(j))
	}
	if c.Owner == "" { // all are the caller's
		t.drop(0)
	}
	return t.print(r.out, r.screen)
}

// maxPage is the largest page that the server gives.
const maxPage = 200

// first reads at most so many items of a list.
func first[T any](most int, list iter.Seq2[T, error]) ([]T, error) {
	items := []T{}
	if most <= 0 {
		return items, nil
	}
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		if items = append(items, item); len(items) == most {
			break
		}
	}
	return items, nil
}

// showCmd shows one job.
type showCmd struct {
	ID   string `arg:"" help:"Id of the job."`
	JSON bool   `help:"Print the job as JSON."`

	server `embed:""`
}

// Run prints the job.
func (c *showCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	j, err := cl.Get(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printJob(r, j, c.JSON)
}

// cancelCmd cancels a job.
type cancelCmd struct {
	ID   string `arg:"" help:"Id of the job."`
	JSON bool   `help:"Print the job as JSON."`

	server `embed:""`
}

// Run cancels the job.
func (c *cancelCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	j, err := cl.Cancel(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printJob(r, j, c.JSON)
}

// retryCmd gives a job another run.
type retryCmd struct {
	ID   string `arg:"" help:"Id of the job."`
	JSON bool   `help:"Print the job as JSON."`

	server `embed:""`
}

// Run retries the job.
func (c *retryCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	j, err := cl.Retry(r.ctx, c.ID)
	if err != nil {
		return err
	}
	return printJob(r, j, c.JSON)
}

// deleteCmd deletes a job.
type deleteCmd struct {
	ID string `arg:"" help:"Id of the job."`

	server `embed:""`
}

// Run deletes the job.
func (c *deleteCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	return cl.Delete(r.ctx, c.ID)
}
