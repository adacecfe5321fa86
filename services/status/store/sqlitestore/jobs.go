package sqlitestore

import (
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/record"
	"github.com/studycast/studycast/services/status/store"
)

// columns of a job, in the order of scanJob and values.
const columns = `id, owner, kind, request, state, attempt, spent, not_before, stage, progress, fault, title,
 artifacts, notes, version, seq, created_at, updated_at, started_at, finished_at, session, worker, start_id,
 since, lost, ended_attempt, ended_action, ended_reason, traceparent`

const selectJob = "SELECT " + columns + " FROM jobs "

// blobs are the columns of a job that hold JSON.
type blobs struct{ request, fault, artifacts, notes []byte }

func scanJob(row scanner) (store.Row, error) {
	var (
		r                                              store.Row
		b                                              blobs
		kind                                           string
		notBefore, created, updated, started, finished int64
		since                                          int64
	)
	err := row.Scan(&r.ID, &r.Owner, &kind, &b.request, &r.State, &r.Attempt, &r.Spent, &notBefore, &r.Stage,
		&r.Progress, &b.fault, &r.Title, &b.artifacts, &b.notes, &r.Version, &r.Seq, &created, &updated, &started,
		&finished, &r.Session, &r.Worker, &r.StartID, &since, &r.Lost, &r.Ended.Attempt, &r.Ended.Action,
		&r.Ended.Reason, &r.Traceparent)
	if err != nil {
		return r, err
	}
	r.NotBefore, r.CreatedAt, r.UpdatedAt = timeOf(notBefore), timeOf(created), timeOf(updated)
	r.StartedAt, r.FinishedAt, r.Since = timeOf(started), timeOf(finished), timeOf(since)
	return r, b.decode(&r)
}

func (b blobs) decode(r *store.Row) (err error) {
	if r.Request, err = record.DecodeRequest(b.request); err != nil {
		return err
	}
	if r.Fault, err = record.DecodeFault(b.fault); err != nil {
		return err
	}
	if r.Artifacts, err = record.DecodeArtifacts(b.artifacts); err != nil {
		return err
	}
	r.Notes, err = record.DecodeNotes(b.notes)
	return err
}

func encodeBlobs(r store.Row) (b blobs, err error) {
	if b.request, err = record.EncodeRequest(r.Request); err != nil {
		return b, err
	}
	if b.fault, err = record.EncodeFault(r.Fault); err != nil {
		return b, err
	}
	if b.artifacts, err = record.EncodeArtifacts(r.Artifacts); err != nil {
		return b, err
	}
	b.notes, err = record.EncodeNotes(r.Notes)
	return b, err
}

func (r *reader) Job(id job.ID) (store.Row, error) {
	return one(r.conn, scanJob, selectJob+"WHERE id = ?", id)
}

func (r *reader) Moves(id job.ID) ([]job.Move, error) {
	return many(r.conn, func(row scanner) (job.Move, error) {
		var m job.Move
		var at int64
		err := row.Scan(&at, &m.From, &m.To, &m.Attempt, &m.Worker, &m.Why, &m.Version)
		m.At = timeOf(at)
		return m, err
	}, `SELECT at, from_state, to_state, attempt, worker, why, version FROM moves WHERE job_id = ? ORDER BY version`, id)
}

func (r *reader) Changed(owner string, after int64, limit int) ([]store.Row, error) {
	if owner == "" {
		return many(r.conn, scanJob, selectJob+"WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
	}
	return many(r.conn, scanJob, selectJob+"WHERE owner = ? AND seq > ? ORDER BY seq LIMIT ?", owner, after, limit)
}

func (r *reader) LastSeq() (int64, error) {
	return one(r.conn, func(row scanner) (seq int64, err error) { return seq, row.Scan(&seq) }, "SELECT seq FROM counter")
}

func (t *tx) InsertJob(r store.Row) error {
	b, err := encodeBlobs(r)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO jobs (`+columns+`)
 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		r.ID, r.Owner, r.Request.Kind, b.request, r.State, r.Attempt, r.Spent, micros(r.NotBefore), r.Stage, r.Progress,
		b.fault, r.Title, b.artifacts, b.notes, r.Version, r.Seq, micros(r.CreatedAt), micros(r.UpdatedAt),
		micros(r.StartedAt), micros(r.FinishedAt), r.Session, r.Worker, r.StartID, micros(r.Since), r.Lost,
		r.Ended.Attempt, r.Ended.Action, r.Ended.Reason, r.Traceparent)
}

// UpdateJob leaves alone what never changes: owner, kind, creation.
func (t *tx) UpdateJob(r store.Row) error {
	b, err := encodeBlobs(r)
	if err != nil {
		return err
	}
	return t.change(`UPDATE jobs SET request = ?, state = ?, attempt = ?, spent = ?, not_before = ?, stage = ?,
 progress = ?, fault = ?, title = ?, artifacts = ?, notes = ?, version = ?, seq = ?, updated_at = ?, started_at = ?,
 finished_at = ?, session = ?, worker = ?, start_id = ?, since = ?, lost = ?, ended_attempt = ?, ended_action = ?,
 ended_reason = ? WHERE id = ?`,
		b.request, r.State, r.Attempt, r.Spent, micros(r.NotBefore), r.Stage, r.Progress, b.fault, r.Title, b.artifacts,
		b.notes, r.Version, r.Seq, micros(r.UpdatedAt), micros(r.StartedAt), micros(r.FinishedAt), r.Session, r.Worker,
		r.StartID, micros(r.Since), r.Lost, r.Ended.Attempt, r.Ended.Action, r.Ended.Reason, r.ID)
}

func (t *tx) AddMove(id job.ID, m job.Move) error {
	return t.exec(`INSERT INTO moves (job_id, version, at, from_state, to_state, attempt, worker, why)
 VALUES (?,?,?,?,?,?,?,?)`, id, m.Version, micros(m.At), m.From, m.To, m.Attempt, m.Worker, m.Why)
}

// DeleteJob relies on the tables: what refers to the job goes with it.
func (t *tx) DeleteJob(id job.ID) error { return t.change("DELETE FROM jobs WHERE id = ?", id) }
