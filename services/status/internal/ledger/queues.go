package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// ErrQueueUnknown: no work queue has this name.
var ErrQueueUnknown = errors.New("no such queue")

// Queue is how it stands with the jobs of a kind.
type Queue struct {
	Kind    job.Kind
	Pause   *store.Pause // nil while it isn't paused
	Load    store.Load
	Workers int // that take its jobs
	Slots   int // jobs that they run at once
	Parking []store.Parking
}

// Queues reads every queue by name.
func (l *Ledger) Queues(ctx context.Context) (qs []Queue, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		qs = nil
		for _, k := range job.Kinds() {
			q, err := queueOf(r, k, l.Now())
			if err != nil {
				return err
			}
			qs = append(qs, q)
		}
		return nil
	})
	slices.SortFunc(qs, func(a, b Queue) int { return strings.Compare(a.Kind.Queue(), b.Kind.Queue()) })
	return qs, err
}

func queueOf(r store.Reader, k job.Kind, now time.Time) (Queue, error) {
	q := Queue{Kind: k}
	var err error
	if q.Pause, err = pauseOf(r, k); err != nil {
		return q, err
	}
	if q.Load, err = r.Load(k, now); err != nil {
		return q, err
	}
	if q.Parking, err = parkingOf(r, k); err != nil {
		return q, err
	}
	staff, err := r.Staff(k)
	for _, s := range staff {
		if !s.Draining {
			q.Workers++
			q.Slots += s.Slots
		}
	}
	return q, err
}

func pauseOf(r store.Reader, k job.Kind) (*store.Pause, error) {
	ps, err := r.Pauses()
	for _, p := range ps {
		if p.Kind == k {
			return &p, err
		}
	}
	return nil, err
}

// Pause lets no worker begin a job of a queue. A pause under way stays as it is.
func (l *Ledger) Pause(ctx context.Context, queue string, by Act) (Queue, error) {
	by.action = ActionPause
	return l.steer(ctx, queue, by, func(w *work, q *Queue) (outcome string, err error) {
		if q.Pause != nil {
			return "nothing changed: " + paused(*q.Pause), nil
		}
		q.Pause = &store.Pause{Kind: q.Kind, Author: by.Author, Reason: by.Reason, At: w.now}
		w.Note(store.Note{Orders: true})
		jobs := q.Load.Jobs
		return fmt.Sprintf("paused: %d queued, %d running to their end", jobs[job.Queued], jobs[job.Running]), w.PutPause(*q.Pause)
	})
}

// Resume ends a pause. The broker has kept the messages that were confirmed, so
// they get the usual time before they are taken for lost.
func (l *Ledger) Resume(ctx context.Context, queue string, by Act) (Queue, error) {
	by.action = ActionResume
	return l.steer(ctx, queue, by, func(w *work, q *Queue) (outcome string, err error) {
		if q.Pause == nil {
			return "nothing changed: it was not paused", nil
		}
		outcome = fmt.Sprintf("resumed: %s for %s", paused(*q.Pause), w.now.Sub(q.Pause.At).Round(time.Second))
		q.Pause = nil
		w.Note(store.Note{Orders: true, Due: w.now})
		return outcome, errors.Join(w.DropPause(q.Kind), w.PutOff(q.Kind, w.now.Add(decide.Lost)))
	})
}

func paused(p store.Pause) string { return "it was paused by " + p.Author }

// steer changes a queue and writes it down, both or nothing.
func (l *Ledger) steer(
	ctx context.Context, queue string, by Act, change func(*work, *Queue) (outcome string, err error),
) (q Queue, err error) {
	if err := by.check(); err != nil {
		return q, err
	}
	k, err := kindOf(queue)
	if err != nil {
		return q, err
	}
	err = l.update(ctx, func(w *work) error {
		var err error
		if q, err = queueOf(w, k, w.now); err != nil {
			return err
		}
		outcome, err := change(w, &q)
		if err != nil {
			return err
		}
		return w.record(by, queue, outcome)
	})
	return q, err
}

func kindOf(queue string) (job.Kind, error) {
	for _, k := range job.Kinds() {
		if k.Queue() == queue {
			return k, nil
		}
	}
	return "", ErrQueueUnknown
}
