package statustest

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// waits returns what a watcher waits on; mu is not held.
func (s *Status) waits() (changed, epoch chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed, s.epoch
}

func (s *Status) open(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches += n
}

// WatchJob implements the status service.
func (s *Status) WatchJob(ctx context.Context, id job.ID, owner string, after int64) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		s.open(1)
		defer s.open(-1)
		_, epoch := s.waits()
		for {
			changed, _ := s.waits()
			j, err := s.Get(ctx, id, owner)
			if err != nil {
				yield(job.Job{}, err)
				return
			}
			if j.Version > after {
				after = j.Version
				if !yield(j, nil) {
					return
				}
			}
			if j.State.Final() {
				return
			}
			if err := wait(ctx, changed, epoch); err != nil {
				yield(job.Job{}, err)
				return
			}
		}
	}
}

// WatchOwner implements the status service.
func (s *Status) WatchOwner(ctx context.Context, owner string, after int64) iter.Seq2[statusclient.OwnerEvent, error] {
	return func(yield func(statusclient.OwnerEvent, error) bool) {
		s.open(1)
		defer s.open(-1)
		_, epoch := s.waits()
		for {
			changed, _ := s.waits()
			events, err := s.since(owner, after)
			if err != nil {
				yield(statusclient.OwnerEvent{}, err)
				return
			}
			for _, e := range events {
				after = e.Seq
				if !yield(e, nil) {
					return
				}
			}
			if err := wait(ctx, changed, epoch); err != nil {
				yield(statusclient.OwnerEvent{}, err)
				return
			}
		}
	}
}

func (s *Status) since(owner string, after int64) ([]statusclient.OwnerEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	var events []statusclient.OwnerEvent
	for _, j := range s.jobs {
		if j.Seq > after && (owner == "" || j.Owner == owner) {
			j.History = nil
			events = append(events, statusclient.OwnerEvent{Job: &j, Seq: j.Seq})
		}
	}
	for id, d := range s.deleted {
		if d.seq > after && (owner == "" || d.owner == owner) {
			events = append(events, statusclient.OwnerEvent{Deleted: id, Seq: d.seq})
		}
	}
	slices.SortFunc(events, func(a, b statusclient.OwnerEvent) int { return cmp.Compare(a.Seq, b.Seq) })
	return events, nil
}

func wait(ctx context.Context, changed, epoch chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-epoch:
		return job.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}
