package statusclient

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// OutboxEntry is a message that the broker may not have yet.
type OutboxEntry struct {
	JobID       job.ID
	Token       int64 // of the claim; a confirm with an older one changes nothing
	Queue       string
	Owner       string
	Request     job.Request
	Traceparent string
	Attempt     int // that the delivery would start
}

// ClaimOutbox takes up to limit entries that are due, in the order to publish,
// and waits for the first up to wait. No entry and no error when none came.
func (c *Client) ClaimOutbox(ctx context.Context, limit int, wait time.Duration) ([]OutboxEntry, error) {
	resp, err := c.outbox.ClaimOutbox(ctx, &statusv1.ClaimOutboxRequest{
		Limit: int32(min(limit, 1<<16)),
		Wait:  wire.DurationToProto(wait),
	}, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	var entries []OutboxEntry
	for _, p := range resp.GetEntries() {
		entries = append(entries, *entryOrNil(p))
	}
	return entries, nil
}

// ConfirmOutbox removes entries whose message the broker has confirmed.
func (c *Client) ConfirmOutbox(ctx context.Context, entries []OutboxEntry) error {
	if len(entries) == 0 {
		return nil
	}
	req := &statusv1.ConfirmOutboxRequest{}
	for _, e := range entries {
		req.Entries = append(req.Entries, &statusv1.OutboxEntry{JobId: string(e.JobID), Token: e.Token})
	}
	_, err := c.outbox.ConfirmOutbox(ctx, req)
	return wire.ErrorFromStatus(err)
}

func entryOrNil(p *statusv1.OutboxEntry) *OutboxEntry {
	if p == nil {
		return nil
	}
	return &OutboxEntry{
		JobID:       job.ID(p.GetJobId()),
		Token:       p.GetToken(),
		Queue:       p.GetQueue(),
		Owner:       p.GetOwner(),
		Request:     wire.RequestFromProto(p.GetRequest()),
		Traceparent: p.GetTraceparent(),
		Attempt:     int(p.GetAttempt()),
	}
}
