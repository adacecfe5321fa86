package cli

import (
	"fmt"

	"github.com/studycast/studycast/client"
)

// workersCmd is what operators do with workers.
type workersCmd struct {
	List  workersListCmd  `cmd:"" default:"withargs" help:"List the workers with what each runs."`
	Drain workersDrainCmd `cmd:"" help:"Let a worker finish what it runs, and end."`
}

// workersListCmd lists workers.
type workersListCmd struct {
	Kind *string `help:"Only workers of this kind of job: video, audio." enum:"video,audio" placeholder:"KIND"`
	JSON bool    `help:"Print the workers as JSON."`

	server `embed:""`
}

// Run prints a table of the workers, and one of what they run.
func (c *workersListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	workers, err := cl.Workers(r.ctx, given(c.Kind))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, workers)
	}
	return printWorkers(r, workers)
}

func printWorkers(r *run, workers []client.Worker) error {
	t := newTable(
		column{title: "ID"}, column{title: "WORKER", least: 12}, column{title: "KIND", spare: true}, column{title: "STATE"},
		column{title: "BUSY"}, column{title: "UP", spare: true}, column{title: "HEARD", spare: true},
	)
	jobs := newTable(
		column{title: "JOB"}, column{title: "WORKER", least: 12, spare: true}, column{title: "ATTEMPT", spare: true},
		column{title: "STAGE", least: 6}, column{title: "DONE"}, column{title: "FOR", least: 8},
	)
	for _, w := range workers {
		t.add(w.ID, w.Name, w.Kind, cell{w.State, workerStyle(w.State)}, fmt.Sprintf("%d/%d", len(w.Running), w.Slots),
			r.span(w.OpenedAt), r.ago(w.HeardAt))
		for _, a := range w.Running {
			jobs.add(a.JobID, w.Name, a.Attempt, a.Stage, fmt.Sprintf("%.0f %%", a.Progress), r.span(a.StartedAt))
		}
	}
	if err := t.print(r.out, r.screen); err != nil || len(jobs.rows) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(r.out); err != nil {
		return err
	}
	return jobs.print(r.out, r.screen)
}

// workerStyle is how the state of a worker looks.
func workerStyle(state string) style {
	switch state {
	case "working":
		return good
	case "silent":
		return bad
	}
	return uneasy
}

// workersDrainCmd drains a worker.
type workersDrainCmd struct {
	ID string `arg:"" help:"Id of the worker, as studycast workers tells it."`

	act `embed:""`
}

// Run drains the worker and prints it; it does not wait for the end.
func (c *workersDrainCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	w, err := cl.DrainWorker(r.ctx, c.ID, c.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, w)
	}
	return printWorkers(r, []client.Worker{w})
}
