package ledger

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Count counts the jobs of an owner; no states mean all of them.
func (l *Ledger) Count(ctx context.Context, owner string, states []job.State) (n int, err error) {
	if owner == "" {
		return 0, &job.InvalidError{Fields: []job.FieldError{{Path: "owner", Message: "is missing: name one"}}}
	}
	f := store.Filter{States: states}
	if err := checkFilter(&f); err != nil {
		return 0, err
	}
	err = l.store.View(ctx, func(r store.Reader) (err error) {
		n, err = r.CountJobs(owner, f.States)
		return err
	})
	return n, err
}
