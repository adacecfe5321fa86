package rows

import (
	"math"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Every condition on a column with a partial index names the part, for neither
// database sees by itself that a parameter lies in it.
const (
	selectUnderway = "SELECT " + columns + `, 0 AS nth FROM jobs j
 WHERE work_key = $1 AND work_key <> '' AND state IN ('queued', 'running', 'retrying', 'parked') AND leader = '' AND owner <> $2
 AND attempt >= $3
 AND NOT EXISTS (SELECT 1 FROM jobs m WHERE m.leader = j.id AND m.leader <> '' AND m.owner = $2)
 ORDER BY created_at, id LIMIT 1`

	folder = "(CASE WHEN j.files = '' THEN j.id ELSE j.files END)"

	selectMade = "SELECT " + columns + `, 1 AS nth FROM jobs j
 WHERE work_key = $1 AND work_key <> '' AND state = 'succeeded' AND leader = '' AND finished_at >= $4 AND owner <> $2
 AND NOT EXISTS (SELECT 1 FROM jobs m WHERE m.id = ` + folder + ` AND m.owner = $2)
 AND NOT EXISTS (SELECT 1 FROM jobs m WHERE m.files = ` + folder + ` AND m.files <> '' AND m.owner = $2)
 ORDER BY finished_at DESC LIMIT 1`

	selectShareable = "SELECT " + columns + " FROM (SELECT * FROM (" + selectUnderway +
		") a UNION ALL SELECT * FROM (" + selectMade + ") b) c ORDER BY nth LIMIT 1"
)

// Shareable reads what is under way before what was made, in one trip.
func (t Writer) Shareable(w store.Want) (store.Row, error) {
	since := int64(math.MaxInt64)
	if !w.Since.IsZero() {
		since = Micros(w.Since)
	}
	return one(t, scanJob, selectShareable, w.Key, w.Owner, w.Attempt, since)
}

// Following reads whole rows.
func (t Writer) Following(leader job.ID) ([]store.Row, error) {
	return many(t, scanJob, selectJob+"WHERE leader = $1 AND leader <> '' ORDER BY created_at, id", leader)
}

// Claimants reads as little as it can.
func (t Writer) Claimants(leader job.ID) ([]store.Claimant, error) {
	return many(t, func(row Scanner) (c store.Claimant, err error) {
		err = row.Scan(&c.ID, &c.Owner)
		return c, err
	}, "SELECT id, owner FROM jobs WHERE leader = $1 AND leader <> ''", leader)
}

// Spread is one statement for any number of followers.
func (t Writer) Spread(leader job.ID, p store.Progress, after int64) error {
	return t.Exec(`UPDATE jobs SET stage = $1, progress = $2, version = version + 1, updated_at = $3,
 seq = CAST($4 AS BIGINT) + o.nth
 FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS nth FROM jobs WHERE leader = $5 AND leader <> '') o WHERE jobs.id = o.id`,
		p.Stage, p.Percent, Micros(p.At), after, leader)
}

// Follow changes nothing that anybody sees.
func (t Writer) Follow(old, leader job.ID) error {
	return t.Exec("UPDATE jobs SET leader = $1 WHERE leader = $2 AND leader <> ''", leader, old)
}

// FailedWith knows them by their time: they failed in one change.
func (t Writer) FailedWith(r store.Row) ([]store.Row, error) {
	return many(t, scanJob, selectJob+`WHERE work_key = $1 AND work_key <> '' AND leader = '' AND state = 'failed' AND finished_at = $2
 AND id <> $3 ORDER BY created_at, id`, r.WorkKey, Micros(r.FinishedAt), r.ID)
}

// Hasten lets the database find the turn, as JoinLine does.
func (t Writer) Hasten(id job.ID, owner string, k job.Kind, step int64) error {
	const turn = "COALESCE((SELECT MAX(last) FROM turns WHERE kind = $1 AND owner IN ('', $2)), 1)"
	err := t.Exec("UPDATE promises SET turn = "+turn+" WHERE job_id = $3 AND turn > "+turn, k, owner, id)
	if err != nil {
		return err
	}
	return t.Exec(`INSERT INTO turns (kind, owner, last) SELECT p.kind, $2, p.turn + $4 FROM promises p
 WHERE p.job_id = $3 AND p.turn > 0 AND p.turn = `+turn+`
 ON CONFLICT (kind, owner) DO UPDATE SET last = excluded.last`, k, owner, id, step)
}

// Known reads by alias.
func (t Writer) Known(alias job.ID) (store.Row, error) {
	return one(t, scanJob, selectJob+"WHERE alias = $1 AND alias <> ''", alias)
}

// Used looks for the job and for others.
func (t Writer) Used(id job.ID) (bool, error) {
	return one(t, scanOne[bool], `SELECT EXISTS (SELECT 1 FROM jobs WHERE id = $1)
 OR EXISTS (SELECT 1 FROM jobs WHERE files = $1 AND files <> '')`, id)
}

// Kept leaves out what may still come to nothing.
func (t Writer) Kept(id job.ID) (bool, error) {
	return one(t, scanOne[bool],
		"SELECT EXISTS (SELECT 1 FROM jobs WHERE files = $1 AND files <> '' AND state = 'succeeded')", id)
}
