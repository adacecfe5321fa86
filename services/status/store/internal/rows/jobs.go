package rows

import (
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/record"
	"github.com/studycast/studycast/services/status/store"
)

// columns of a job, in the order of scanJob and values.
const columns = `id, owner, kind, request, state, attempt, spent, not_before, stage, progress, fault, title,
 artifacts, notes, version, seq, created_at, updated_at, started_at, finished_at, session, worker, start_id,
 since, lost, ended_attempt, ended_action, ended_reason, dead_letter, replayed, sent,
 work_key, leader, followers, files, alias, dependency, trial, traceparent`

const selectJob = "SELECT " + columns + " FROM jobs "

// blobs are the columns of a job that hold JSON.
type blobs struct{ request, fault, artifacts, notes []byte }

func scanJob(row Scanner) (store.Row, error) {
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
		&r.Ended.Reason, &r.DeadLetter, &r.Replayed, &r.Sent, &r.WorkKey, &r.Leader, &r.Followers, &r.Files, &r.Alias,
		&r.Dependency, &r.Trial, &r.Traceparent)
	if err != nil {
		return r, err
	}
	r.NotBefore, r.CreatedAt, r.UpdatedAt = TimeOf(notBefore), TimeOf(created), TimeOf(updated)
	r.StartedAt, r.FinishedAt, r.Since = TimeOf(started), TimeOf(finished), TimeOf(since)
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

// Job reads a row.
func (r Reader) Job(id job.ID) (store.Row, error) {
	return one(r, scanJob, selectJob+"WHERE id = $1", id)
}

// Moves reads the history of a job.
func (r Reader) Moves(id job.ID) ([]job.Move, error) {
	return many(r, func(row Scanner) (job.Move, error) {
		var m job.Move
		var at int64
		err := row.Scan(&at, &m.From, &m.To, &m.Attempt, &m.Worker, &m.Why, &m.Version)
		m.At = TimeOf(at)
		return m, err
	}, `SELECT at, from_state, to_state, attempt, worker, why, version FROM moves WHERE job_id = $1 ORDER BY version`, id)
}

// Changed reads jobs in the order of their seq.
func (r Reader) Changed(owner string, after int64, limit int) ([]store.Row, error) {
	if owner == "" {
		return many(r, scanJob, selectJob+"WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit)
	}
	return many(r, scanJob, selectJob+"WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3", owner, after, limit)
}

// LastSeq reads the counter.
func (r Reader) LastSeq() (int64, error) {
	return one(r, scanOne[int64], "SELECT seq FROM counter")
}

// InsertJob writes a new row.
func (t Writer) InsertJob(r store.Row) error {
	b, err := encodeBlobs(r)
	if err != nil {
		return err
	}
	return t.Exec(`INSERT INTO jobs (`+columns+`)
 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,$30,$31,$32,
 $33,$34,$35,$36,$37,$38,$39)`,
		r.ID, r.Owner, r.Request.Kind, b.request, r.State, r.Attempt, r.Spent, Micros(r.NotBefore), r.Stage, r.Progress,
		b.fault, r.Title, b.artifacts, b.notes, r.Version, r.Seq, Micros(r.CreatedAt), Micros(r.UpdatedAt),
		Micros(r.StartedAt), Micros(r.FinishedAt), r.Session, r.Worker, r.StartID, Micros(r.Since), r.Lost,
		r.Ended.Attempt, r.Ended.Action, r.Ended.Reason, r.DeadLetter, r.Replayed, r.Sent, r.WorkKey, r.Leader,
		r.Followers, r.Files, r.Alias, r.Dependency, r.Trial, r.Traceparent)
}

// UpdateJob leaves alone what never changes: owner, kind, creation.
func (t Writer) UpdateJob(r store.Row) error {
	b, err := encodeBlobs(r)
	if err != nil {
		return err
	}
	return t.Exec(`UPDATE jobs SET request = $1, state = $2, attempt = $3, spent = $4, not_before = $5, stage = $6,
 progress = $7, fault = $8, title = $9, artifacts = $10, notes = $11, version = $12, seq = $13, updated_at = $14, started_at = $15,
 finished_at = $16, session = $17, worker = $18, start_id = $19, since = $20, lost = $21, ended_attempt = $22, ended_action = $23,
 ended_reason = $24, dead_letter = $25, replayed = $26, sent = $27, work_key = $28, leader = $29,
 followers = $30, files = $31, alias = $32, dependency = $33, trial = $34 WHERE id = $35`,
		b.request, r.State, r.Attempt, r.Spent, Micros(r.NotBefore), r.Stage, r.Progress, b.fault, r.Title, b.artifacts,
		b.notes, r.Version, r.Seq, Micros(r.UpdatedAt), Micros(r.StartedAt), Micros(r.FinishedAt), r.Session, r.Worker,
		r.StartID, Micros(r.Since), r.Lost, r.Ended.Attempt, r.Ended.Action, r.Ended.Reason, r.DeadLetter, r.Replayed, r.Sent,
		r.WorkKey, r.Leader, r.Followers, r.Files, r.Alias, r.Dependency, r.Trial, r.ID)
}

// AddMove writes a move.
func (t Writer) AddMove(id job.ID, m job.Move) error {
	return t.Exec(`INSERT INTO moves (job_id, version, at, from_state, to_state, attempt, worker, why)
 VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`, id, m.Version, Micros(m.At), m.From, m.To, m.Attempt, m.Worker, m.Why)
}

// DeleteJob relies on the tables: what refers to the job goes with it.
func (t Writer) DeleteJob(id job.ID) error { return t.Exec("DELETE FROM jobs WHERE id = $1", id) }
