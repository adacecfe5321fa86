package deadletterclient

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// What the audit log tells of.
const (
	ActionReplayCreate = "replay.create"
	ActionReplayPause  = "replay.pause"
	ActionReplayResume = "replay.resume"
	ActionReplayStop   = "replay.stop"
	ActionLetterReplay = "letter.replay"
	ActionEdit         = "edit"
	ActionDiscard      = "discard"
	ActionRestore      = "restore"
	ActionResend       = "resend"
	ActionExport       = "export"
	ActionImport       = "import"
	ActionDelete       = "delete" // by retention
)

// Actions lists every action.
func Actions() []string {
	return []string{
		ActionReplayCreate, ActionReplayPause, ActionReplayResume, ActionReplayStop, ActionLetterReplay, ActionEdit,
		ActionDiscard, ActionRestore, ActionResend, ActionExport, ActionImport, ActionDelete,
	}
}

// Service is the author of what the dead-letter service does by itself.
const Service = "dead-letter service"

// AuditRecord is one thing that was done. It never changes.
type AuditRecord struct {
	ID        string // UUID version 7
	At        time.Time
	Author    string // Service, or who asked
	Action    string // one of Actions
	Reason    string // in the words of the author
	Selection string // a letter, a replay or a filter, in words
	Outcome   string // in words
	Detail    string // JSON; "" when there is none
}

// AuditFilter selects records; a zero field selects all.
type AuditFilter struct {
	Author    string
	Actions   []string
	After     time.Time // at or after
	Before    time.Time
	BeforeID  string // only records with a lower id; ids grow with time
	PageSize  int    // 1 to 200; 0 = 50
	PageToken string // from the page before
}

// AuditPage is a page of records, newest first.
type AuditPage struct {
	Records       []AuditRecord
	NextPageToken string // "" on the last page
}

// Audit reads a page of the audit log.
func (c *Client) Audit(ctx context.Context, f AuditFilter) (AuditPage, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ListAudit(ctx, &deadletterv1.ListAuditRequest{
		Author: f.Author, Actions: f.Actions, After: wire.TimeToProto(f.After), Before: wire.TimeToProto(f.Before),
		BeforeId: f.BeforeID, PageSize: count(f.PageSize), PageToken: f.PageToken,
	})
	if err != nil {
		return AuditPage{}, ErrorFromStatus(err)
	}
	page := AuditPage{NextPageToken: resp.GetNextPageToken()}
	for _, p := range resp.GetRecords() {
		page.Records = append(page.Records, AuditRecord{
			ID: p.GetId(), At: wire.TimeFromProto(p.GetAt()), Author: p.GetAuthor(), Action: p.GetAction(), Reason: p.GetReason(),
			Selection: p.GetSelection(), Outcome: p.GetOutcome(), Detail: p.GetDetail(),
		})
	}
	return page, nil
}

// AuditToProto converts a record.
func AuditToProto(r AuditRecord) *deadletterv1.AuditRecord {
	return &deadletterv1.AuditRecord{
		Id: r.ID, At: wire.TimeToProto(r.At), Author: r.Author, Action: r.Action, Reason: r.Reason,
		Selection: r.Selection, Outcome: r.Outcome, Detail: r.Detail,
	}
}
