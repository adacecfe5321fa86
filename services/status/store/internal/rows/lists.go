package rows

import (
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// where puts conditions together; values never become part of the text.
type where struct {
	conds []string
	args  []any
}

// add puts the numbers of its parameters in place of every question mark.
func (w *where) add(cond string, args ...any) {
	for _, a := range args {
		cond = strings.Replace(cond, "?", w.param(a), 1)
	}
	w.conds = append(w.conds, cond)
}

// param adds a value and returns what stands for it in the text.
func (w *where) param(value any) string {
	w.args = append(w.args, value)
	return "$" + strconv.Itoa(len(w.args))
}

// in wants one of the values in a column; no values want nothing.
func in[T any](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	w.add(column+" IN (?"+strings.Repeat(",?", len(values)-1)+")", args...)
}

func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.conds, " AND ")
}

// Jobs reads a page.
func (r Reader) Jobs(f store.Filter) ([]store.Row, error) {
	var w where
	if f.Owner != "" {
		w.add("owner = ?", f.Owner)
	}
	if f.Kind != "" {
		w.add("kind = ?", f.Kind)
	}
	in(&w, "state", f.States)
	if !f.CreatedAfter.IsZero() {
		w.add("created_at >= ?", Micros(f.CreatedAfter))
	}
	if !f.CreatedBefore.IsZero() {
		w.add("created_at < ?", Micros(f.CreatedBefore))
	}
	if f.Before != nil {
		w.add("(created_at, id) < (?, ?)", Micros(f.Before.CreatedAt), f.Before.ID)
	}
	text := selectJob + w.String() + " ORDER BY created_at DESC, id DESC LIMIT " + w.param(f.Limit)
	return many(r, scanJob, text, w.args...)
}

// Held reads by session.
func (t Writer) Held(id job.SessionID) ([]store.Row, error) {
	return many(t, scanJob, selectJob+"WHERE session = $1 AND session <> '' ORDER BY id", id)
}

// RunningSince reads by start.
func (t Writer) RunningSince(k job.Kind, before time.Time, limit int) ([]store.Row, error) {
	return many(t, scanJob,
		selectJob+"WHERE kind = $1 AND state = 'running' AND leader = '' AND started_at <= $2 ORDER BY started_at LIMIT $3", k, Micros(before), limit)
}

// Surplus reads what retention does not keep.
func (t Writer) Surplus(g store.Group, states []job.State, keep, limit int) ([]job.ID, error) {
	var w where
	w.add("owner = ?", g.Owner)
	w.add("kind = ?", g.Kind)
	in(&w, "state", states)
	text := "SELECT id FROM (SELECT id, finished_at FROM jobs " + w.String() +
		" ORDER BY finished_at DESC, id DESC LIMIT 9223372036854775807 OFFSET " + w.param(keep) +
		") s ORDER BY finished_at, id LIMIT " + w.param(limit)
	return many(t, scanOne[job.ID], text, w.args...)
}

// Groups reads every owner and kind.
func (r Reader) Groups() ([]store.Group, error) {
	return many(r, func(row Scanner) (g store.Group, err error) {
		err = row.Scan(&g.Owner, &g.Kind)
		return g, err
	}, "SELECT DISTINCT owner, kind FROM jobs")
}

// Counts counts for the gauges.
func (r Reader) Counts() (store.Counts, error) {
	c := store.Counts{Sessions: map[job.Kind]int{}}
	var err error
	c.Jobs, err = many(r, func(row Scanner) (n store.Count, err error) {
		var oldest int64
		err = row.Scan(&n.Kind, &n.State, &n.Jobs, &oldest)
		n.Oldest = TimeOf(oldest)
		return n, err
	}, "SELECT kind, state, COUNT(*), MIN(since) FROM jobs GROUP BY kind, state")
	if err != nil {
		return c, err
	}
	_, err = many(r, func(row Scanner) (struct{}, error) {
		var k job.Kind
		var n int
		err := row.Scan(&k, &n)
		c.Sessions[k] = n
		return struct{}{}, err
	}, "SELECT kind, COUNT(*) FROM sessions GROUP BY kind")
	if err != nil {
		return c, err
	}
	_, err = one(r, func(row Scanner) (struct{}, error) {
		var due int64
		err := row.Scan(&c.Promises, &due)
		c.Due = TimeOf(due)
		return struct{}{}, err
	}, "SELECT COUNT(*), COALESCE(MIN(due), 0) FROM promises WHERE turn = 0 AND token > 0")
	if err != nil {
		return c, err
	}
	if c.Waiting, err = r.waiting(); err != nil {
		return c, err
	}
	if c.Parked, err = r.parked(); err != nil {
		return c, err
	}
	_, err = one(r, func(row Scanner) (struct{}, error) {
		var due int64
		err := row.Scan(&c.Calls, &due)
		c.CallDue = TimeOf(due)
		return struct{}{}, err
	}, "SELECT COUNT(*), COALESCE(MIN(due), 0) FROM calls WHERE state = 'pending'")
	return c, err
}

// Deadlines reads what is due next.
func (r Reader) Deadlines() (store.Deadlines, error) {
	d := store.Deadlines{Started: map[job.Kind]time.Time{}}
	_, err := one(r, func(row Scanner) (struct{}, error) {
		var us [6]int64
		err := row.Scan(&us[0], &us[1], &us[2], &us[3], &us[4], &us[5])
		d.Session, d.Promise, d.Key, d.Sweep, d.Tombstone, d.Parking =
			TimeOf(us[0]), TimeOf(us[1]), TimeOf(us[2]), TimeOf(us[3]), TimeOf(us[4]), TimeOf(us[5])
		return struct{}{}, err
	}, `SELECT
 COALESCE((SELECT MIN(ends_at) FROM sessions), 0),
 COALESCE((SELECT due FROM promises WHERE turn = 0 AND `+ready+` ORDER BY due LIMIT 1), 0),
 COALESCE((SELECT MIN(ends_at) FROM keys), 0),
 COALESCE((SELECT MIN(sweep_at) FROM tombstones WHERE sweep_at <> 0), 0),
 COALESCE((SELECT MIN(deleted_at) FROM tombstones WHERE sweep_at = 0), 0),
 COALESCE((SELECT MIN(due) FROM parkings), 0)`)
	if err != nil {
		return d, err
	}
	_, err = many(r, func(row Scanner) (struct{}, error) {
		var k job.Kind
		var us int64
		err := row.Scan(&k, &us)
		d.Started[k] = TimeOf(us)
		return struct{}{}, err
	}, "SELECT kind, MIN(started_at) FROM jobs WHERE state = 'running' AND leader = '' GROUP BY kind")
	return d, err
}
