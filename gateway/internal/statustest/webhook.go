package statustest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
)

// hook is a webhook with its calls.
type hook struct {
	webhook.Webhook
	secrets []string // the newest first
	calls   map[webhook.CallID]*webhook.Due
}

// releaseCalls ends every claim; mu is held.
func (s *Status) releaseCalls() {
	for _, h := range s.hooks {
		for _, d := range h.calls {
			d.Token = 0
		}
	}
}

// hook returns a webhook that the owner may see; mu is held.
func (s *Status) hook(id webhook.ID, owner string) (*hook, error) {
	if s.away {
		return nil, job.ErrUnavailable
	}
	h, ok := s.hooks[id]
	if !ok || owner != "" && h.Owner != owner {
		return nil, job.ErrNotFound
	}
	return h, nil
}

// CreateWebhook implements the status service.
func (s *Status) CreateWebhook(_ context.Context, owner string, in webhook.Input) (webhook.Webhook, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return webhook.Webhook{}, "", job.ErrUnavailable
	}
	if err := in.Validate(); err != nil {
		return webhook.Webhook{}, "", err
	}
	h := &hook{secrets: []string{webhook.NewSecret()}, calls: map[webhook.CallID]*webhook.Due{}}
	h.ID, h.Owner, h.Input, h.CreatedAt = webhook.ID(uuid.Must(uuid.NewV7()).String()), owner, in.Filled(), now()
	s.hooks[h.ID] = h
	return h.Webhook, h.secrets[0], nil
}

// Webhook implements the status service.
func (s *Status) Webhook(_ context.Context, id webhook.ID, owner string) (webhook.Webhook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.hook(id, owner)
	if err != nil {
		return webhook.Webhook{}, err
	}
	return h.Webhook, nil
}

// Webhooks implements the status service.
func (s *Status) Webhooks(_ context.Context, owner string) ([]webhook.Webhook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	var ws []webhook.Webhook
	for _, id := range slices.Sorted(maps.Keys(s.hooks)) {
		if h := s.hooks[id]; h.Owner == owner {
			ws = append(ws, h.Webhook)
		}
	}
	return ws, nil
}

// DeleteWebhook implements the status service.
func (s *Status) DeleteWebhook(_ context.Context, id webhook.ID, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.hook(id, owner); err != nil {
		return err
	}
	delete(s.hooks, id)
	return nil
}

// RotateSecret implements the status service.
func (s *Status) RotateSecret(_ context.Context, id webhook.ID, owner string) (webhook.Webhook, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.hook(id, owner)
	if err != nil {
		return webhook.Webhook{}, "", err
	}
	h.secrets = []string{webhook.NewSecret(), h.secrets[0]}
	return h.Webhook, h.secrets[0], nil
}

// TestWebhook implements the status service.
func (s *Status) TestWebhook(_ context.Context, id webhook.ID, owner string) (webhook.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.hook(id, owner)
	if err != nil {
		return webhook.Call{}, err
	}
	d := &webhook.Due{}
	d.ID, d.Webhook, d.Type, d.State = webhook.CallID(uuid.Must(uuid.NewV7()).String()), id, webhook.Ping, webhook.Pending
	d.CreatedAt, d.NextTry = now(), now()
	d.Payload, err = webhook.EncodePing(id, d.CreatedAt)
	h.calls[d.ID] = d
	s.wake()
	return d.Call, err
}

// Calls implements the status service; its page token is the last id.
func (s *Status) Calls(_ context.Context, f statusclient.CallFilter) (statusclient.CallPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.hook(f.Webhook, f.Owner)
	if err != nil {
		return statusclient.CallPage{}, err
	}
	if _, err := uuid.Parse(f.PageToken); f.PageToken != "" && err != nil {
		return statusclient.CallPage{}, &job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: "is not ours"}}}
	}
	var page statusclient.CallPage
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(h.calls))) {
		if f.PageToken != "" && id >= webhook.CallID(f.PageToken) {
			continue
		}
		if len(page.Calls) == cmp.Or(f.PageSize, 50) {
			page.NextPageToken = string(page.Calls[len(page.Calls)-1].ID)
			break
		}
		page.Calls = append(page.Calls, h.calls[id].Call)
	}
	return page, nil
}

// RetryCall implements the status service.
func (s *Status) RetryCall(_ context.Context, id webhook.ID, call webhook.CallID, owner string) (webhook.Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.hook(id, owner)
	if err != nil {
		return webhook.Call{}, err
	}
	d, ok := h.calls[call]
	if !ok {
		return webhook.Call{}, job.ErrNotFound
	}
	d.State, d.Tries, d.EndedAt, d.NextTry, d.Error, d.Token = webhook.Pending, 0, time.Time{}, now(), "", 0
	s.wake()
	return d.Call, nil
}

// ClaimCalls implements the status service. Every pending call without a claim
// is due; claims end with Release and Restart only.
func (s *Status) ClaimCalls(ctx context.Context, limit int, long time.Duration) ([]webhook.Due, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	_, epoch := s.waits()
	for {
		changed, _ := s.waits()
		due, err := s.claimCalls(limit)
		if err != nil || len(due) > 0 || long == 0 {
			return due, err
		}
		if err := wait(ctx, changed, epoch); err != nil {
			if ctx.Err() != nil {
				return nil, nil
			}
			return nil, err
		}
	}
}

func (s *Status) claimCalls(limit int) ([]webhook.Due, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, job.ErrUnavailable
	}
	var due []webhook.Due
	for _, h := range s.hooks {
		for _, d := range h.calls {
			if d.State != webhook.Pending || d.Token != 0 || len(due) == limit {
				continue
			}
			s.token++
			d.Token, d.URL, d.Secrets, d.Lease = s.token, h.URL, h.secrets, within
			due = append(due, *d)
		}
	}
	return due, nil
}

// within is how long a claim of a call holds.
const within = 5 * time.Second

// ReportCall implements the status service. A call that failed stays claimed, as
// if its next try were far away, until Release or Restart.
func (s *Status) ReportCall(_ context.Context, claimed webhook.Due, o webhook.Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return job.ErrUnavailable
	}
	h, ok := s.hooks[claimed.Webhook]
	if !ok {
		return nil
	}
	d, ok := h.calls[claimed.ID]
	if !ok || d.Token != claimed.Token {
		return nil
	}
	d.Tries, d.Status, d.Error, d.TriedAt = d.Tries+1, o.Status, o.Error, now()
	switch {
	case o.Delivered():
		d.State, d.EndedAt, d.NextTry = webhook.Delivered, now(), time.Time{}
	case o.Gone:
		d.State, d.EndedAt, d.NextTry = webhook.Failed, now(), time.Time{}
		h.DisabledAt, h.DisabledWhy = now(), o.Error
	}
	s.wake()
	return nil
}
