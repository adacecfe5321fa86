// Package table keeps dead letters in a SQL table. Its statements run on SQLite
// and on PostgreSQL; an adapter opens the database and says in a Dialect where
// the two differ.
package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Dialect is where databases differ.
type Dialect struct {
	// Lock is what a SELECT ends with whose row is going to be changed.
	Lock string
	// Serialize makes transactions with one digest wait for each other; nil when
	// all transactions do anyway.
	Serialize func(ctx context.Context, tx *sql.Tx, digest [32]byte) error
	// Contains is the function that finds its second argument in its first; 0 =
	// it is not there.
	Contains string
	// ByState: groups and texts are looked for state by state, each in the order
	// of an index that begins with the state and has all that is asked for. It is
	// for a database that sorts what it groups.
	ByState bool
	// Explain tells errors of the connection, after which trying again may help,
	// from those of a statement.
	Explain func(error) error
}

// Table is the table in an open database.
type Table struct {
	write   *sql.DB
	read    *sql.DB
	dialect Dialect
}

// New returns the table. write begins transactions that may change it; read may
// be the same.
func New(write, read *sql.DB, d Dialect) *Table {
	return &Table{write: write, read: read, dialect: d}
}

// known are the errors that callers know.
var known = []error{
	store.ErrNotFound, store.ErrReplayNotFound, store.ErrKeyReused, store.ErrTooMany, store.ErrNothing, store.ErrHalted,
	store.ErrExhausted, store.ErrOtherLetter,
}

// errorf adds what was done to an error. Those that callers know stay bare.
func (t *Table) errorf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	for _, known := range known {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), t.dialect.Explain(err))
}

