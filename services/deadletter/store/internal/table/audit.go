package table

import (
	"context"
	"database/sql"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

const auditColumns = "id, at, author, action, reason, selection, outcome, detail"

// record appends records in a transaction.
func record(ctx context.Context, tx *sql.Tx, records ...deadletterclient.AuditRecord) error {
	for _, r := range records {
		_, err := tx.ExecContext(ctx, "INSERT INTO dead_letters_audit ("+auditColumns+") VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
			r.ID, micros(r.At), r.Author, r.Action, r.Reason, r.Selection, r.Outcome, r.Detail)
		if err != nil {
			return err
		}
	}
	return nil
}

// Append adds a record.
func (t *Table) Append(ctx context.Context, r deadletterclient.AuditRecord) error {
	err := t.update(ctx, func(tx *sql.Tx) error { return record(ctx, tx, r) })
	return t.errorf(err, "write the audit log")
}

// ListAudit reads a page of records.
func (t *Table) ListAudit(ctx context.Context, f store.AuditFilter) ([]deadletterclient.AuditRecord, error) {
	var s statement
	var conds []string
	if f.Author != "" {
		conds = append(conds, "author = "+s.param(f.Author))
	}
	if len(f.Actions) > 0 {
		conds = append(conds, "action"+s.in(f.Actions))
	}
	if !f.After.IsZero() {
		conds = append(conds, "at >= "+s.param(micros(f.After)))
	}
	if !f.BeforeAt.IsZero() {
		conds = append(conds, "at < "+s.param(micros(f.BeforeAt)))
	}
	if f.BeforeKey != "" {
		conds = append(conds, "id < "+s.param(f.BeforeKey))
	}
	text := "SELECT " + auditColumns + " FROM dead_letters_audit"
	if len(conds) > 0 {
		text += " WHERE " + strings.Join(conds, " AND ")
	}
	rows, err := t.read.QueryContext(ctx, text+" ORDER BY id DESC LIMIT "+s.param(f.Limit), s.args...)
	if err != nil {
		return nil, t.errorf(err, "read the audit log")
	}
	all, err := collect(rows, func(row scanner) (r deadletterclient.AuditRecord, err error) {
		var at int64
		err = row.Scan(&r.ID, &at, &r.Author, &r.Action, &r.Reason, &r.Selection, &r.Outcome, &r.Detail)
		r.At = timeOf(at)
		return r, err
	})
	return all, t.errorf(err, "read the audit log")
}
