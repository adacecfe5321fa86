package table

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Decide changes the state of many letters.
func (t *Table) Decide(ctx context.Context, f store.Filter, d store.Decision) (out deadletterclient.Decided, err error) {
	err = t.update(ctx, func(tx *sql.Tx) error {
		if out, err = t.left(ctx, tx, f, d.From, false); err != nil {
			return err
		}
		s := statement{contains: t.dialect.Contains}
		by, at, reason := d.Author, micros(d.At), d.Reason
		if d.To != deadletterclient.Discarded {
			by, at, reason = "", 0, ""
		}
		set := []string{
			"state = " + s.param(d.To), "discarded_by = " + s.param(by), "discarded_at = " + s.param(at), "discard_reason = " + s.param(reason),
		}
		conds := append(s.conds(f), "l.state = "+s.param(d.From), "NOT "+live)
		text := strings.Join([]string{"UPDATE dead_letters AS l SET", strings.Join(set, ", "), "WHERE", strings.Join(conds, " AND ")}, " ")
		done, err := tx.ExecContext(ctx, text, s.args...)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		out.Letters = int(n)
		d.Record.Outcome = fmt.Sprintf("%d letters are %s", n, d.To)
		return record(ctx, tx, d.Record)
	})
	return out, t.errorf(err, "decide on dead letters")
}

// Import stores a letter that is not there.
func (t *Table) Import(ctx context.Context, l store.Letter) (stored bool, err error) {
	err = t.update(ctx, func(tx *sql.Tx) error {
		stored = false
		if t.dialect.Serialize != nil {
			if err := t.dialect.Serialize(ctx, tx, l.Digest); err != nil {
				return err
			}
		}
		before, err := many(ctx, tx, "SELECT "+brief+" FROM dead_letters WHERE id = $1 OR (digest = $2 AND died_at = $3) LIMIT 2",
			l.ID, l.Digest[:], micros(l.DiedAt))
		if err != nil {
			return err
		}
		for _, b := range before {
			if b.Digest != l.Digest {
				return store.ErrOtherLetter
			}
		}
		if len(before) > 0 {
			return nil
		}
		args, err := values(l)
		if err != nil {
			return err
		}
		stored = true
		_, err = tx.ExecContext(ctx, insert, args...)
		return err
	})
	return stored && err == nil, t.errorf(err, "import dead letter %s", l.ID)
}

// Delete removes letters for good.
func (t *Table) Delete(ctx context.Context, ids []string, rec deadletterclient.AuditRecord) (removed int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = t.update(ctx, func(tx *sql.Tx) error {
		var s statement
		text := strings.Join([]string{"DELETE FROM dead_letters AS l WHERE NOT", live, "AND l.id", s.in(ids)}, " ")
		done, err := tx.ExecContext(ctx, text, s.args...)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		removed = int(n)
		return record(ctx, tx, rec)
	})
	return removed, t.errorf(err, "delete dead letters")
}
