package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/studycast/studycast/client"
)

// queuesCmd is what operators do with queues.
type queuesCmd struct {
	List   queuesListCmd   `cmd:"" default:"withargs" help:"Show how it stands with every queue."`
	Pause  queuesPauseCmd  `cmd:"" help:"Let workers take no more jobs of a queue; what runs goes on."`
	Resume queuesResumeCmd `cmd:"" help:"Let workers take jobs of a queue again."`
}

// queuesListCmd shows the queues.
type queuesListCmd struct {
	JSON bool `help:"Print the queues as JSON."`

	server `embed:""`
}

// Run prints a table, and below it what needs an eye.
func (c *queuesListCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	queues, err := cl.Queues(r.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, queues)
	}
	return printQueues(r, queues)
}

func printQueues(r *run, queues []client.Queue) error {
	t := newTable(
		column{title: "QUEUE"}, column{title: "STATE"}, column{title: "WORKERS"}, column{title: "SLOTS", spare: true},
		column{title: "QUEUED"}, column{title: "RUNNING"}, column{title: "RETRYING", spare: true}, column{title: "PARKED"},
		column{title: "SCHEDULED", spare: true}, column{title: "OLDEST", least: 10}, column{title: "DEAD", spare: true},
	)
	for _, q := range queues {
		state, how := queueState(q)
		t.add(q.Name, cell{state, how}, q.Workers, q.Slots, q.Jobs[client.Queued], q.Jobs[client.Running], q.Jobs[client.Retrying],
			q.Jobs[client.Parked], q.Jobs[client.Scheduled], r.span(q.OldestAt), deadAtBroker(q.Broker))
	}
	if err := t.print(r.out, r.screen); err != nil {
		return err
	}
	for _, q := range queues {
		for _, line := range queueNotes(r, q) {
			if _, err := io.WriteString(r.out, r.screen.paint(uneasy, line)+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// queueState says in a word how it stands with a queue.
func queueState(q client.Queue) (string, style) {
	switch {
	case q.Pause != nil:
		return "paused", uneasy
	case q.Workers == 0:
		return "no worker", bad
	case len(q.Parking) > 0:
		return "parking", uneasy
	}
	return "working", good
}

func deadAtBroker(b *client.BrokerQueue) string {
	if b == nil {
		return "?"
	}
	return fmt.Sprint(b.Dead)
}

// queueNotes tells what keeps jobs of a queue from running.
func queueNotes(r *run, q client.Queue) []string {
	var notes []string
	if p := q.Pause; p != nil {
		notes = append(notes, fmt.Sprintf("%s is paused by %s since %s: %s", q.Name, plain(p.Author), r.momentAgo(p.At), plain(p.Reason)))
	}
	for _, p := range q.Parking {
		notes = append(notes, fmt.Sprintf("%s: %s for %s, down since %s: %s %s.",
			q.Name, counted(p.Jobs, "job")+" parked", plain(p.Dependency), r.momentAgo(p.Since), sentence(p.Reason), trial(r, p)))
	}
	if q.Workers == 0 {
		notes = append(notes, q.Name+": no worker takes its jobs")
	}
	if q.Broker == nil {
		notes = append(notes, q.Name+": the broker can't be asked what it holds")
	}
	return notes
}

// sentence ends a text of somebody else with a full stop.
func sentence(text string) string { return strings.TrimRight(plain(text), ". ") + "." }

// trial says when a parked dependency is tried again.
func trial(r *run, p client.Parking) string {
	switch {
	case p.Recovering:
		return "It answers again, and the jobs flow back"
	case p.NextTrialAt.IsZero():
		return "It is being tried now"
	}
	return "It is tried next at " + p.NextTrialAt.Local().Format(time.TimeOnly) + ", " + r.ago(p.NextTrialAt)
}

// oneQueue names a queue.
type oneQueue struct {
	Queue string `arg:"" help:"Name of the queue, like video-generation." completion-predictor:"queue"`

	act `embed:""`
}

func (c *oneQueue) print(r *run, q client.Queue) error {
	if c.JSON {
		return printJSON(r.out, q)
	}
	return printQueues(r, []client.Queue{q})
}

// queuesPauseCmd pauses a queue.
type queuesPauseCmd struct {
	oneQueue `embed:""`
}

// Run pauses the queue and prints it.
func (c *queuesPauseCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	q, err := cl.PauseQueue(r.ctx, c.Queue, c.Reason)
	if err != nil {
		return err
	}
	return c.print(r, q)
}

// queuesResumeCmd resumes a queue.
type queuesResumeCmd struct {
	oneQueue `embed:""`
}

// Run resumes the queue and prints it.
func (c *queuesResumeCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	q, err := cl.ResumeQueue(r.ctx, c.Queue, c.Reason)
	if err != nil {
		return err
	}
	return c.print(r, q)
}
