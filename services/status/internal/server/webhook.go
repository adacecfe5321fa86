package server

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// CreateWebhook registers an address.
func (s *Server) CreateWebhook(ctx context.Context, r *statusv1.CreateWebhookRequest) (*statusv1.CreateWebhookResponse, error) {
	in := webhook.Input{URL: r.GetUrl(), Description: r.GetDescription()}
	for _, name := range r.GetStates() {
		in.States = append(in.States, job.State(name))
	}
	for _, name := range r.GetKinds() {
		in.Kinds = append(in.Kinds, job.Kind(name))
	}
	w, secret, err := s.Ledger.CreateWebhook(ctx, r.GetOwner(), in)
	if err != nil {
		return nil, err
	}
	return &statusv1.CreateWebhookResponse{Webhook: wire.WebhookToProto(w), Secret: secret}, nil
}

// GetWebhook reads one webhook.
func (s *Server) GetWebhook(ctx context.Context, r *statusv1.GetWebhookRequest) (*statusv1.GetWebhookResponse, error) {
	w, err := s.Ledger.Webhook(ctx, webhook.ID(r.GetId()), r.GetOwner())
	if err != nil {
		return nil, err
	}
	return &statusv1.GetWebhookResponse{Webhook: wire.WebhookToProto(w)}, nil
}

// ListWebhooks lists the webhooks of an owner.
func (s *Server) ListWebhooks(ctx context.Context, r *statusv1.ListWebhooksRequest) (*statusv1.ListWebhooksResponse, error) {
	ws, err := s.Ledger.Webhooks(ctx, r.GetOwner())
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListWebhooksResponse{}
	for _, w := range ws {
		resp.Webhooks = append(resp.Webhooks, wire.WebhookToProto(w))
	}
	return resp, nil
}

// DeleteWebhook removes a webhook with its calls.
func (s *Server) DeleteWebhook(ctx context.Context, r *statusv1.DeleteWebhookRequest) (*statusv1.DeleteWebhookResponse, error) {
	if err := s.Ledger.DeleteWebhook(ctx, webhook.ID(r.GetId()), r.GetOwner()); err != nil {
		return nil, err
	}
	return &statusv1.DeleteWebhookResponse{}, nil
}

// RotateSecret gives a webhook another secret.
func (s *Server) RotateSecret(ctx context.Context, r *statusv1.RotateSecretRequest) (*statusv1.RotateSecretResponse, error) {
	w, secret, err := s.Ledger.RotateSecret(ctx, webhook.ID(r.GetId()), r.GetOwner())
	if err != nil {
		return nil, err
	}
	return &statusv1.RotateSecretResponse{Webhook: wire.WebhookToProto(w), Secret: secret}, nil
}

// TestWebhook makes a call of type ping.
func (s *Server) TestWebhook(ctx context.Context, r *statusv1.TestWebhookRequest) (*statusv1.TestWebhookResponse, error) {
	c, err := s.Ledger.TestWebhook(ctx, webhook.ID(r.GetId()), r.GetOwner())
	if err != nil {
		return nil, err
	}
	return &statusv1.TestWebhookResponse{Call: wire.CallToProto(c)}, nil
}
