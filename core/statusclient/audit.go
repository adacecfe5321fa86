package statusclient

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// Actions on the record.
const (
	ActionPauseQueue  = "queue.pause"
	ActionResumeQueue = "queue.resume"
	ActionDrainWorker = "worker.drain"
)

// AuditRecord is one thing that an operator did; it never changes.
type AuditRecord struct {
	ID        string // UUID version 7: ids grow with time
	At        time.Time
	Author    string
	Action    string // one of the Action… constants
	Reason    string // in the words of the author
	Selection string // the queue or the worker
	Outcome   string // in words
}

// AuditFilter selects records; a zero field selects all.
type AuditFilter struct {
	Author   string
	Actions  []string
	After    time.Time // at or after
	Before   time.Time
	BeforeID string // only ids below
	Limit    int    // 1 to 200; 0 = 50
}

// Audit reads what operators did with queues and workers, newest first.
// *job.InvalidError for a limit that can't be.
func (c *Client) Audit(ctx context.Context, f AuditFilter) ([]AuditRecord, error) {
	resp, err := c.queues.ListAudit(ctx, &statusv1.ListAuditRequest{
		Author: f.Author, Actions: f.Actions, After: wire.TimeToProto(f.After), Before: wire.TimeToProto(f.Before),
		BeforeId: f.BeforeID, Limit: int32(min(f.Limit, 1<<16)),
	})
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	var rs []AuditRecord
	for _, p := range resp.GetRecords() {
		rs = append(rs, AuditRecord{
			ID: p.GetId(), At: wire.TimeFromProto(p.GetAt()), Author: p.GetAuthor(), Action: p.GetAction(),
			Reason: p.GetReason(), Selection: p.GetSelection(), Outcome: p.GetOutcome(),
		})
	}
	return rs, nil
}
