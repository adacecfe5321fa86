package rows

import "github.com/studycast/studycast/services/status/store"

const recordColumns = "id, at, author, action, reason, selection, outcome"

// AddRecord is the only statement that writes the table: its triggers refuse
// all others.
func (t Writer) AddRecord(r store.Record) error {
	return t.Exec("INSERT INTO audit ("+recordColumns+") VALUES ($1,$2,$3,$4,$5,$6,$7)",
		r.ID, Micros(r.At), r.Author, r.Action, r.Reason, r.Selection, r.Outcome)
}

// Records reads by id, which grows with time.
func (r Reader) Records(f store.RecordFilter) ([]store.Record, error) {
	var w where
	if f.Author != "" {
		w.add("author = ?", f.Author)
	}
	in(&w, "action", f.Actions)
	if !f.After.IsZero() {
		w.add("at >= ?", Micros(f.After))
	}
	if !f.Before.IsZero() {
		w.add("at < ?", Micros(f.Before))
	}
	if f.BeforeID != "" {
		w.add("id < ?", f.BeforeID)
	}
	text := "SELECT " + recordColumns + " FROM audit " + w.String() + " ORDER BY id DESC LIMIT " + w.param(f.Limit)
	return many(r, func(row Scanner) (rec store.Record, err error) {
		var at int64
		err = row.Scan(&rec.ID, &at, &rec.Author, &rec.Action, &rec.Reason, &rec.Selection, &rec.Outcome)
		rec.At = TimeOf(at)
		return rec, err
	}, text, w.args...)
}
