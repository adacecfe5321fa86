package rows

import (
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// waits is the condition on promises that wait for their turn.
const waits = "kind = $1 AND turn > 0"

// Line counts.
func (r Reader) Line(k job.Kind) (store.Line, error) {
	return one(r, func(row Scanner) (l store.Line, err error) {
		err = row.Scan(&l.Sent, &l.Slots, &l.Running, &l.Waiting, &l.Paused)
		return l, err
	}, `SELECT (SELECT COUNT(*) FROM jobs WHERE kind = $1 AND sent),
 CAST((SELECT COALESCE(SUM(slots), 0) FROM sessions WHERE kind = $1 AND NOT draining) AS BIGINT),
 (SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state = 'running' AND leader = ''),
 EXISTS (SELECT 1 FROM promises WHERE `+waits+`), EXISTS (SELECT 1 FROM pauses WHERE kind = $1)`, k)
}

// waiting counts the promises that wait for a turn.
func (r Reader) waiting() (map[job.Kind]int, error) {
	all := map[job.Kind]int{}
	_, err := many(r, func(row Scanner) (struct{}, error) {
		var k job.Kind
		var n int
		err := row.Scan(&k, &n)
		all[k] = n
		return struct{}{}, err
	}, "SELECT kind, COUNT(*) FROM promises WHERE turn > 0 GROUP BY kind")
	return all, err
}

// Queued reads both sorts in their order.
func (r Reader) Queued(k job.Kind) ([]job.ID, error) {
	return many(r, scanOne[job.ID], `SELECT id FROM (
 SELECT id, 0 AS sort, since AS place, seq AS nth FROM jobs WHERE kind = $1 AND sent
 UNION ALL SELECT job_id, 1, turn, token FROM promises WHERE `+waits+`) q ORDER BY sort, place, nth`, k)
}

// Begun reads by start.
func (r Reader) Begun(k job.Kind) ([]time.Time, error) {
	return many(r, func(row Scanner) (time.Time, error) {
		us, err := scanOne[int64](row)
		return TimeOf(us), err
	}, "SELECT started_at FROM jobs WHERE kind = $1 AND state = 'running' AND leader = '' ORDER BY started_at", k)
}

// Durations leaves out jobs that only shared a run.
func (r Reader) Durations(k job.Kind, limit int) ([]time.Duration, error) {
	return many(r, func(row Scanner) (time.Duration, error) {
		us, err := scanOne[int64](row)
		return time.Duration(us) * time.Microsecond, err
	}, `SELECT finished_at - started_at FROM jobs WHERE kind = $1 AND state = 'succeeded' AND started_at > 0 AND files = ''
 ORDER BY finished_at DESC LIMIT $2`, k, limit)
}

// JoinLine lets the database find the turn, so that it needs no answer.
func (t Writer) JoinLine(p store.Promise, step int64) error {
	err := t.Exec(`INSERT INTO promises (job_id, owner, due, token, kind, turn) VALUES ($1,$2,$3,$4,$5,
 COALESCE((SELECT MAX(last) FROM turns WHERE kind = $5 AND owner IN ('', $2)), 1))
 ON CONFLICT (job_id) DO UPDATE SET due = excluded.due, token = excluded.token, kind = excluded.kind, turn = excluded.turn`,
		p.JobID, p.Owner, Micros(p.Due), p.Token, p.Kind)
	if err != nil {
		return err
	}
	return t.Exec(`INSERT INTO turns (kind, owner, last) VALUES ($1,$2,(SELECT turn FROM promises WHERE job_id = $3) + $4)
 ON CONFLICT (kind, owner) DO UPDATE SET last = excluded.last`, p.Kind, p.Owner, p.JobID, step)
}

// LeaveLine looks at the promise for itself.
func (t Writer) LeaveLine(r store.Row, step int64) error {
	return t.Exec(`UPDATE turns SET last = last - $1 WHERE kind = $2 AND owner = $3
 AND EXISTS (SELECT 1 FROM promises WHERE job_id = $4 AND turn > 0)`, step, r.Request.Kind, r.Owner, r.ID)
}

// ofJob are the columns of a job in a query that joins it as j.
var ofJob = "j." + strings.Join(strings.Fields(columns), " j.")

// NextInLine leaves out a promise that somebody outside holds locked.
func (t Writer) NextInLine(k job.Kind, limit int) ([]store.Turn, error) {
	return many(t, func(row Scanner) (n store.Turn, err error) {
		n.Row, err = scanJob(behind{row, &n.Turn})
		return n, err
	}, "SELECT p.turn, "+ofJob+" FROM promises p JOIN jobs j ON j.id = p.job_id WHERE p.kind = $1 AND p.turn > 0 "+
		"ORDER BY p.turn, p.token LIMIT $2 "+t.SkipLocked(), k, limit)
}

// behind scans one column that stands before those of a job.
type behind struct {
	Scanner
	first any
}

func (b behind) Scan(dest ...any) error { return b.Scanner.Scan(append([]any{b.first}, dest...)...) }

// Confirmed knows who has the run that a message names.
func (t Writer) Confirmed(id job.ID, token int64, due time.Time) error {
	return t.Exec(`UPDATE promises SET due = $1, token = 0 WHERE token = $2
 AND job_id IN (CAST($3 AS TEXT), (SELECT id FROM jobs WHERE alias = $3 AND alias <> ''))`, Micros(due), token, id)
}

// Send writes nothing but the mark.
func (t Writer) Send(id job.ID) error { return t.Exec("UPDATE jobs SET sent = TRUE WHERE id = $1", id) }

// PassTurn also forgets the owners whose turns lie behind, and everything once
// nobody waits: whoever comes then begins anew.
func (t Writer) PassTurn(k job.Kind, turn int64) error {
	err := t.Exec(`INSERT INTO turns (kind, owner, last) VALUES ($1,'',$2)
 ON CONFLICT (kind, owner) DO UPDATE SET last = excluded.last`, k, turn)
	if err != nil {
		return err
	}
	return t.Exec(`DELETE FROM turns WHERE kind = $1 AND (owner <> '' AND last <= $2
 OR NOT EXISTS (SELECT 1 FROM promises WHERE `+waits+`))`, k, turn)
}
