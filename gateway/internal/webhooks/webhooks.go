// Package webhooks is what users do with webhooks, and the sender that makes
// the calls. An owner manages the own webhooks; operators may read and remove
// everybody's. Every user's call takes the caller from its context.
//
//	studycast_webhook_tries_total{outcome}      outcome: delivered, answered (something else than 2xx), gone, unreached, refused (not public)
//	studycast_webhook_try_duration_seconds      how long one try took
//	studycast_webhook_unreported_total          tries whose outcome the status service was not told: they are made again
//	studycast_webhook_claim_failures_total      claims of calls that ended with an error
package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
)

// userTimeout bounds one call to the status service for a user.
const userTimeout = 15 * time.Second

// Status is the status service as this package needs it; statusclient.Client is
// one.
type Status interface {
	CreateWebhook(ctx context.Context, owner string, in webhook.Input) (webhook.Webhook, string, error)
	Webhook(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, error)
	Webhooks(ctx context.Context, owner string) ([]webhook.Webhook, error)
	DeleteWebhook(ctx context.Context, id webhook.ID, owner string) error
	RotateSecret(ctx context.Context, id webhook.ID, owner string) (webhook.Webhook, string, error)
	TestWebhook(ctx context.Context, id webhook.ID, owner string) (webhook.Call, error)
	Calls(ctx context.Context, f statusclient.CallFilter) (statusclient.CallPage, error)
	RetryCall(ctx context.Context, id webhook.ID, call webhook.CallID, owner string) (webhook.Call, error)
	Claims
}

// Service is safe for concurrent use.
type Service struct {
	status    Status
	addresses guard.Addresses
}

// New returns a Service that registers what addresses let through.
func New(s Status, addresses guard.Addresses) *Service { return &Service{s, addresses} }

// onHook resolves caller and id, which every call on one webhook begins with.
func onHook(ctx context.Context, rawID string) (context.Context, context.CancelFunc, caller.Identity, webhook.ID, error) {
	ctx, done := context.WithTimeout(ctx, userTimeout)
	me, err := jobs.Caller(ctx)
	if err != nil {
		return ctx, done, me, "", err
	}
	id, err := jobs.ParseID(rawID)
	return ctx, done, me, webhook.ID(id), err
}

// Create registers an address of the caller and returns its secret, which is
// told nowhere else.
func (s *Service) Create(ctx context.Context, in webhook.Input) (webhook.Webhook, string, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return webhook.Webhook{}, "", err
	}
	u, err := s.addresses.Parse(in.URL)
	if err != nil {
		return webhook.Webhook{}, "", refusal(err)
	}
	in.URL = u.String()
	if err := in.Validate(); err != nil {
		return webhook.Webhook{}, "", err
	}
	ctx, done := context.WithTimeout(ctx, userTimeout)
	defer done()
	return s.status.CreateWebhook(ctx, me.Owner, in)
}

// Get reads a webhook.
func (s *Service) Get(ctx context.Context, rawID string) (webhook.Webhook, error) {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return webhook.Webhook{}, err
	}
	return s.status.Webhook(ctx, id, me.Reach())
}

// List lists the caller's own webhooks, oldest first.
func (s *Service) List(ctx context.Context) ([]webhook.Webhook, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(ctx, userTimeout)
	defer done()
	return s.status.Webhooks(ctx, me.Owner)
}

// Delete removes a webhook with its calls.
func (s *Service) Delete(ctx context.Context, rawID string) error {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return err
	}
	return s.status.DeleteWebhook(ctx, id, me.Reach())
}

// RotateSecret gives a webhook of the caller another secret and returns it.
func (s *Service) RotateSecret(ctx context.Context, rawID string) (webhook.Webhook, string, error) {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return webhook.Webhook{}, "", err
	}
	return s.status.RotateSecret(ctx, id, me.Owner)
}

// Test makes a call of type ping to a webhook of the caller.
func (s *Service) Test(ctx context.Context, rawID string) (webhook.Call, error) {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return webhook.Call{}, err
	}
	return s.status.TestWebhook(ctx, id, me.Owner)
}

// Calls reads a page of a webhook's calls, newest first.
func (s *Service) Calls(ctx context.Context, rawID string, size int, token string) (statusclient.CallPage, error) {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return statusclient.CallPage{}, err
	}
	return s.status.Calls(ctx, statusclient.CallFilter{Webhook: id, Owner: me.Reach(), PageSize: size, PageToken: token})
}

// RetryCall makes a call to a webhook of the caller due now.
func (s *Service) RetryCall(ctx context.Context, rawID, rawCall string) (webhook.Call, error) {
	ctx, done, me, id, err := onHook(ctx, rawID)
	defer done()
	if err != nil {
		return webhook.Call{}, err
	}
	call, err := jobs.ParseID(rawCall)
	if err != nil {
		return webhook.Call{}, err
	}
	return s.status.RetryCall(ctx, id, webhook.CallID(call), me.Owner)
}

// refusal says to an owner what is wrong with an address.
func refusal(err error) error {
	var r *guard.RefusedError
	if !errors.As(err, &r) {
		return err
	}
	message := "is not an address: use one like https://example.org/hook"
	switch r.Reason {
	case guard.Scheme:
		message = "does not begin with https:// or http://: use the address of a web server"
	case guard.TooLong:
		message = fmt.Sprintf("is longer than %d bytes: use a shorter one", guard.MaxURLBytes)
	case guard.UserInfo:
		message = "holds a user name or password: leave it out, and tell our calls by their signature"
	case guard.Port:
		message = fmt.Sprintf("uses port %d: only the usual web ports are called", r.Port)
	case guard.Number:
		message = "is a number in an unusual spelling: use the name of the server"
	case guard.Private:
		message = "does not lead to the public internet, so it would never be called: use a public address"
	}
	return &job.InvalidError{Fields: []job.FieldError{{Path: "url", Message: message}}}
}
