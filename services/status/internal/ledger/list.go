package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// List reads a page of jobs, newest first, without history. The token of the
// next page is "" on the last one.
func (l *Ledger) List(ctx context.Context, f store.Filter, token string) ([]job.Job, string, error) {
	if err := checkFilter(&f); err != nil {
		return nil, "", err
	}
	if token != "" {
		c, err := decodeToken(token, f)
		if err != nil {
			return nil, "", err
		}
		f.Before = &c
	}
	size := f.Limit
	f.Limit++ // one more tells whether another page follows
	var rows []store.Row
	err := l.store.View(ctx, func(r store.Reader) (err error) {
		rows, err = r.Jobs(f)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		next = encodeToken(store.Cursor{CreatedAt: last.CreatedAt, ID: last.ID}, f)
	}
	jobs := make([]job.Job, len(rows))
	for i, r := range rows {
		jobs[i] = r.Job
		l.show(ctx, r, &jobs[i])
	}
	return jobs, next, nil
}

func checkFilter(f *store.Filter) error {
	var bad []job.FieldError
	switch {
	case f.Limit < 0 || f.Limit > maxPage:
		bad = append(bad, job.FieldError{Path: "page_size", Message: fmt.Sprintf("is %d: use 1 to %d", f.Limit, maxPage)})
	case f.Limit == 0:
		f.Limit = defaultPage
	}
	if f.Kind != "" && !f.Kind.Valid() {
		bad = append(bad, job.FieldError{Path: "kind", Message: "is unknown: use video or audio"})
	}
	for _, s := range f.States {
		if !s.Valid() {
			bad = append(bad, job.FieldError{Path: "states", Message: fmt.Sprintf("one is unknown: use some of %v", job.States())})
			break
		}
	}
	slices.Sort(f.States)
	f.States = slices.Compact(f.States)
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// Event is one job after a change, or one that was deleted.
type Event struct {
	Job     *job.Job // without history
	Deleted job.ID
	Seq     int64
}

// EventsAtOnce bounds what one read of changes holds in memory.
const EventsAtOnce = 200

// Snapshot reads an owner's newest jobs in the order of their last change, and
// the seq up to which nothing is missing.
func (l *Ledger) Snapshot(ctx context.Context, owner string) (events []Event, upTo int64, err error) {
	var rows []store.Row
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		if rows, err = r.Jobs(store.Filter{Owner: owner, Limit: EventsAtOnce}); err != nil {
			return err
		}
		upTo, err = r.LastSeq()
		return err
	})
	return l.events(ctx, rows, nil), upTo, err
}

// Changes reads what changed after a seq, in order; empty when nothing did.
// known is false when the store never gave out that seq, so that the caller
// comes from another store and has to start with a snapshot.
func (l *Ledger) Changes(ctx context.Context, owner string, after int64) (events []Event, known bool, err error) {
	var rows []store.Row
	var gone []store.Tombstone
	err = l.store.View(ctx, func(r store.Reader) error {
		last, err := r.LastSeq()
		if err != nil {
			return err
		}
		known = after <= last
		if rows, err = r.Changed(owner, after, EventsAtOnce); err != nil {
			return err
		}
		gone, err = r.Buried(owner, after, EventsAtOnce)
		return err
	})
	return l.events(ctx, rows, gone), known, err
}

// events puts both in the order of seq. Each holds the first of its sort, so
// the first of both together miss nothing.
func (l *Ledger) events(ctx context.Context, rows []store.Row, gone []store.Tombstone) []Event {
	var events []Event
	for _, r := range rows {
		j := r.Job
		l.show(ctx, r, &j)
		events = append(events, Event{Job: &j, Seq: r.Seq})
	}
	for _, t := range gone {
		events = append(events, Event{Deleted: t.JobID, Seq: t.Seq})
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return events[:min(len(events), EventsAtOnce)]
}
