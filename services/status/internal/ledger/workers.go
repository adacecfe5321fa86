package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// ErrWorkerUnknown: no open session has this id.
var ErrWorkerUnknown = errors.New("no such worker")

// WorkerState is what a worker does about jobs.
type WorkerState string

// The states of a worker.
const (
	Working  WorkerState = "working"
	Paused   WorkerState = "paused"   // it takes none, what runs goes on
	Draining WorkerState = "draining" // it finishes what runs, then it ends
	Silent   WorkerState = "silent"   // it was not heard of for longer than heartbeats take
)

// WorkerStates lists every state.
func WorkerStates() []WorkerState { return []WorkerState{Working, Paused, Draining, Silent} }

// Worker is an open session with what it runs.
type Worker struct {
	store.Session
	State   WorkerState
	Running []store.AtWork // the longest running first
}

// Workers lists the workers of a kind, of all for "", by kind and name.
func (l *Ledger) Workers(ctx context.Context, k job.Kind) (ws []Worker, err error) {
	if k != "" && !k.Valid() {
		return nil, &job.InvalidError{Fields: []job.FieldError{{Path: "kind", Message: "is unknown: use video or audio"}}}
	}
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		ws, err = workers(r, k, l.Now())
		return err
	})
	return ws, err
}

func workers(r store.Reader, k job.Kind, now time.Time) ([]Worker, error) {
	staff, err := r.Staff(k)
	if err != nil {
		return nil, err
	}
	pauses, err := r.Pauses()
	if err != nil {
		return nil, err
	}
	runs := map[job.SessionID][]store.AtWork{}
	for _, kind := range job.Kinds() {
		if k != "" && k != kind {
			continue
		}
		at, err := r.AtWork(kind)
		if err != nil {
			return nil, err
		}
		for _, a := range at {
			runs[a.Session] = append(runs[a.Session], a)
		}
	}
	ws := make([]Worker, len(staff))
	for i, s := range staff {
		for _, p := range pauses {
			s.Paused = s.Paused || p.Kind == s.Kind
		}
		ws[i] = Worker{Session: s, State: stateOf(s, now), Running: runs[s.ID]}
	}
	return ws, nil
}

func stateOf(s store.Session, now time.Time) WorkerState {
	switch {
	case now.Sub(s.HeardAt) >= decide.Silence:
		return Silent
	case s.Draining:
		return Draining
	case s.Paused:
		return Paused
	}
	return Working
}

// DrainWorker lets a worker finish what it runs and end. A drain under way stays
// as it is.
func (l *Ledger) DrainWorker(ctx context.Context, id job.SessionID, by Act) (out Worker, err error) {
	if err := by.check(); err != nil {
		return out, err
	}
	by.action = ActionDrain
	err = l.update(ctx, func(w *work) error {
		s, err := w.Session(id)
		if missing(err) || err == nil && !s.EndsAt.After(w.now) {
			return ErrWorkerUnknown
		}
		if err != nil {
			return err
		}
		outcome, err := w.drain(&s)
		if err != nil {
			return err
		}
		if out, err = w.worker(s); err != nil {
			return err
		}
		if outcome == "" {
			outcome = fmt.Sprintf("draining: %d running to their end", len(out.Running))
		}
		return w.record(by, string(id)+" ("+s.Worker+")", outcome)
	})
	return out, err
}

// drain returns an outcome when there is nothing to do.
func (w *work) drain(s *store.Session) (outcome string, err error) {
	if s.Draining {
		return "nothing changed: it was draining", nil
	}
	s.Draining = true
	w.Note(store.Note{Session: s.ID, Orders: true})
	return "", w.PutSession(*s)
}

func (w *work) worker(s store.Session) (Worker, error) {
	out := Worker{Session: s, State: stateOf(s, w.now)}
	at, err := w.AtWork(s.Kind)
	for _, a := range at {
		if a.Session == s.ID {
			out.Running = append(out.Running, a)
		}
	}
	return out, err
}

// Orders reads what a session is to do; job.ErrSessionUnknown when it is over.
func (l *Ledger) Orders(ctx context.Context, id job.SessionID) (o store.Orders, err error) {
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		o, err = r.Orders(id)
		return err
	})
	if missing(err) {
		err = job.ErrSessionUnknown
	}
	return o, err
}

// Census is what the gauges show of queues and workers.
type Census struct {
	Paused  map[job.Kind]bool
	Workers map[job.Kind]map[WorkerState]int
	Demand  map[job.Kind]store.Demand
}

// Census counts.
func (l *Ledger) Census(ctx context.Context) (c Census, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		c = Census{Paused: map[job.Kind]bool{}, Workers: map[job.Kind]map[WorkerState]int{}}
		pauses, err := r.Pauses()
		for _, p := range pauses {
			c.Paused[p.Kind] = true
		}
		if err != nil {
			return err
		}
		if c.Demand, err = r.Demand(l.Now()); err != nil {
			return err
		}
		staff, err := r.Staff("")
		for _, s := range staff {
			s.Paused = c.Paused[s.Kind]
			if c.Workers[s.Kind] == nil {
				c.Workers[s.Kind] = map[WorkerState]int{}
			}
			c.Workers[s.Kind][stateOf(s, l.Now())]++
		}
		return err
	})
	return c, err
}
