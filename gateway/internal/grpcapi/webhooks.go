package grpcapi

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/core/wire"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// webhookService implements gatewayv1.WebhookServiceServer.
type webhookService struct {
	gatewayv1.UnimplementedWebhookServiceServer
	*service
}

// CreateWebhook implements gatewayv1.WebhookServiceServer.
func (s *webhookService) CreateWebhook(ctx context.Context, in *gatewayv1.CreateWebhookRequest) (*gatewayv1.CreateWebhookResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	w := webhook.Input{URL: in.GetUrl(), Description: in.GetDescription()}
	for _, state := range in.GetStates() {
		w.States = append(w.States, job.State(state))
	}
	for _, kind := range in.GetKinds() {
		w.Kinds = append(w.Kinds, job.Kind(kind))
	}
	made, secret, err := s.o.Webhooks.Create(ctx, w)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.CreateWebhookResponse{Webhook: wire.WebhookToProto(made), Secret: secret}, nil
}

// GetWebhook implements gatewayv1.WebhookServiceServer.
func (s *webhookService) GetWebhook(ctx context.Context, in *gatewayv1.GetWebhookRequest) (*gatewayv1.GetWebhookResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.o.Webhooks.Get(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.GetWebhookResponse{Webhook: wire.WebhookToProto(w)}, nil
}

// ListWebhooks implements gatewayv1.WebhookServiceServer.
func (s *webhookService) ListWebhooks(ctx context.Context, _ *gatewayv1.ListWebhooksRequest) (*gatewayv1.ListWebhooksResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.o.Webhooks.List(ctx)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &gatewayv1.ListWebhooksResponse{}
	for _, w := range all {
		out.Webhooks = append(out.Webhooks, wire.WebhookToProto(w))
	}
	return out, nil
}

// DeleteWebhook implements gatewayv1.WebhookServiceServer.
func (s *webhookService) DeleteWebhook(ctx context.Context, in *gatewayv1.DeleteWebhookRequest) (*gatewayv1.DeleteWebhookResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.o.Webhooks.Delete(ctx, in.GetId()); err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.DeleteWebhookResponse{}, nil
}

// RotateSecret implements gatewayv1.WebhookServiceServer.
func (s *webhookService) RotateSecret(ctx context.Context, in *gatewayv1.RotateSecretRequest) (*gatewayv1.RotateSecretResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	w, secret, err := s.o.Webhooks.RotateSecret(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.RotateSecretResponse{Webhook: wire.WebhookToProto(w), Secret: secret}, nil
}

// TestWebhook implements gatewayv1.WebhookServiceServer.
func (s *webhookService) TestWebhook(ctx context.Context, in *gatewayv1.TestWebhookRequest) (*gatewayv1.TestWebhookResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.o.Webhooks.Test(ctx, in.GetId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.TestWebhookResponse{Call: wire.CallToProto(c)}, nil
}

// ListCalls implements gatewayv1.WebhookServiceServer.
func (s *webhookService) ListCalls(ctx context.Context, in *gatewayv1.ListCallsRequest) (*gatewayv1.ListCallsResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.o.Webhooks.Calls(ctx, in.GetWebhookId(), int(in.GetPageSize()), in.GetPageToken())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &gatewayv1.ListCallsResponse{NextPageToken: page.NextPageToken}
	for _, c := range page.Calls {
		out.Calls = append(out.Calls, wire.CallToProto(c))
	}
	return out, nil
}

// RetryCall implements gatewayv1.WebhookServiceServer.
func (s *webhookService) RetryCall(ctx context.Context, in *gatewayv1.RetryCallRequest) (*gatewayv1.RetryCallResponse, error) {
	ctx, _, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.o.Webhooks.RetryCall(ctx, in.GetWebhookId(), in.GetCallId())
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &gatewayv1.RetryCallResponse{Call: wire.CallToProto(c)}, nil
}
