package ledger

import (
	"context"
	"slices"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// DefaultParkRate is how many jobs go on in a second when what they were parked
// for answers again.
const DefaultParkRate = 5

// parkingOf lists what is down for the jobs of a kind.
func parkingOf(r store.Reader, k job.Kind) ([]store.Parking, error) {
	all, err := r.Parkings()
	return slices.DeleteFunc(all, func(p store.Parking) bool { return p.Kind != k }), err
}

// unparkAtOnce bounds one transaction of Unpark for one dependency.
const unparkAtOnce = 16

// Unpark does what is due for the jobs that are parked: of a dependency that is
// down one goes and tries it; of one that answers again they go on one by one.
func (l *Ledger) Unpark(ctx context.Context) error {
	return l.update(ctx, func(w *work) error {
		due, err := w.DueParkings(w.now)
		if err != nil {
			return err
		}
		for _, p := range due {
			step := w.try
			if !p.AnsweredAt.IsZero() {
				step = w.flow
			}
			if err := step(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// try sends the job that is parked longest to try a dependency, unless one is at
// it already.
func (w *work) try(p store.Parking) error {
	underway, err := w.tried(p)
	if err != nil {
		return err
	}
	p.Due = w.now.Add(decide.TrialNet)
	if underway {
		return w.putParking(p)
	}
	r, err := w.FirstParked(p.Kind, p.Dependency)
	if missing(err) {
		return w.DropParking(p.Kind, p.Dependency)
	}
	if err != nil {
		return err
	}
	step, err := decide.Try(r, w.now)
	if err != nil {
		return err
	}
	if _, _, err := w.apply(step, false); err != nil {
		return err
	}
	p.Trial = decide.Name(r)
	return w.putParking(p)
}

// tried reports whether a job tries a dependency.
func (w *work) tried(p store.Parking) (bool, error) {
	if p.Trial == "" {
		return false, nil
	}
	r, has, err := w.run(p.Trial)
	if missing(err) {
		return false, nil
	}
	return has && !r.State.Final() && r.Trial == p.Dependency, err
}

// flow lets those go on whose time has come.
func (w *work) flow(p store.Parking) error {
	for range unparkAtOnce {
		if p.Due.After(w.now) {
			break
		}
		r, err := w.NextParked(p.Kind, p.Dependency, p.Owner)
		if missing(err) {
			return w.DropParking(p.Kind, p.Dependency)
		}
		if err != nil {
			return err
		}
		step, err := decide.Unpark(r, w.now)
		if err != nil {
			return err
		}
		if _, _, err := w.apply(step, false); err != nil {
			return err
		}
		p.Owner, p.Due = r.Owner, decide.Flow(p.Due, w.now, w.l.parkRate)
	}
	return w.putParking(p)
}

func (w *work) putParking(p store.Parking) error {
	w.Note(store.Note{Deadline: p.Due})
	return w.PutParking(p)
}

// reckon keeps what is known of dependencies, before the row of a job is written
// to which something happened: it was parked, or it is a trial that has shown
// something.
func (w *work) reckon(s *decide.Step) error {
	parked := s.Down != "" && s.Row.Leader == ""
	tried := s.Row.Trial
	again := parked && tried == s.Row.Dependency
	if tried != "" && !again {
		if err := w.conclude(s, tried); err != nil {
			return err
		}
	}
	if !parked {
		return nil
	}
	p, err := w.Parking(s.Row.Request.Kind, s.Row.Dependency)
	if err != nil && !missing(err) {
		return err
	}
	p = decide.Met(p, *s, w.now)
	if again {
		s.Row.Trial, s.Tried, s.Trial = "", tried, decide.StillDown
	}
	return w.putParking(p)
}

func (w *work) conclude(s *decide.Step, tried string) error {
	p, err := w.Parking(s.Row.Request.Kind, tried)
	if missing(err) {
		s.Row.Trial = ""
		return nil
	}
	if err != nil {
		return err
	}
	t := decide.Tell(p, s.Row)
	if t == decide.Underway {
		return nil
	}
	s.Row.Trial, s.Tried, s.Trial = "", tried, t
	return w.putParking(decide.Conclude(p, t, w.now))
}
