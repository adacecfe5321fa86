package app_test

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/statustest"
)

// weather is the error that everything behind the gateway answers with.
type weather struct{ now atomic.Pointer[error] }

func (w *weather) set(err error) { w.now.Store(&err) }

func (w *weather) err() error {
	if p := w.now.Load(); p != nil {
		return *p
	}
	return nil
}

// stormy is a status service under a weather.
type stormy struct {
	*statustest.Status
	*weather
}

func (s stormy) Create(ctx context.Context, in statusclient.CreateInput) (statusclient.Created, error) {
	if err := s.err(); err != nil {
		return statusclient.Created{}, err
	}
	return s.Status.Create(ctx, in)
}

func (s stormy) Get(ctx context.Context, id job.ID, owner string) (job.Job, error) {
	if err := s.err(); err != nil {
		return job.Job{}, err
	}
	return s.Status.Get(ctx, id, owner)
}

func (s stormy) List(ctx context.Context, f statusclient.ListFilter) (statusclient.Page, error) {
	if err := s.err(); err != nil {
		return statusclient.Page{}, err
	}
	return s.Status.List(ctx, f)
}

func (s stormy) Cancel(ctx context.Context, id job.ID, owner, why string) (job.Job, error) {
	if err := s.err(); err != nil {
		return job.Job{}, err
	}
	return s.Status.Cancel(ctx, id, owner, why)
}

func (s stormy) Retry(ctx context.Context, id job.ID, owner, why string) (job.Job, *statusclient.OutboxEntry, error) {
	if err := s.err(); err != nil {
		return job.Job{}, nil, err
	}
	return s.Status.Retry(ctx, id, owner, why)
}

func (s stormy) Delete(ctx context.Context, id job.ID, owner string) error {
	if err := s.err(); err != nil {
		return err
	}
	return s.Status.Delete(ctx, id, owner)
}

// wetStore is a store of files under a weather.
type wetStore struct {
	artifact.Store
	*weather
}

func (s wetStore) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	if err := s.err(); err != nil {
		return artifact.Info{}, err
	}
	return s.Store.Put(ctx, key, r, mediaType)
}

func (s stormy) Queues(ctx context.Context) ([]statusclient.Queue, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Status.Queues(ctx)
}

func (s stormy) PauseQueue(ctx context.Context, queue, author, reason string) (statusclient.Queue, error) {
	if err := s.err(); err != nil {
		return statusclient.Queue{}, err
	}
	return s.Status.PauseQueue(ctx, queue, author, reason)
}

func (s stormy) ResumeQueue(ctx context.Context, queue, author, reason string) (statusclient.Queue, error) {
	if err := s.err(); err != nil {
		return statusclient.Queue{}, err
	}
	return s.Status.ResumeQueue(ctx, queue, author, reason)
}

func (s stormy) Workers(ctx context.Context, kind job.Kind) ([]statusclient.WorkerInfo, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Status.Workers(ctx, kind)
}

func (s stormy) DrainWorker(ctx context.Context, id, author, reason string) (statusclient.WorkerInfo, error) {
	if err := s.err(); err != nil {
		return statusclient.WorkerInfo{}, err
	}
	return s.Status.DrainWorker(ctx, id, author, reason)
}
