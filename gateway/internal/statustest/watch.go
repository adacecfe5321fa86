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

// WatchChanges implements the status service. Who falls behind is told that
// anything may have changed.
func (s *Status) WatchChanges(ctx context.Context) iter.Seq2[statusclient.News, error] {
	return func(yield func(statusclient.News, error) bool) {
		s.open(1)
		defer s.open(-1)
		changed, epoch := s.waits()
		seen, err := s.news(0)
		for n := (statusclient.News{All: true}); ; {
			if err != nil {
				yield(statusclient.News{}, err)
				return
			}
			if (n.All || len(n.Jobs) > 0) && !yield(n, nil) {
				return
			}
			if err = wait(ctx, changed, epoch); err != nil {
				continue
			}
			changed, _ = s.waits()
			n = statusclient.News{}
			var next named
			if next, err = s.news(seen.upTo); err == nil {
				n.Jobs, seen = next.jobs, next
			}
		}
	}
}

// named are the jobs that changed after a seq, and up to where.
type named struct {
	jobs []statusclient.Changed
	upTo int64
}

func (s *Status) news(after int64) (named, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return named{}, job.ErrUnavailable
	}
	n := named{upTo: s.seq}
	for id, j := range s.jobs {
		if j.Seq > after {
			n.jobs = append(n.jobs, statusclient.Changed{ID: id, Owner: j.Owner})
		}
	}
	for id, d := range s.deleted {
		if d.seq > after {
			n.jobs = append(n.jobs, statusclient.Changed{ID: id, Owner: d.owner})
		}
	}
	return n, nil
}

// Changes implements the status service.
func (s *Status) Changes(_ context.Context, owner string, after int64) (statusclient.Changes, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return statusclient.Changes{}, job.ErrUnavailable
	}
	if after > s.seq {
		after = 0
	}
	return statusclient.Changes{Events: s.since(owner, after), UpTo: s.seq}, nil
}

// since lists what changed after a seq; mu is held.
func (s *Status) since(owner string, after int64) []statusclient.OwnerEvent {
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
	return events
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
