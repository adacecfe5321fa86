package rows

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// isPaused is the condition that the queue of a row with a kind is paused.
func isPaused(table string) string {
	return "EXISTS (SELECT 1 FROM pauses WHERE pauses.kind = " + table + ".kind)"
}

// ready is the condition on promises without a turn that something is to be
// done when they are due. The messages of a paused queue are held back; jobs
// whose time has come stand in line all the same.
var ready = "(NOT " + isPaused("promises") +
	" OR EXISTS (SELECT 1 FROM jobs WHERE jobs.id = promises.job_id AND jobs.state = 'scheduled'))"

// Pauses reads by kind.
func (r Reader) Pauses() ([]store.Pause, error) {
	return many(r, func(row Scanner) (p store.Pause, err error) {
		var at int64
		err = row.Scan(&p.Kind, &p.Author, &p.Reason, &at)
		p.At = TimeOf(at)
		return p, err
	}, "SELECT kind, author, reason, at FROM pauses ORDER BY kind")
}

// PutPause writes one.
func (t Writer) PutPause(p store.Pause) error {
	return t.Exec(`INSERT INTO pauses (kind, author, reason, at) VALUES ($1,$2,$3,$4)
 ON CONFLICT (kind) DO UPDATE SET author = excluded.author, reason = excluded.reason, at = excluded.at`,
		p.Kind, p.Author, p.Reason, Micros(p.At))
}

// DropPause removes one.
func (t Writer) DropPause(k job.Kind) error { return t.Exec("DELETE FROM pauses WHERE kind = $1", k) }

// PutOff leaves alone what was not confirmed.
func (t Writer) PutOff(k job.Kind, due time.Time) error {
	return t.Exec("UPDATE promises SET due = $1 WHERE kind = $2 AND turn = 0 AND token = 0 AND due < $1", Micros(due), k)
}

// Orders reads both in one go.
func (r Reader) Orders(id job.SessionID) (store.Orders, error) {
	return one(r, func(row Scanner) (o store.Orders, err error) {
		err = row.Scan(&o.Paused, &o.Draining)
		return o, err
	}, "SELECT "+isPaused("sessions")+", draining FROM sessions WHERE id = $1", id)
}

// Staff reads whole sessions.
func (r Reader) Staff(k job.Kind) ([]store.Session, error) {
	return many(r, scanSession, selectSession+"WHERE $1 IN ('', kind) ORDER BY kind, worker, id", k)
}

// AtWork leaves out jobs that only share a run.
func (r Reader) AtWork(k job.Kind) ([]store.AtWork, error) {
	return many(r, func(row Scanner) (a store.AtWork, err error) {
		var started int64
		err = row.Scan(&a.Session, &a.JobID, &a.Attempt, &a.Stage, &a.Progress, &started)
		a.StartedAt = TimeOf(started)
		return a, err
	}, `SELECT session, id, attempt, stage, progress, started_at FROM jobs
 WHERE kind = $1 AND state = 'running' AND leader = '' ORDER BY started_at, id`, k)
}

// Load counts within the index of the gauges.
func (r Reader) Load(k job.Kind, now time.Time) (store.Load, error) {
	l := store.Load{Jobs: map[job.State]int{}}
	var w where
	w.add("kind = ?", k)
	in(&w, "state", open())
	_, err := many(r, func(row Scanner) (struct{}, error) {
		var s job.State
		var n int
		err := row.Scan(&s, &n)
		l.Jobs[s] = n
		return struct{}{}, err
	}, "SELECT state, COUNT(*) FROM jobs "+w.String()+" GROUP BY state", w.args...)
	if err != nil {
		return l, err
	}
	if l.InLine, err = one(r, scanOne[int], "SELECT COUNT(*) FROM promises WHERE "+waits, k); err != nil {
		return l, err
	}
	oldest, err := one(r, scanOne[int64], `SELECT COALESCE(MIN(CASE state WHEN 'queued' THEN since ELSE not_before END), 0)
 FROM jobs WHERE kind = $1 AND (state = 'queued' OR state = 'retrying' AND not_before <= $2)`, k, Micros(now))
	l.Oldest = TimeOf(oldest)
	return l, err
}

// open lists the states that are not final.
func open() (states []job.State) {
	for _, s := range job.States() {
		if !s.Final() {
			states = append(states, s)
		}
	}
	return states
}
