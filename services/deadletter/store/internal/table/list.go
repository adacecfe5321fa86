package table

import (
	"context"
	"strconv"
	"strings"

	"github.com/studycast/studycast/services/deadletter/store"
)

// List returns a page, newest first. Every part of the statement walks an index
// in the order of the answer, so that a page costs the same however many
// letters there are: each state is a walk of its own, because a database that
// takes several at once sorts all of them.
func (t *Table) List(ctx context.Context, f store.Filter) ([]store.Letter, error) {
	var s statement
	states := f.States
	if len(states) == 0 {
		states = []string{""}
	}
	walks := make([]string, len(states))
	for i, state := range states {
		walks[i] = "SELECT * FROM (" + s.walk(f, state) + ") w" + strconv.Itoa(i)
	}
	text := "SELECT " + brief + " FROM (" + strings.Join(walks, " UNION ALL ") + ") l ORDER BY id DESC LIMIT " + s.param(f.Limit)
	letters, err := many(ctx, t.read, text, s.args...)
	return letters, t.errorf(err, "list dead letters")
}

// statement puts a text together; values never become part of it.
type statement struct{ args []any }

// param adds a value and returns what stands for it in the text.
func (s *statement) param(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// walk selects the first letters of one state; "" = of any.
func (s *statement) walk(f store.Filter, state string) string {
	var conds []string
	add := func(cond string, value string) {
		if value != "" {
			conds = append(conds, cond+s.param(value))
		}
	}
	add("state = ", state)
	add("kind = ", string(f.Kind))
	add("job_id = ", string(f.JobID))
	add("id < ", f.Before)
	where := ""
	if len(conds) > 0 {
		where = " WHERE " + strings.Join(conds, " AND ")
	}
	return "SELECT " + brief + " FROM dead_letters" + where + " ORDER BY id DESC LIMIT " + s.param(f.Limit)
}
