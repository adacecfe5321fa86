package rows

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

const (
	sessionColumns = "id, worker, kind, slots, stream, opened_at, heard_at, ends_at, draining "
	selectSession  = "SELECT " + sessionColumns + "FROM sessions "
)

func scanSession(row Scanner) (s store.Session, err error) {
	var opened, heard, ends int64
	err = row.Scan(&s.ID, &s.Worker, &s.Kind, &s.Slots, &s.Stream, &opened, &heard, &ends, &s.Draining)
	s.OpenedAt, s.HeardAt, s.EndsAt = TimeOf(opened), TimeOf(heard), TimeOf(ends)
	return s, err
}

// Session reads a session.
func (t Writer) Session(id job.SessionID) (store.Session, error) {
	return one(t, func(row Scanner) (s store.Session, err error) {
		var waiting, paused bool
		s, err = scanSession(behind{behind{row, &waiting}, &paused})
		s.Waiting, s.Paused = waiting, paused
		return s, err
	}, "SELECT EXISTS (SELECT 1 FROM promises WHERE kind = sessions.kind AND turn > 0), "+isPaused("sessions")+", "+sessionColumns+"FROM sessions WHERE id = $1", id)
}

// PutSession writes one.
func (t Writer) PutSession(s store.Session) error {
	return t.Exec(`INSERT INTO sessions (id, worker, kind, slots, stream, opened_at, heard_at, ends_at, draining) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
 ON CONFLICT (id) DO UPDATE SET worker = excluded.worker, slots = excluded.slots, stream = excluded.stream,
 heard_at = excluded.heard_at, ends_at = excluded.ends_at, draining = excluded.draining`,
		s.ID, s.Worker, s.Kind, s.Slots, s.Stream, Micros(s.OpenedAt), Micros(s.HeardAt), Micros(s.EndsAt), s.Draining)
}

// DeleteSession removes one.
func (t Writer) DeleteSession(id job.SessionID) error {
	return t.Exec("DELETE FROM sessions WHERE id = $1", id)
}

// Expired reads those that are over.
func (t Writer) Expired(now time.Time, limit int) ([]store.Session, error) {
	return many(t, scanSession, selectSession+"WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2", Micros(now), limit)
}

// ExtendAll gives all the same end.
func (t Writer) ExtendAll(now, until time.Time) error {
	return t.Exec("UPDATE sessions SET heard_at = $1, ends_at = $2", Micros(now), Micros(until))
}

// LastHeard reads the latest word of any session.
func (t Writer) LastHeard() (time.Time, error) {
	return one(t, func(row Scanner) (time.Time, error) {
		var us int64
		err := row.Scan(&us)
		return TimeOf(us), err
	}, "SELECT COALESCE(MAX(heard_at), 0) FROM sessions")
}

// Prolong spares those that would end before.
func (t Writer) Prolong(now, until time.Time) error {
	return t.Exec("UPDATE sessions SET heard_at = $1, ends_at = $2 WHERE ends_at < $2", Micros(now), Micros(until))
}

const selectPromise = "SELECT job_id, owner, due, token, kind, turn FROM promises "

func scanPromise(row Scanner) (p store.Promise, err error) {
	var due int64
	err = row.Scan(&p.JobID, &p.Owner, &due, &p.Token, &p.Kind, &p.Turn)
	p.Due = TimeOf(due)
	return p, err
}

// Promise reads a promise.
func (t Writer) Promise(id job.ID) (store.Promise, error) {
	return one(t, scanPromise, selectPromise+"WHERE job_id = $1", id)
}

// PutPromise writes one.
func (t Writer) PutPromise(p store.Promise) error {
	return t.Exec(`INSERT INTO promises (job_id, owner, due, token, kind, turn) VALUES ($1,$2,$3,$4,$5,$6)
 ON CONFLICT (job_id) DO UPDATE SET due = excluded.due, token = excluded.token, turn = excluded.turn`,
		p.JobID, p.Owner, Micros(p.Due), p.Token, p.Kind, p.Turn)
}

// DropPromise removes one.
func (t Writer) DropPromise(id job.ID) error {
	return t.Exec("DELETE FROM promises WHERE job_id = $1", id)
}

// DuePromises leaves out a promise that somebody outside holds locked, where
// that can be, so that one row never keeps the relay waiting.
func (t Writer) DuePromises(now time.Time, limit int) ([]store.Promise, error) {
	return many(t, scanPromise, `SELECT p.job_id, p.owner, p.due, p.token, p.kind, p.turn FROM promises p JOIN (
 SELECT job_id, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY due, job_id) AS nth FROM promises WHERE turn = 0 AND due <= $1 AND `+ready+`) t
 ON t.job_id = p.job_id ORDER BY t.nth, p.due, p.job_id LIMIT $2 `+t.SkipLocked(), Micros(now), limit)
}

// Key reads a key.
func (t Writer) Key(owner, key string) (store.Key, error) {
	return one(t, func(row Scanner) (k store.Key, err error) {
		var ends int64
		err = row.Scan(&k.Owner, &k.Key, &k.Fingerprint, &k.JobID, &ends)
		k.EndsAt = TimeOf(ends)
		return k, err
	}, "SELECT owner, key, fingerprint, job_id, ends_at FROM keys WHERE owner = $1 AND key = $2", owner, key)
}

// PutKey writes one.
func (t Writer) PutKey(k store.Key) error {
	return t.Exec(`INSERT INTO keys (owner, key, fingerprint, job_id, ends_at) VALUES ($1,$2,$3,$4,$5)
 ON CONFLICT (owner, key) DO UPDATE SET fingerprint = excluded.fingerprint, job_id = excluded.job_id,
 ends_at = excluded.ends_at`,
		k.Owner, k.Key, k.Fingerprint, k.JobID, Micros(k.EndsAt))
}

// ExpireKeys removes those that ended.
func (t Writer) ExpireKeys(now time.Time) error {
	return t.Exec("DELETE FROM keys WHERE ends_at <= $1", Micros(now))
}
