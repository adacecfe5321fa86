package cli

import (
	"fmt"

	"github.com/studycast/studycast/client"
)

// replaysWatchCmd follows a replay.
type replaysWatchCmd struct {
	ID   string `arg:"" help:"Id of the replay."`
	JSON bool   `help:"Print every change as a line of JSON."`

	server `embed:""`
}

// Help is shown below the usage.
func (*replaysWatchCmd) Help() string {
	return "Ctrl-C ends the watching; the replay goes on.\n\n" + exitHelp
}

// Run follows the replay; the exit code says whether all of its letters
// recovered.
func (c *replaysWatchCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	return follow(r, cl, c.ID, c.JSON)
}

// follow shows a replay until its outcome is known.
func follow(r *run, cl *client.Client, id string, asJSON bool) error {
	m := newMeter(r, !asJSON)
	defer m.done()
	last := client.Replay{}
	for p, err := range cl.WatchReplay(r.ctx, id) {
		if err != nil && r.ctx.Err() != nil {
			m.done()
			return &exit{code: exitFailed, text: fmt.Sprintf("The replay goes on. Follow it: studycast replays watch %s; "+
				"end it: studycast replays stop %s --reason TEXT", id, id)}
		}
		if err != nil {
			return err
		}
		last = p
		if asJSON {
			err = printLine(r.out, p)
		} else {
			err = m.move(p)
		}
		if err != nil {
			return err
		}
	}
	m.done()
	if !asJSON {
		if err := printReplay(r, last); err != nil {
			return err
		}
	}
	if last.Counts.Recovered != last.Letters {
		return &exit{code: exitPartly}
	}
	return nil
}

// meter shows how far a replay is: a moving bar on a terminal, a line now and
// then elsewhere.
type meter struct {
	bars *bars
	out  func(client.Replay) error
}

func newMeter(r *run, show bool) *meter {
	b := newBars(r.err, show)
	m := &meter{bars: b}
	if b.progress == nil {
		m.out = lines(r)
		return m
	}
	move := b.add("replay")
	m.out = func(p client.Replay) error {
		move(phase(p)+": "+progress(p), percent(p))
		return nil
	}
	return m
}

func (m *meter) move(p client.Replay) error { return m.out(p) }

func (m *meter) done() { m.bars.done() }

// lines prints a line when the replay changes its phase or another tenth of it
// is done.
func lines(r *run) func(client.Replay) error {
	lastPhase, lastTenth := "", -1
	return func(p client.Replay) error {
		now, tenth := phase(p), int(percent(p)/10)
		if now == lastPhase && tenth == lastTenth {
			return nil
		}
		lastPhase, lastTenth = now, tenth
		_, err := fmt.Fprintf(r.err, "replay %3.0f %%  %s: %s\n", percent(p), now, progress(p))
		return err
	}
}

// phase is the state of a replay, and whether it waits for its first letters.
func phase(p client.Replay) string {
	if p.State == client.ReplayRunning && p.Canary > 0 && !p.CanaryPassed {
		return "canary"
	}
	return p.State
}

// percent is how much of the outcome is known.
func percent(p client.Replay) float64 {
	if p.Letters == 0 {
		return 100
	}
	return 100 * float64(p.Letters-p.Counts.Waiting-p.Counts.Running) / float64(p.Letters)
}