// update runs fn in a transaction.
func (t *Table) update(ctx context.Context, fn func(*sql.Tx) error) (err error) {
	tx, err := t.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if undone := tx.Rollback(); undone != nil && !errors.Is(undone, sql.ErrTxDone) {
			err = errors.Join(err, undone)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Put stores l or counts it as one more copy.
func (t *Table) Put(ctx context.Context, l store.Letter, same func(store.Letter) bool) (stored store.Letter, err error) {
	err = t.update(ctx, func(tx *sql.Tx) error {
		stored, err = t.put(ctx, tx, l, same)
		return err
	})
	return stored, t.errorf(err, "store a dead letter of job %s", l.JobID)
}

// candidates bounds how many letters of one message are looked at: it died and
// was replayed that often.
const candidates = 100

func (t *Table) put(ctx context.Context, tx *sql.Tx, l store.Letter, same func(store.Letter) bool) (store.Letter, error) {
	if t.dialect.Serialize != nil {
		if err := t.dialect.Serialize(ctx, tx, l.Digest); err != nil {
			return store.Letter{}, err
		}
	}
	before, err := many(ctx, tx, "SELECT "+brief+" FROM dead_letters WHERE digest = $1 ORDER BY id DESC LIMIT $2",
		l.Digest[:], candidates)
	if err != nil {
		return store.Letter{}, err
	}
	for _, b := range before {
		if same(b) {
			b.Copies++
			b.LastAt = l.LastAt
			_, err := tx.ExecContext(ctx, "UPDATE dead_letters SET copies = copies + 1, last_at = $1 WHERE id = $2",
				micros(b.LastAt), b.ID)
			return b, err
		}
	}
	args, err := values(l)
	if err != nil {
		return store.Letter{}, err
	}
	if _, err = tx.ExecContext(ctx, insert, args...); err != nil {
		return store.Letter{}, err
	}
	l.Headers, l.Body, l.Attempts = nil, nil, nil
	l.Ended, err = t.failedAgain(ctx, tx, l)
	return l, err
}

// failedAgain makes a new letter the outcome of those of its job that were
// replayed before it died. Some brokers tell the time of a death in whole
// seconds.
func (t *Table) failedAgain(ctx context.Context, tx *sql.Tx, fresh store.Letter) (ended int, err error) {
	if fresh.JobID == "" {
		return 0, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT id FROM dead_letters WHERE job_id = $1 AND id <> $2
 AND state IN ('replaying', 'replayed') AND outcome = '' AND resent_to = '' AND replayed_at / 1000000 <= $3`,
		string(fresh.JobID), fresh.ID, fresh.DiedAt.Unix())
	if err != nil {
		return 0, err
	}
	ids, err := collect(rows, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		_, err := tx.ExecContext(ctx, "UPDATE dead_letters SET outcome = $1, outcome_at = $2 WHERE id = $3",
			deadletterclient.OutcomeFailedAgain, micros(fresh.StoredAt), id)
		if err != nil {
			return 0, err
		}
		if err := endItem(ctx, tx, id, store.ItemFailedAgain, store.ItemEnd{Again: fresh.Fingerprint}); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// Change runs fn on a letter under lock.
func (t *Table) Change(
	ctx context.Context, id string, fn func(*store.Letter) error, records ...deadletterclient.AuditRecord,
) (l store.Letter, err error) {
	var refused error
	err = t.update(ctx, func(tx *sql.Tx) error {
		if l, err = t.locked(ctx, tx, id); err != nil {
			return err
		}
		if refused = fn(&l); refused != nil {
			return refused
		}
		if err := save(ctx, tx, l); err != nil {
			return err
		}
		return record(ctx, tx, records...)
	})
	if refused != nil {
		return store.Letter{}, refused
	}
	l.Item = store.ItemEnd{}
	return l, t.errorf(err, "change dead letter %s", id)
}

func (t *Table) locked(ctx context.Context, tx *sql.Tx, id string) (store.Letter, error) {
	return scan(tx.QueryRowContext(ctx, "SELECT "+brief+" FROM dead_letters WHERE id = $1"+t.dialect.Lock, id))
}

// save writes what was decided on a letter, and ends its item in a replay.
func save(ctx context.Context, tx *sql.Tx, l store.Letter) error {
	_, err := tx.ExecContext(ctx, `UPDATE dead_letters SET state = $1, job_state = $2, replayed_by = $3, replayed_at = $4,
 replay_reason = $5, replay_id = $6, resent_to = $7, job_version = $8, outcome = $9, outcome_at = $10, discarded_by = $11,
 discarded_at = $12, discard_reason = $13, edited = $14, run_job = $15 WHERE id = $16`,
		l.State, l.JobState, l.ReplayedBy, micros(l.ReplayedAt), l.ReplayReason, l.ReplayID, l.ResentTo, l.JobVersion, l.Outcome,
		micros(l.OutcomeAt), l.DiscardedBy, micros(l.DiscardedAt), l.DiscardReason, notNull(l.EditedBody), string(l.RunJob), l.ID)
	if err != nil {
		return err
	}
	switch {
	case l.State == deadletterclient.Open, l.Item.Why != "":
		return endItem(ctx, tx, l.ID, store.ItemSkipped, l.Item)
	case l.Outcome == deadletterclient.OutcomeGone:
		return endItem(ctx, tx, l.ID, store.ItemCancelled, store.ItemEnd{Why: "its job was deleted"})
	case l.Outcome != "" && l.Outcome != deadletterclient.OutcomeResent:
		return endItem(ctx, tx, l.ID, l.Outcome, l.Item)
	}
	return nil
}

// endItem ends the item under way of a letter, if there is one.
func endItem(ctx context.Context, tx *sql.Tx, letter, state string, end store.ItemEnd) error {
	_, err := tx.ExecContext(ctx, "UPDATE replay_items SET state = $1, why = $2, again = $3 WHERE letter_id = $4 AND state = 'running'",
		state, end.Why, end.Again, letter)
	return err
}

// Get returns a letter whole.
func (t *Table) Get(ctx context.Context, id string) (store.Letter, error) {
	row := t.read.QueryRowContext(ctx, "SELECT "+brief+", headers, body, attempts FROM dead_letters WHERE id = $1", id)
	l, err := scanWhole(row)
	return l, t.errorf(err, "read dead letter %s", id)
}

// Told keeps what the status service answered.
func (t *Table) Told(ctx context.Context, id, jobState string, attempts []deadletterclient.Attempt) error {
	encoded, err := encodeAttempts(attempts)
	if err != nil {
		return err
	}
	done, err := t.write.ExecContext(ctx, "UPDATE dead_letters SET job_state = $1, attempts = $2 WHERE id = $3", jobState, encoded, id)
	if err != nil {
		return t.errorf(err, "keep the attempts of dead letter %s", id)
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return t.errorf(err, "keep the attempts of dead letter %s", id)
	}
	return store.ErrNotFound
}

// Counts counts letters by state and fault.
func (t *Table) Counts(ctx context.Context) ([]store.Count, error) {
	rows, err := t.read.QueryContext(ctx, "SELECT state, fault_kind, COUNT(*) FROM dead_letters GROUP BY state, fault_kind")
	if err != nil {
		return nil, t.errorf(err, "count dead letters")
	}
	counts, err := collect(rows, func(row scanner) (c store.Count, err error) {
		return c, row.Scan(&c.State, &c.Fault, &c.Letters)
	})
	return counts, t.errorf(err, "count dead letters")
}

// Ping reads a row, if there is one.
func (t *Table) Ping(ctx context.Context) error {
	var one int
	err := t.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM dead_letters LIMIT 1) t").Scan(&one)
	return t.errorf(err, "read the dead letters")
}
