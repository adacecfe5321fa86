package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/internal/byline"
	"github.com/studycast/studycast/services/status/store"
)

// Actions on the record.
const (
	ActionPause  = "queue.pause"
	ActionResume = "queue.resume"
	ActionDrain  = "worker.drain"
)

// Act says who changes a queue or a worker, and why.
type Act struct {
	Author string
	Reason string
	action string
}

// check refuses what would not do for the record.
func (a Act) check() error { return byline.Check(a.Author, a.Reason) }

// record writes down what was done, in the transaction that does it: ids grow
// in the order of the commits.
func (w *work) record(by Act, selection, outcome string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make the id of a record: %w", err)
	}
	return w.AddRecord(store.Record{
		ID: id.String(), At: w.now, Author: by.Author, Action: by.action, Reason: by.Reason,
		Selection: selection, Outcome: outcome,
	})
}

// Records reads what was done, newest first; a limit of 0 is a page.
func (l *Ledger) Records(ctx context.Context, f store.RecordFilter) (rs []store.Record, err error) {
	switch {
	case f.Limit < 0 || f.Limit > maxPage:
		return nil, &job.InvalidError{Fields: []job.FieldError{{
			Path: "limit", Message: fmt.Sprintf("is %d: use 1 to %d", f.Limit, maxPage),
		}}}
	case f.Limit == 0:
		f.Limit = defaultPage
	}
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		rs, err = r.Records(f)
		return err
	})
	return rs, err
}
