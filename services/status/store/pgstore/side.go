package pgstore

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

const selectSession = "SELECT id, worker, kind, slots, stream, opened_at, ends_at FROM sessions "

func scanSession(row scanner) (s store.Session, err error) {
	var opened, ends int64
	err = row.Scan(&s.ID, &s.Worker, &s.Kind, &s.Slots, &s.Stream, &opened, &ends)
	s.OpenedAt, s.EndsAt = timeOf(opened), timeOf(ends)
	return s, err
}

func (t *tx) Session(id job.SessionID) (store.Session, error) {
	return one(t.conn, scanSession, selectSession+"WHERE id = $1", id)
}

func (t *tx) PutSession(s store.Session) error {
	return t.exec(`INSERT INTO sessions (id, worker, kind, slots, stream, opened_at, ends_at) VALUES ($1,$2,$3,$4,$5,$6,$7)
 ON CONFLICT (id) DO UPDATE SET worker = excluded.worker, slots = excluded.slots, stream = excluded.stream,
 ends_at = excluded.ends_at`, s.ID, s.Worker, s.Kind, s.Slots, s.Stream, micros(s.OpenedAt), micros(s.EndsAt))
}

func (t *tx) DeleteSession(id job.SessionID) error {
	return t.exec("DELETE FROM sessions WHERE id = $1", id)
}

func (t *tx) Expired(now time.Time, limit int) ([]store.Session, error) {
	return many(t.conn, scanSession, selectSession+"WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2", micros(now), limit)
}

func (t *tx) ExtendAll(until time.Time) error {
	return t.exec("UPDATE sessions SET ends_at = $1", micros(until))
}

func scanPromise(row scanner) (p store.Promise, err error) {
	var due int64
	err = row.Scan(&p.JobID, &p.Owner, &due, &p.Token)
	p.Due = timeOf(due)
	return p, err
}

func (t *tx) PutPromise(p store.Promise) error {
	return t.exec(`INSERT INTO promises (job_id, owner, due, token) VALUES ($1,$2,$3,$4)
 ON CONFLICT (job_id) DO UPDATE SET due = excluded.due, token = excluded.token`, p.JobID, p.Owner, micros(p.Due), p.Token)
}

func (t *tx) DropPromise(id job.ID, token int64) error {
	return t.exec("DELETE FROM promises WHERE job_id = $1 AND ($2::bigint = 0 OR token = $2::bigint)", id, token)
}

// DuePromises leaves out a promise that somebody outside holds locked, so that
// one row never keeps the relay waiting.
func (t *tx) DuePromises(now time.Time, limit int) ([]store.Promise, error) {
	return many(t.conn, scanPromise, `SELECT p.job_id, p.owner, p.due, p.token FROM promises p JOIN (
 SELECT job_id, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY due, job_id) AS turn FROM promises WHERE due <= $1) t
 ON t.job_id = p.job_id ORDER BY t.turn, p.due, p.job_id LIMIT $2 FOR UPDATE OF p SKIP LOCKED`, micros(now), limit)
}

func (t *tx) Key(owner, key string) (store.Key, error) {
	return one(t.conn, func(row scanner) (k store.Key, err error) {
		var ends int64
		err = row.Scan(&k.Owner, &k.Key, &k.Fingerprint, &k.JobID, &ends)
		k.EndsAt = timeOf(ends)
		return k, err
	}, "SELECT owner, key, fingerprint, job_id, ends_at FROM keys WHERE owner = $1 AND key = $2", owner, key)
}

func (t *tx) PutKey(k store.Key) error {
	return t.exec(`INSERT INTO keys (owner, key, fingerprint, job_id, ends_at) VALUES ($1,$2,$3,$4,$5)
 ON CONFLICT (owner, key) DO UPDATE SET fingerprint = excluded.fingerprint, job_id = excluded.job_id,
 ends_at = excluded.ends_at`,
		k.Owner, k.Key, k.Fingerprint, k.JobID, micros(k.EndsAt))
}

func (t *tx) ExpireKeys(now time.Time) error {
	return t.exec("DELETE FROM keys WHERE ends_at <= $1", micros(now))
}

const selectTombstone = "SELECT job_id, owner, seq, deleted_at, sweep_at, sweeps FROM tombstones "

func scanTombstone(row scanner) (t store.Tombstone, err error) {
	var deleted, sweep int64
	err = row.Scan(&t.JobID, &t.Owner, &t.Seq, &deleted, &sweep, &t.Sweeps)
	t.DeletedAt, t.SweepAt = timeOf(deleted), timeOf(sweep)
	return t, err
}

func (r *reader) Tombstone(id job.ID) (store.Tombstone, error) {
	return one(r.conn, scanTombstone, selectTombstone+"WHERE job_id = $1", id)
}

func (r *reader) Buried(owner string, after int64, limit int) ([]store.Tombstone, error) {
	if owner == "" {
		return many(r.conn, scanTombstone, selectTombstone+"WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit)
	}
	return many(r.conn, scanTombstone, selectTombstone+"WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3", owner, after, limit)
}

func (t *tx) PutTombstone(s store.Tombstone) error {
	return t.exec(`INSERT INTO tombstones (job_id, owner, seq, deleted_at, sweep_at, sweeps)
 VALUES ($1,$2,$3,$4,$5,$6)
 ON CONFLICT (job_id) DO UPDATE SET owner = excluded.owner, seq = excluded.seq, deleted_at = excluded.deleted_at,
 sweep_at = excluded.sweep_at, sweeps = excluded.sweeps`, s.JobID, s.Owner, s.Seq, micros(s.DeletedAt), micros(s.SweepAt), s.Sweeps)
}

func (t *tx) Unswept(now time.Time, limit int) ([]store.Tombstone, error) {
	return many(t.conn, scanTombstone,
		selectTombstone+"WHERE sweep_at <> 0 AND sweep_at <= $1 ORDER BY sweep_at LIMIT $2", micros(now), limit)
}

func (t *tx) ExpireTombstones(before time.Time) error {
	return t.exec("DELETE FROM tombstones WHERE sweep_at = 0 AND deleted_at <= $1", micros(before))
}
