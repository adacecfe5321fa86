package statustest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// ClaimOutbox implements the status service.
func (s *Status) ClaimOutbox(ctx context.Context, limit int, long time.Duration) ([]statusclient.OutboxEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	_, epoch := s.waits()
	for {
		changed, _ := s.waits()
		entries, err := s.claim(limit)
		if err != nil || len(entries) > 0 || long == 0 {
			return entries, err
		}
		if err := wait(ctx, changed, epoch); err != nil {
			if ctx.Err() != nil {
				return nil, nil
			}
			return nil, err
		}
	}
}

func (s *Status) claim(limit int) ([]statusclient.OutboxEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	var entries []statusclient.OutboxEntry
	for _, id := range slices.Sorted(maps.Keys(s.outbox)) {
		p := s.outbox[id]
		if p.claimed || len(entries) == limit {
			continue
		}
		s.token++
		p.claimed, p.entry.Token = true, s.token
		entries = append(entries, p.entry)
	}
	return entries, nil
}

// ConfirmOutbox implements the status service.
func (s *Status) ConfirmOutbox(_ context.Context, entries []statusclient.OutboxEntry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return job.ErrUnavailable
	}
	for _, e := range entries {
		if p, ok := s.outbox[e.JobID]; ok && p.entry.Token == e.Token {
			delete(s.outbox, e.JobID)
		}
	}
	return nil
}
