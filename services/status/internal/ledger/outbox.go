package ledger

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/decide"
	"github.com/studycast/studycast/services/status/store"
)

// maxClaim bounds one claim: the answer carries whole requests.
const maxClaim = 200

// Claim takes promises that are due, in the fair order of owners. A scheduled
// job is queued by it.
func (l *Ledger) Claim(ctx context.Context, limit int) ([]Entry, error) {
	limit = max(1, min(limit, maxClaim))
	var entries []Entry
	err := l.update(ctx, func(w *work) error {
		entries = nil
		due, err := w.DuePromises(w.now, limit)
		if err != nil {
			return err
		}
		for _, p := range due {
			e, err := w.claim(p)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, err
}

func (w *work) claim(p store.Promise) (Entry, error) {
	row, err := w.Job(p.JobID)
	if err != nil {
		return Entry{}, err
	}
	step, err := decide.Claimed(row, w.now)
	if err != nil {
		return Entry{}, err
	}
	if row, _, err = w.apply(step, false); err != nil {
		return Entry{}, err
	}
	token, err := w.NextSeq()
	if err != nil {
		return Entry{}, err
	}
	p.Token, p.Due = token, w.now.Add(decide.RelayClaim)
	w.Note(store.Note{Due: p.Due})
	return entryOf(row, token), w.PutPromise(p)
}

// Confirmation says that the message of a claim was published.
type Confirmation struct {
	JobID job.ID
	Token int64
}

// Confirm removes the promises whose messages the broker has. A token that is
// not that of the latest claim changes nothing.
func (l *Ledger) Confirm(ctx context.Context, cs []Confirmation) error {
	return l.update(ctx, func(w *work) error {
		for _, c := range cs {
			if c.Token <= 0 {
				continue
			}
			if err := w.DropPromise(c.JobID, c.Token); err != nil {
				return err
			}
		}
		return nil
	})
}
