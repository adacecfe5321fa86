package jobs

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
)

// Get reads a job with its history.
func (s *Service) Get(ctx context.Context, rawID string) (job.Job, error) {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return job.Job{}, err
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	return s.o.Status.Get(ctx, id, me.Reach())
}

// List reads a page of jobs, newest first: the caller's own when the filter names
// no owner. Operators may name anybody, or Everybody.
func (s *Service) List(ctx context.Context, f statusclient.ListFilter) (statusclient.Page, error) {
	me, err := Caller(ctx)
	if err != nil {
		return statusclient.Page{}, err
	}
	if err := checkFilter(f); err != nil {
		return statusclient.Page{}, err
	}
	if f.Owner, err = whose(me, f.Owner); err != nil {
		return statusclient.Page{}, err
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	return s.o.Status.List(ctx, f)
}

// maxPage bounds a page of jobs.
const maxPage = 200

func checkFilter(f statusclient.ListFilter) error {
	var bad []job.FieldError
	for _, state := range f.States {
		if !state.Valid() {
			bad = append(bad, job.FieldError{Path: "states", Message: fmt.Sprintf("%.40q is not a state: use scheduled, queued, running, retrying, parked, succeeded, failed or cancelled", string(state))})
		}
	}
	if f.Kind != "" && !f.Kind.Valid() {
		bad = append(bad, job.FieldError{Path: "kind", Message: fmt.Sprintf("%.40q is not a kind: use video or audio", string(f.Kind))})
	}
	if f.PageSize < 0 || f.PageSize > maxPage {
		bad = append(bad, job.FieldError{Path: "page_size", Message: fmt.Sprintf("is %d: use 1 to %d", f.PageSize, maxPage)})
	}
	if len(bad) > 0 {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// Cancel makes a job cancelled; a cancelled one stays so.
func (s *Service) Cancel(ctx context.Context, rawID string) (job.Job, error) {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return job.Job{}, err
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	by, err := s.by(ctx, me, id)
	if err != nil {
		return job.Job{}, err
	}
	return s.o.Status.Cancel(ctx, id, me.Reach(), "cancelled "+by)
}

// Retry queues a failed or cancelled job again.
func (s *Service) Retry(ctx context.Context, rawID string) (job.Job, error) {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return job.Job{}, err
	}
	if err := s.o.Relay.Accepts(); err != nil {
		return job.Job{}, err
	}
	callCtx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	by, err := s.by(callCtx, me, id)
	if err != nil {
		return job.Job{}, err
	}
	if !me.Is(caller.Operator) { // whose job it may not be
		stored, err := s.o.Limit.Admit(callCtx, me)
		if err != nil {
			return job.Job{}, err
		}
		defer stored()
	}
	j, entry, err := s.o.Status.Retry(callCtx, id, me.Reach(), "tried again "+by)
	if err != nil {
		return job.Job{}, err
	}
	if entry != nil {
		s.o.Relay.Publish(ctx, *entry)
	}
	return j, nil
}

// Delete removes a final job and its files.
func (s *Service) Delete(ctx context.Context, rawID string) error {
	me, id, err := onJob(ctx, rawID)
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(ctx, callTimeout)
	defer done()
	return s.o.Status.Delete(ctx, id, me.Reach())
}

// by says who changes a job, for its history, where its owner reads it. An
// operator may own the job as well.
func (s *Service) by(ctx context.Context, me caller.Identity, id job.ID) (string, error) {
	if me.Is(caller.Operator) {
		j, err := s.o.Status.Get(ctx, id, me.Reach())
		if err != nil {
			return "", err
		}
		if j.Owner != me.Owner {
			return "by an operator", nil
		}
	}
	return "by its owner", nil
}
