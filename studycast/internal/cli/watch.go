package cli

import (
	"fmt"

	"github.com/studycast/studycast/client"
)

// watchCmd follows a job.
type watchCmd struct {
	ID   string `arg:"" help:"Id of the job."`
	JSON bool   `help:"Print every change as a line of JSON."`

	server `embed:""`
}

// Run follows the job; the exit code says whether it succeeded.
func (c *watchCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	return watch(r, cl, c.ID, c.JSON)
}

func watch(r *run, cl *client.Client, id string, asJSON bool) error {
	b := newBars(r.err, !asJSON)
	defer b.done()
	var move func(string, float64)
	last := client.Job{}
	for j, err := range cl.Watch(r.ctx, id) {
		if err != nil {
			return err
		}
		last = j
		if asJSON {
			if err := printLine(r.out, j); err != nil {
				return err
			}
			continue
		}
		if move == nil {
			move = b.add(j.Kind)
		}
		move(stageOf(j), j.Progress)
	}
	b.done()
	if !asJSON {
		if err := printJob(r, last, false); err != nil {
			return err
		}
	}
	if last.State != "succeeded" {
		return errSilent
	}
	return nil
}

// stageOf says where the job is, in a few words.
func stageOf(j client.Job) string {
	if j.State == client.Queued && j.Line != nil {
		return fmt.Sprintf("queued, place %d", j.Line.Position)
	}
	if j.State == "running" && j.Stage != "" {
		return j.Stage
	}
	return j.State
}
