package ledger

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// maxClaim bounds one claim: the answer carries whole requests.
const maxClaim = 200

// Claim takes promises that are due and releases jobs whose turn has come. Half
// of what it takes are such turns when there are so many of both, so that
// neither sort holds up the other. A scheduled job is queued by it and stands in
// line.
func (l *Ledger) Claim(ctx context.Context, limit int) ([]Entry, error) {
	limit = max(1, min(limit, maxClaim))
	var entries []Entry
	err := l.update(ctx, func(w *work) error {
		c := &claim{work: w, lines: map[job.Kind]store.Line{}, room: map[job.Kind]int{}}
		turns, err := c.look()
		if err != nil {
			return err
		}
		if entries, err = c.due(limit - min(turns, (limit+1)/2)); err != nil {
			return err
		}
		for _, k := range job.Kinds() {
			released, err := w.release(k, min(c.room[k], limit-len(entries)))
			if err != nil {
				return err
			}
			entries = append(entries, released...)
		}
		return nil
	})
	return entries, err
}

// claim is one under way.
type claim struct {
	*work
	lines map[job.Kind]store.Line
	room  map[job.Kind]int
}

// look reads how it stands with every kind. turns is how many of those who wait
// there may be room for.
func (c *claim) look() (turns int, err error) {
	for _, k := range job.Kinds() {
		if c.lines[k], c.room[k], err = c.l.room(c, c.now, k); err != nil {
			return 0, err
		}
		if c.lines[k].Waiting {
			turns += c.room[k]
		}
	}
	return turns, nil
}

func (c *claim) due(limit int) ([]Entry, error) {
	if limit < 1 {
		return nil, nil
	}
	due, err := c.DuePromises(c.now, limit)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, p := range due {
		e, err := c.take(p)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, *e)
		}
	}
	return entries, nil
}

// take returns no entry for a scheduled job, nor for one whose message the
// broker has had for a while and nothing says that it was lost.
func (c *claim) take(p store.Promise) (*Entry, error) {
	row, err := c.Job(p.JobID)
	if err != nil {
		return nil, err
	}
	step, err := decide.Claimed(row, c.now)
	if err != nil {
		return nil, err
	}
	if step.Changed {
		_, _, err := c.apply(step, false)
		return nil, err
	}
	if line := c.lines[row.Request.Kind]; p.Token == 0 && line.Running >= line.Slots {
		p.Due = c.now.Add(decide.Lost)
		return nil, c.PutPromise(p)
	}
	if p.Token, err = c.NextSeq(); err != nil {
		return nil, err
	}
	p.Due = c.now.Add(decide.RelayClaim)
	c.Note(store.Note{Due: p.Due})
	e := entryOf(row, p.Token)
	return &e, c.PutPromise(p)
}

// NextClaim returns when Claim has something to do; zero = not before a Note
// says so.
func (l *Ledger) NextClaim(ctx context.Context) (next time.Time, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		now := l.Now()
		d, err := r.Deadlines()
		if next = d.Promise; err != nil || !next.IsZero() && !next.After(now) {
			return err
		}
		for _, k := range job.Kinds() {
			line, room, err := l.room(r, now, k)
			if err != nil {
				return err
			}
			if line.Waiting && room > 0 {
				next = now
			}
		}
		return nil
	})
	return next, err
}

// Confirmation says that the message of a claim was published.
type Confirmation struct {
	JobID job.ID
	Token int64
}

// Confirm takes note that the broker has the messages of claims. It never loses
// one that it has confirmed, but operators empty queues and disks die: a job that
// is not started while workers have nothing to do is published anew, so that it
// neither waits for ever nor keeps the room from those in line. A token that is
// not that of the latest claim changes nothing.
func (l *Ledger) Confirm(ctx context.Context, cs []Confirmation) error {
	return l.update(ctx, func(w *work) error {
		for _, c := range cs {
			if c.Token <= 0 {
				continue
			}
			if err := w.Confirmed(c.JobID, c.Token, w.now.Add(decide.Lost)); err != nil {
				return err
			}
		}
		return nil
	})
}
