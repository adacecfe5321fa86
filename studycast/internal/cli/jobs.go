package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/studycast/client"
)

// submitCmd asks a server for a lesson.
type submitCmd struct {
	Source string `arg:"" name:"url-or-file" help:"Address of a page, or a file to upload."`
	Key    string `help:"Idempotency key: the same key gives the same job." placeholder:"KEY"`
	Watch  bool   `help:"Follow the job until it is final." short:"w"`
	JSON   bool   `help:"Print the job as JSON."`

	choices `embed:""`
	server  `embed:""`
}

// Run submits and prints the id.
func (c *submitCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	req := client.Request{Kind: c.Kind, Options: client.Options{Length: c.Length, Theme: c.Theme, Language: c.Language}}
	if strings.Contains(c.Source, "://") {
		req.Source.URL = c.Source
	} else {
		id, err := upload(r, cl, c.Source)
		if err != nil {
			return err
		}
		req.Source.Upload = id
	}
	j, err := cl.Submit(r.ctx, req, c.Key)
	if err != nil {
		return err
	}
	if c.Watch {
		return watch(r, cl, j.ID, c.JSON)
	}
	return printJob(r, j, c.JSON)
}

func upload(r *run, cl *client.Client, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(fault.Request, err, "%s can't be read: give the address of a page (https://…) or a file that exists.", path)
	}
	defer func() { _ = f.Close() }()
	types := map[string]string{".html": "text/html", ".htm": "text/html", ".pdf": "application/pdf", ".md": "text/markdown", ".txt": "text/plain"}
	mediaType, ok := types[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return "", fault.New(fault.Request, "%s: only .html, .pdf, .md and .txt files can be uploaded.", path)
	}
	return cl.Upload(r.ctx, filepath.Base(path), mediaType, f)
}

// jobsCmd lists jobs.
type jobsCmd struct {
	State string `help:"Only jobs in this state."`
	Kind  string `help:"Only jobs of this kind."`
	Limit int    `help:"At most this many." default:"20"`
	JSON  bool   `help:"Print the jobs as JSON."`

	server `embed:""`
}

// Run prints a table, newest first.
func (c *jobsCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	page, err := cl.List(r.ctx, client.Filter{State: c.State, Kind: c.Kind, PageSize: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, page.Jobs)
	}
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tKIND\tSTATE\tPROGRESS\tCREATED\tWHAT")
	for _, j := range page.Jobs {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%.0f %%\t%s\t%s\n", j.ID, j.Kind, j.State, j.Progress, j.CreatedAt.Local().Format(time.DateTime), what(j))
	}
	return w.Flush()
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

// stageOf says where the job is, in one word.
func stageOf(j client.Job) string {
	if j.State == "running" && j.Stage != "" {
		return j.Stage
	}
	return j.State
}

func what(j client.Job) string {
	for _, s := range []string{j.Title, j.Source.URL, j.Source.Upload} {
		if s != "" {
			return s
		}
	}
	return "pasted text"
}

func printJob(r *run, j client.Job, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, j)
	}
	w := tabwriter.NewWriter(r.out, 0, 4, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	row("id", j.ID)
	row("kind", j.Kind)
	row("state", j.State)
	row("what", what(j))
	if !j.Final() {
		row("progress", fmt.Sprintf("%.0f %% %s", j.Progress, j.Stage))
	}
	if j.Fault != nil {
		row("fault", j.Fault.Text)
	}
	for _, m := range j.History {
		row(m.At.Local().Format(time.TimeOnly), moved(m))
	}
	for _, n := range j.Notes {
		row("note", n)
	}
	for _, a := range j.Artifacts {
		row("file", fmt.Sprintf("%s (%s)", a.Name, size(a.Size)))
	}
	return w.Flush()
}

// moved tells a change of state in one line.
func moved(m client.Move) string {
	text := m.To
	if m.Attempt > 0 {
		text += fmt.Sprintf(", attempt %d", m.Attempt)
	}
	if m.Why != "" {
		text += ": " + m.Why
	}
	return text
}

// size writes a number of bytes for a reader.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	if n < 1e6 {
		return fmt.Sprintf("%.0f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
