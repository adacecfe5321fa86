package table

import (
	"context"
	"strconv"
	"strings"

	"github.com/studycast/studycast/services/deadletter/store"
)

// List returns a page. Every part of the statement walks an index in the order
// of the answer, so that a page costs the same however many letters there are:
// each state is a walk of its own, because a database that takes several at once
// sorts all of them. The walks find ids, and only those of the page are read
// whole: a text that few letters have is looked for in many.
func (t *Table) List(ctx context.Context, f store.Filter) ([]store.Letter, error) {
	s := statement{contains: t.dialect.Contains}
	parts := []store.Filter{f}
	if len(f.States) > 0 || t.dialect.ByState && (f.Text != "" || f.Fingerprint != "") {
		parts = byState(f)
	}
	order := " ORDER BY id DESC LIMIT "
	if f.OldestFirst {
		order = " ORDER BY id LIMIT "
	}
	walks := make([]string, len(parts))
	for i, part := range parts {
		walk := "SELECT l.id FROM dead_letters l" + s.where(part) + order + s.param(f.Limit)
		walks[i] = "SELECT id FROM (" + walk + ") w" + strconv.Itoa(i)
	}
	limit := order + s.param(f.Limit)
	found := "SELECT id FROM (" + strings.Join(walks, " UNION ALL ") + ") w" + limit
	text := "SELECT " + brief + " FROM dead_letters WHERE id IN (" + found + ")" + limit
	letters, err := many(ctx, t.read, text, s.args...)
	return letters, t.errorf(err, "list dead letters")
}

// Count counts the letters of a filter.
func (t *Table) Count(ctx context.Context, f store.Filter) (n int, err error) {
	s := statement{contains: t.dialect.Contains}
	err = t.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM dead_letters l"+s.where(f), s.args...).Scan(&n)
	return n, t.errorf(err, "count dead letters")
}

// statement puts a text together; values never become part of it.
type statement struct {
	args     []any
	contains string
}

// param adds a value and returns what stands for it in the text.
func (s *statement) param(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// in is a list of values.
func (s *statement) in(values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = s.param(v)
	}
	return " IN (" + strings.Join(marks, ",") + ")"
}

// where is the condition of a filter on the letters l, with more; "" when there
// is none.
func (s *statement) where(f store.Filter, also ...string) string {
	conds := append(s.conds(f), also...)
	if len(conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conds, " AND ")
}

func (s *statement) conds(f store.Filter) (conds []string) {
	switch len(f.States) {
	case 0:
	case 1:
		conds = append(conds, "l.state = "+s.param(f.States[0]))
	default:
		conds = append(conds, "l.state"+s.in(f.States))
	}
	for _, c := range []struct{ cond, value string }{
		{"l.kind = ", string(f.Kind)},
		{"l.job_id = ", string(f.JobID)},
		{"l.run_job = ", string(f.RunJob)},
		{"l.fingerprint = ", f.Fingerprint},
		{"l.fault_kind = ", f.Fault},
		{"l.owner = ", f.Owner},
		{"l.id < ", f.Before},
		{"l.id > ", f.After},
	} {
		if c.value != "" {
			conds = append(conds, c.cond+s.param(c.value))
		}
	}
	if !f.DiedAfter.IsZero() {
		conds = append(conds, "l.died_at >= "+s.param(micros(f.DiedAfter)))
	}
	if !f.DiedBefore.IsZero() {
		conds = append(conds, "l.died_at < "+s.param(micros(f.DiedBefore)))
	}
	if f.Text != "" {
		conds = append(conds, s.contains+"(l.search, "+s.param(strings.ToLower(f.Text))+") > 0")
	}
	if f.IDs != nil {
		conds = append(conds, "l.id"+s.in(f.IDs))
	}
	if f.Settled {
		conds = append(conds, "NOT (l.state = 'replayed' AND l.outcome = '')")
	}
	if f.Unsettled {
		conds = append(conds, "l.state = 'replayed' AND l.outcome = ''")
	}
	return conds
}
