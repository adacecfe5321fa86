package table

import (
	"context"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Groups counts the letters of a filter by their fingerprint.
func (t *Table) Groups(ctx context.Context, f store.Filter, after store.GroupKey) ([]deadletterclient.Group, error) {
	s := statement{contains: t.dialect.Contains}
	groups, err := t.groups(ctx, t.read, &s, s.conds(f), after, f.Limit)
	return groups, t.errorf(err, "group dead letters")
}

// groups counts letters that fulfil conditions; what shows a group is read from
// its newest letter.
func (t *Table) groups(
	ctx context.Context, q querier, s *statement, conds []string, after store.GroupKey, limit int,
) ([]deadletterclient.Group, error) {
	text := "SELECT l.fingerprint, COUNT(*) AS n, MIN(l.died_at) AS first_at, MAX(l.died_at) AS final_at, MAX(l.id) AS sample"
	for _, k := range job.Kinds() {
		text += ", MAX(CASE WHEN l.kind = " + s.param(string(k)) + " THEN 1 ELSE 0 END) AS is_" + string(k)
	}
	text += " FROM dead_letters l"
	if len(conds) > 0 {
		text += " WHERE " + strings.Join(conds, " AND ")
	}
	text += " GROUP BY l.fingerprint"
	if after.Letters > 0 {
		n := s.param(after.Letters)
		text += " HAVING COUNT(*) < " + n + " OR (COUNT(*) = " + n + " AND l.fingerprint > " + s.param(after.Fingerprint) + ")"
	}
	text += " ORDER BY n DESC, fingerprint LIMIT " + s.param(limit)
	text = "SELECT g.*, d.fault_kind, d.fault_stage, d.fault_text, d.fault_cause FROM (" + text + ") g" +
		" JOIN dead_letters d ON d.id = g.sample ORDER BY g.n DESC, g.fingerprint"
	rows, err := q.QueryContext(ctx, text, s.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanGroup)
}

func scanGroup(row scanner) (g deadletterclient.Group, err error) {
	var first, last int64
	var f job.Fault
	is := make([]bool, len(job.Kinds()))
	dest := []any{&g.Fingerprint, &g.Letters, &first, &last, &g.Sample}
	for i := range is {
		dest = append(dest, &is[i])
	}
	if err := row.Scan(append(dest, &f.Kind, &f.Stage, &f.Text, &f.Cause)...); err != nil {
		return g, err
	}
	g.FirstAt, g.LastAt, g.Fault, g.Stage, g.Template = timeOf(first), timeOf(last), f.Kind, f.Stage, fingerprint.Template(f)
	for i, k := range job.Kinds() {
		if is[i] {
			g.Kinds = append(g.Kinds, k)
		}
	}
	return g, nil
}
