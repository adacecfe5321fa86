package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Times of what is left of deleted jobs.
const (
	TombstoneLife = 30 * 24 * time.Hour
	// SecondSweep removes what a worker wrote that had not yet heard of the end
	// of the job when it was deleted.
	SecondSweep = 15 * time.Minute
	// SweepRetry is the wait after a removal that failed.
	SweepRetry = time.Minute
)

// tidyAtOnce bounds one transaction of tidying.
const tidyAtOnce = 50

// Retain removes the jobs of a group beyond what its policy keeps.
func (l *Ledger) Retain(ctx context.Context, g store.Group) (int, error) {
	p := l.policies[g.Kind]
	done, err := l.retain(ctx, g, []job.State{job.Succeeded}, p.KeepSucceeded)
	if err != nil {
		return done, err
	}
	failed, err := l.retain(ctx, g, []job.State{job.Failed, job.Cancelled}, p.KeepFailed)
	return done + failed, err
}

func (l *Ledger) retain(ctx context.Context, g store.Group, states []job.State, keep int) (total int, err error) {
	for {
		n := 0
		err := l.update(ctx, func(w *work) error {
			ids, err := w.Surplus(g, states, keep, tidyAtOnce)
			if err != nil {
				return err
			}
			n = len(ids)
			for _, id := range ids {
				row, err := w.Job(id)
				if err != nil {
					return err
				}
				if err := w.remove(row); err != nil {
					return err
				}
			}
			return nil
		})
		total += n
		if err != nil || n < tidyAtOnce {
			return total, err
		}
	}
}

// Groups lists everybody whose jobs Retain may have to look at.
func (l *Ledger) Groups(ctx context.Context) (gs []store.Group, err error) {
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		gs, err = r.Groups()
		return err
	})
	return gs, err
}

// Sweep removes the artifacts of deleted jobs that are due. One that fails is
// tried again later and its error returned with the others.
func (l *Ledger) Sweep(ctx context.Context, remove func(context.Context, job.ID) error) error {
	var due []store.Tombstone
	err := l.update(ctx, func(w *work) (err error) {
		due, err = w.Unswept(w.now, tidyAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for i, t := range due {
		err := remove(ctx, t.JobID)
		errs = append(errs, err)
		due[i] = swept(t, l.Now(), err)
	}
	errs = append(errs, l.update(ctx, func(w *work) error {
		for _, t := range due {
			if err := w.PutTombstone(t); err != nil {
				return err
			}
			if !t.SweepAt.IsZero() {
				w.Note(store.Note{Deadline: t.SweepAt})
			}
		}
		return nil
	}))
	return errors.Join(errs...)
}

func swept(t store.Tombstone, now time.Time, err error) store.Tombstone {
	switch {
	case err != nil:
		t.SweepAt = now.Add(SweepRetry)
	case t.Sweeps == 0:
		t.Sweeps, t.SweepAt = 1, now.Add(SecondSweep)
	default:
		t.Sweeps, t.SweepAt = t.Sweeps+1, time.Time{}
	}
	return t
}

// Expire forgets idempotency keys and tombstones whose time is over.
func (l *Ledger) Expire(ctx context.Context) error {
	return l.update(ctx, func(w *work) error {
		if err := w.ExpireKeys(w.now); err != nil {
			return err
		}
		return w.ExpireTombstones(w.now.Add(-TombstoneLife))
	})
}

// Deadlines are the next times at which something is due; zero = never.
type Deadlines struct {
	Promise time.Time // for Claim
	Rescue  time.Time
	Sweep   time.Time
	Expire  time.Time
	Unpark  time.Time
}

// Deadlines reads them.
func (l *Ledger) Deadlines(ctx context.Context) (Deadlines, error) {
	var d store.Deadlines
	err := l.store.View(ctx, func(r store.Reader) (err error) {
		d, err = r.Deadlines()
		return err
	})
	out := Deadlines{Promise: d.Promise, Rescue: d.Session, Sweep: d.Sweep, Expire: d.Key, Unpark: d.Parking}
	for k, at := range d.Started {
		out.Rescue = Earlier(out.Rescue, l.overdueAt(k, at))
	}
	if !d.Tombstone.IsZero() {
		out.Expire = Earlier(out.Expire, d.Tombstone.Add(TombstoneLife))
	}
	return out, err
}

// Earlier returns the earlier of two times, of which zero means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Counts counts jobs, sessions and promises.
func (l *Ledger) Counts(ctx context.Context) (c store.Counts, err error) {
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		c, err = r.Counts()
		return err
	})
	return c, err
}
