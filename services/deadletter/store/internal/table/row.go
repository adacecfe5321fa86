package table

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// brief are the columns of a letter without headers and body, in the order of
// scan.
const brief = `id, digest, job_id, kind, owner, queue, state, fault_kind, fault_text, fault_cause, fault_stage,
 attempt, died_at, stored_at, last_at, copies, job_state, undecodable, body_schema, replayed_by, replayed_at, replay_reason,
 fingerprint, replay_id, resent_to, run_job, job_version, outcome, outcome_at, discarded_by, discarded_at, discard_reason, edited`

const insert = `INSERT INTO dead_letters (` + brief + `, headers, body, search, attempts, readable)
 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,
 $23,$24,$25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,$37,$38)`

func values(l store.Letter) ([]any, error) {
	headers, err := json.Marshal(l.Headers)
	if err != nil {
		return nil, err
	}
	attempts, err := encodeAttempts(l.Attempts)
	if err != nil {
		return nil, err
	}
	return []any{
		l.ID, l.Digest[:], string(l.JobID), string(l.Kind), l.Owner, l.Queue, l.State,
		l.Fault.Kind, l.Fault.Text, l.Fault.Cause, l.Fault.Stage, l.Attempt,
		micros(l.DiedAt), micros(l.StoredAt), micros(l.LastAt), l.Copies, l.JobState, l.Undecodable, l.Schema,
		l.ReplayedBy, micros(l.ReplayedAt), l.ReplayReason,
		l.Fingerprint, l.ReplayID, l.ResentTo, string(l.RunJob), l.JobVersion, l.Outcome, micros(l.OutcomeAt),
		l.DiscardedBy, micros(l.DiscardedAt), l.DiscardReason, notNull(l.EditedBody),
		headers, notNull(l.Body), searched(l), attempts, number(l.Undecodable == ""),
	}, nil
}

// encodeAttempts makes JSON of attempts, and nothing of none.
func encodeAttempts(all []deadletterclient.Attempt) ([]byte, error) {
	if len(all) == 0 {
		return []byte{}, nil
	}
	return json.Marshal(all)
}

func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// searched is what a text is looked for in.
func searched(l store.Letter) string { return strings.ToLower(l.Fault.Text + "\n" + l.Fault.Cause) }

// scanner is a row under the cursor.
type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (store.Letter, error) { return scanAnd(row) }

func scanWhole(row scanner) (store.Letter, error) {
	var headers, body, attempts []byte
	l, err := scanAnd(row, &headers, &body, &attempts)
	if err != nil {
		return l, err
	}
	if len(attempts) > 0 {
		if err := json.Unmarshal(attempts, &l.Attempts); err != nil {
			return l, fmt.Errorf("read the attempts of letter %s: %w", l.ID, err)
		}
	}
	if len(body) > 0 {
		l.Body = body
	}
	return l, json.Unmarshal(headers, &l.Headers)
}

func scanAnd(row scanner, more ...any) (store.Letter, error) {
	var l store.Letter
	var digest, edited []byte
	var died, stored, last, replayed, ended, discarded int64
	err := row.Scan(append([]any{
		&l.ID, &digest, &l.JobID, &l.Kind, &l.Owner, &l.Queue, &l.State,
		&l.Fault.Kind, &l.Fault.Text, &l.Fault.Cause, &l.Fault.Stage, &l.Attempt,
		&died, &stored, &last, &l.Copies, &l.JobState, &l.Undecodable, &l.Schema,
		&l.ReplayedBy, &replayed, &l.ReplayReason,
		&l.Fingerprint, &l.ReplayID, &l.ResentTo, &l.RunJob, &l.JobVersion, &l.Outcome, &ended,
		&l.DiscardedBy, &discarded, &l.DiscardReason, &edited,
	}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Letter{}, store.ErrNotFound
	}
	if err != nil {
		return store.Letter{}, err
	}
	if len(digest) != len(l.Digest) {
		return store.Letter{}, fmt.Errorf("letter %s has a digest of %d bytes", l.ID, len(digest))
	}
	copy(l.Digest[:], digest)
	l.DiedAt, l.StoredAt, l.LastAt, l.ReplayedAt = timeOf(died), timeOf(stored), timeOf(last), timeOf(replayed)
	l.OutcomeAt, l.DiscardedAt = timeOf(ended), timeOf(discarded)
	if len(edited) > 0 {
		l.EditedBody = edited
	}
	l.Fault.At = l.DiedAt
	return l, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func many(ctx context.Context, q querier, text string, args ...any) ([]store.Letter, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// micros and timeOf turn times into what the table holds; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
