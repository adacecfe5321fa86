package load

import (
	"context"
	"errors"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
)

const (
	// lookEvery is how often the list of unfinished jobs is read. Times come
	// from the jobs themselves, so reading late blurs nothing.
	lookEvery = 500 * time.Millisecond
	// clockSlack covers the rounding of times in filters.
	clockSlack = time.Second
)

// unfinished are the states that a wait waits for.
func unfinished() []job.State {
	var all []job.State
	for _, s := range job.States() {
		if !s.Final() {
			all = append(all, s)
		}
	}
	return all
}

// waiter waits for the end of jobs.
type waiter struct {
	targets  targets
	timeout  time.Duration
	accepted []job.ID
	since    time.Time
	turn     int
}

// run waits until every job is final or ctx ends, and completes the report.
func (w *waiter) run(ctx context.Context, r *Report) {
	mine := make(map[job.ID]bool, len(w.accepted))
	for _, id := range w.accepted {
		mine[id] = true
	}
	for {
		done, err := w.done(ctx, mine)
		if err == nil && done || !sleep.For(ctx, lookEvery) {
			break
		}
	}
	// The report is read after a wait in vain as well.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	w.collect(last, mine, r)
}

// done looks for an unfinished job of ours.
func (w *waiter) done(ctx context.Context, mine map[job.ID]bool) (bool, error) {
	for token := ""; ; {
		p, err := w.page(ctx, unfinished(), token)
		if err != nil {
			return false, err
		}
		for _, j := range p.jobs {
			if mine[j.ID] {
				return false, nil
			}
		}
		if token = p.next; token == "" {
			return true, nil
		}
	}
}

func (w *waiter) page(ctx context.Context, states []job.State, token string) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	p, err := w.targets.of(w.turn).list(ctx, states, w.since.Add(-clockSlack), token)
	if err != nil {
		w.turn++ // the next gateway may be there
	}
	return p, err
}

// collect reads all our jobs.
func (w *waiter) collect(ctx context.Context, mine map[job.ID]bool, r *Report) {
	found := map[job.ID]job.Job{}
	for token := ""; ; {
		p, err := w.page(ctx, nil, token)
		if err != nil {
			if !sleep.For(ctx, lookEvery) {
				break
			}
			continue
		}
		for _, j := range p.jobs {
			if mine[j.ID] {
				found[j.ID] = j
			}
		}
		if token = p.next; token == "" {
			break
		}
	}
	w.sum(ctx, found, r)
}

func (w *waiter) sum(ctx context.Context, found map[job.ID]job.Job, r *Report) {
	var toStart, endToEnd []time.Duration
	var last time.Time
	for _, id := range w.accepted {
		j, ok := found[id]
		if !ok {
			var err error
			// A page may have moved under the reading.
			if j, err = w.get(ctx, id); errors.Is(err, job.ErrNotFound) {
				r.Missing = append(r.Missing, id)
				continue
			}
		}
		if !j.State.Final() {
			r.Pending = append(r.Pending, id)
			continue
		}
		r.Finals[j.State]++
		if j.FinishedAt.After(last) {
			last = j.FinishedAt
		}
		if j.Attempt == 1 {
			toStart = append(toStart, j.StartedAt.Sub(j.CreatedAt))
		}
		if j.State == job.Succeeded {
			endToEnd = append(endToEnd, j.FinishedAt.Sub(j.CreatedAt))
		}
	}
	r.ToStart, r.EndToEnd = spread(toStart), spread(endToEnd)
	if took := last.Sub(w.since); took > 0 {
		r.JobsPerSec = float64(len(w.accepted)-len(r.Pending)-len(r.Missing)) / took.Seconds()
	}
}

func (w *waiter) get(ctx context.Context, id job.ID) (job.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	return w.targets.of(w.turn).get(ctx, id)
}
