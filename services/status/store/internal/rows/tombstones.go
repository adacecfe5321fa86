package rows

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

const selectTombstone = "SELECT job_id, owner, seq, deleted_at, sweep_at, sweeps FROM tombstones "

func scanTombstone(row Scanner) (t store.Tombstone, err error) {
	var deleted, sweep int64
	err = row.Scan(&t.JobID, &t.Owner, &t.Seq, &deleted, &sweep, &t.Sweeps)
	t.DeletedAt, t.SweepAt = TimeOf(deleted), TimeOf(sweep)
	return t, err
}

// Tombstone reads a tombstone.
func (r Reader) Tombstone(id job.ID) (store.Tombstone, error) {
	return one(r, scanTombstone, selectTombstone+"WHERE job_id = $1", id)
}

// Buried reads tombstones in the order of their seq.
func (r Reader) Buried(owner string, after int64, limit int) ([]store.Tombstone, error) {
	if owner == "" {
		return many(r, scanTombstone, selectTombstone+"WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit)
	}
	return many(r, scanTombstone, selectTombstone+"WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3", owner, after, limit)
}

// PutTombstone writes one.
func (t Writer) PutTombstone(s store.Tombstone) error {
	return t.Exec(`INSERT INTO tombstones (job_id, owner, seq, deleted_at, sweep_at, sweeps)
 VALUES ($1,$2,$3,$4,$5,$6)
 ON CONFLICT (job_id) DO UPDATE SET owner = excluded.owner, seq = excluded.seq, deleted_at = excluded.deleted_at,
 sweep_at = excluded.sweep_at, sweeps = excluded.sweeps`, s.JobID, s.Owner, s.Seq, Micros(s.DeletedAt), Micros(s.SweepAt), s.Sweeps)
}

// Unswept reads those whose sweep is due.
func (t Writer) Unswept(now time.Time, limit int) ([]store.Tombstone, error) {
	return many(t, scanTombstone,
		selectTombstone+"WHERE sweep_at <> 0 AND sweep_at <= $1 ORDER BY sweep_at LIMIT $2", Micros(now), limit)
}

// ExpireTombstones removes old ones.
func (t Writer) ExpireTombstones(before time.Time) error {
	return t.Exec("DELETE FROM tombstones WHERE sweep_at = 0 AND deleted_at <= $1", Micros(before))
}
