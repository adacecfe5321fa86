package store

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
)

// Audits is the part of a Store that keeps the audit log. Nothing changes or
// removes a record.
type Audits interface {
	// Append adds a record.
	Append(ctx context.Context, record deadletterclient.AuditRecord) error
	// ListAudit reads records, newest first.
	ListAudit(ctx context.Context, f AuditFilter) ([]deadletterclient.AuditRecord, error)
}

// AuditFilter selects records; a zero field selects all.
type AuditFilter struct {
	Author    string
	Actions   []string
	After     time.Time // at or after
	BeforeAt  time.Time
	BeforeKey string // only records with a lower id
	Limit     int
}
