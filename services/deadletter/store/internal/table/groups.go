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
	groups, err := t.groups(ctx, t.read, f, after)
	return groups, t.errorf(err, "group dead letters")
}

// groups counts letters of a filter that fulfil more conditions; what shows a
// group is read from its newest letter.
func (t *Table) groups(
	ctx context.Context, q querier, f store.Filter, after store.GroupKey, also ...string,
) ([]deadletterclient.Group, error) {
	s := statement{contains: t.dialect.Contains}
	counts, sums := "COUNT(*) AS n, MIN(l.died_at) AS first_at, MAX(l.died_at) AS final_at, MAX(l.id) AS sample",
		"CAST(SUM(n) AS BIGINT) AS n, MIN(first_at) AS first_at, MAX(final_at) AS final_at, MAX(sample) AS sample"
	for _, k := range job.Kinds() {
		is := "is_" + string(k)
		counts += ", MAX(CASE WHEN l.kind = '" + string(k) + "' THEN 1 ELSE 0 END) AS " + is
		sums += ", MAX(" + is + ") AS " + is
	}
	parts := []store.Filter{f}
	if t.dialect.ByState {
		parts = byState(f)
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = "SELECT l.fingerprint, " + counts + " FROM dead_letters l" + s.where(part, also...) + " GROUP BY l.fingerprint"
	}
	text := "SELECT fingerprint, " + sums + " FROM (" + strings.Join(texts, " UNION ALL ") + ") p GROUP BY fingerprint"
	if after.Letters > 0 {
		n := s.param(after.Letters)
		text += " HAVING SUM(n) < " + n + " OR (SUM(n) = " + n + " AND fingerprint > " + s.param(after.Fingerprint) + ")"
	}
	text += " ORDER BY 2 DESC, fingerprint LIMIT " + s.param(f.Limit)
	text = "SELECT g.*, d.fault_kind, d.fault_stage, d.fault_text, d.fault_cause FROM (" + text + ") g" +
		" JOIN dead_letters d ON d.id = g.sample ORDER BY g.n DESC, g.fingerprint"
	rows, err := q.QueryContext(ctx, text, s.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanGroup)
}

// byState splits a filter into one for each state that it selects.
func byState(f store.Filter) []store.Filter {
	states := f.States
	if len(states) == 0 {
		states = deadletterclient.States()
	}
	all := make([]store.Filter, len(states))
	for i, state := range states {
		all[i] = f
		all[i].States = []string{state}
	}
	return all
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
