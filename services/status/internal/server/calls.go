package server

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/webhook"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// ListCalls reads a page of a webhook's calls.
func (s *Server) ListCalls(ctx context.Context, r *statusv1.ListCallsRequest) (*statusv1.ListCallsResponse, error) {
	calls, next, err := s.Ledger.Calls(ctx, webhook.ID(r.GetWebhookId()), r.GetOwner(), int(r.GetPageSize()), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListCallsResponse{NextPageToken: next}
	for _, c := range calls {
		resp.Calls = append(resp.Calls, wire.CallToProto(c))
	}
	return resp, nil
}

// RetryCall makes a call due now.
func (s *Server) RetryCall(ctx context.Context, r *statusv1.RetryCallRequest) (*statusv1.RetryCallResponse, error) {
	c, err := s.Ledger.RetryCall(ctx, webhook.ID(r.GetWebhookId()), webhook.CallID(r.GetCallId()), r.GetOwner())
	if err != nil {
		return nil, err
	}
	return &statusv1.RetryCallResponse{Call: wire.CallToProto(c)}, nil
}

// ClaimCalls claims calls that are due, and waits for one when there is none. An
// empty answer means that none became due, or that the service drains.
func (s *Server) ClaimCalls(ctx context.Context, r *statusv1.ClaimCallsRequest) (*statusv1.ClaimCallsResponse, error) {
	resp := &statusv1.ClaimCallsResponse{}
	err := s.poll(ctx, s.Hub.Calls, wire.DurationFromProto(r.GetWait()), func() (bool, time.Time, error) {
		calls, next, err := s.Ledger.ClaimCalls(ctx, int(r.GetLimit()))
		for _, c := range calls {
			resp.Calls = append(resp.Calls, dueToProto(c))
		}
		return len(calls) > 0, next, err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// ReportCall stores how a try ended.
func (s *Server) ReportCall(ctx context.Context, r *statusv1.ReportCallRequest) (*statusv1.ReportCallResponse, error) {
	o := webhook.Outcome{
		Status: int(r.GetStatus()), Error: r.GetError(), Gone: r.GetGone(), RetryAfter: wire.DurationFromProto(r.GetRetryAfter()),
	}
	err := s.Ledger.ReportCall(ctx, webhook.ID(r.GetWebhookId()), webhook.CallID(r.GetCallId()), r.GetToken(), o)
	if err != nil {
		return nil, err
	}
	return &statusv1.ReportCallResponse{}, nil
}

func dueToProto(d webhook.Due) *statusv1.DueCall {
	return &statusv1.DueCall{
		Call: wire.CallToProto(d.Call), Url: d.URL, Secrets: d.Secrets, Payload: d.Payload, Token: d.Token,
		Lease: wire.DurationToProto(d.Lease),
	}
}
