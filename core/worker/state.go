package worker

import (
	"slices"
	"time"

	"github.com/studycast/studycast/core/job"
)

// State is a worker at one moment, as operators see it.
type State struct {
	Name      string
	Kind      job.Kind
	Slots     int
	Running   []Running     // the longest running first
	NotReady  string        // why it takes no jobs; "" when it does
	Draining  bool          // it takes no jobs any more and ends
	StartedAt time.Time     // when it was made
	Session   job.SessionID // "" while it has none
}

// Running is one attempt at work.
type Running struct {
	Job       job.ID
	Attempt   int
	Stage     string
	Percent   float64 // of the whole attempt
	StartedAt time.Time
	Deadline  time.Time // when its time limit ends
}

// State says what the worker does now.
func (w *Worker) State() State {
	s := State{
		Name: w.o.Name, Kind: w.o.Kind, Slots: w.o.Slots, StartedAt: w.made,
		Draining: w.life.draining.Err() != nil,
	}
	w.mu.Lock()
	session := w.session
	w.mu.Unlock()
	if session != nil {
		s.Session = session.ID()
	}
	if err := w.idle(); err != nil {
		s.NotReady = err.Error()
	}
	for _, r := range w.active.runs() {
		stage, percent := r.stages.at()
		s.Running = append(s.Running, Running{
			Job: r.a.Job.ID, Attempt: r.a.Number, Stage: stage, Percent: percent,
			StartedAt: r.began, Deadline: r.began.Add(r.limit),
		})
	}
	slices.SortFunc(s.Running, func(a, b Running) int { return a.StartedAt.Compare(b.StartedAt) })
	return s
}

// Drain begins the end of Run as the end of its context does: nothing new is
// taken, attempts may finish for DrainGrace, and what is not done by then is
// given back. It returns at once; reason is for the log. A second call, and one
// after the end, changes nothing.
func (w *Worker) Drain(reason string) { w.drain(reason) }
