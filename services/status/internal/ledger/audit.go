package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
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

const (
	maxAuthor = 256  // bytes
	maxReason = 1000 // bytes
)

// check refuses what would not do for the record.
func (a Act) check() error {
	var bad []job.FieldError
	for _, f := range []struct {
		path, value string
		limit       int
	}{{"author", a.Author, maxAuthor}, {"reason", a.Reason, maxReason}} {
		switch {
		case strings.TrimSpace(f.value) == "":
			bad = append(bad, job.FieldError{Path: f.path, Message: "is empty: say who does it and why, for the record"})
		case len(f.value) > f.limit:
			bad = append(bad, job.FieldError{Path: f.path, Message: fmt.Sprintf("has %d bytes: use at most %d", len(f.value), f.limit)})
		}
	}
	if bad != nil {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

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
