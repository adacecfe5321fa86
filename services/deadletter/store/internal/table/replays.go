package table

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

const replayColumns = `id, state, why, author, reason, rate, canary, canary_passed, letters, skipped, selection, created_at, ended_at,
 idem_key, idem_digest, holder, held_until`

func scanReplay(row scanner) (r store.Replay, err error) {
	var skipped string
	var created, ended, until int64
	var passed int
	err = row.Scan(&r.ID, &r.State, &r.Why, &r.Author, &r.Reason, &r.Rate, &r.Canary, &passed, &r.Letters, &skipped, &r.Selection,
		&created, &ended, &r.Key, &r.Digest, &r.Holder, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Replay{}, store.ErrReplayNotFound
	}
	if err != nil {
		return store.Replay{}, err
	}
	r.CanaryPassed = passed != 0
	r.CreatedAt, r.EndedAt, r.Until = timeOf(created), timeOf(ended), timeOf(until)
	return r, json.Unmarshal([]byte(skipped), &r.Skipped)
}

// counted adds the counts of items.
func counted(ctx context.Context, q querier, r *store.Replay) error {
	rows, err := q.QueryContext(ctx, "SELECT state, COUNT(*) FROM replay_items WHERE replay_id = $1 GROUP BY state", r.ID)
	if err != nil {
		return err
	}
	type count struct {
		state string
		n     int
	}
	all, err := collect(rows, func(row scanner) (c count, err error) { return c, row.Scan(&c.state, &c.n) })
	by := map[string]int{}
	for _, c := range all {
		by[c.state] = c.n
	}
	r.Counts = deadletterclient.ReplayCounts{
		Waiting: by[store.ItemWaiting], Running: by[store.ItemRunning], Recovered: by[store.ItemRecovered],
		FailedAgain: by[store.ItemFailedAgain], Cancelled: by[store.ItemCancelled], Skipped: by[store.ItemSkipped],
	}
	return err
}

// Replay reads a replay with its counts.
func (t *Table) Replay(ctx context.Context, id string) (store.Replay, error) {
	r, err := scanReplay(t.read.QueryRowContext(ctx, "SELECT "+replayColumns+" FROM replays WHERE id = $1", id))
	if err == nil {
		err = counted(ctx, t.read, &r)
	}
	if err == nil && r.Counts.Skipped > 0 {
		r.Left, err = leftLetters(ctx, t.read, id)
	}
	return r, t.errorf(err, "read replay %s", id)
}

// leftLetters reads which letters of a replay were left as they were, and why; that it
// was stopped before them is said once, by the replay.
func leftLetters(ctx context.Context, q querier, id string) ([]deadletterclient.LeftLetter, error) {
	rows, err := q.QueryContext(ctx, `SELECT letter_id, why FROM replay_items WHERE replay_id = $1 AND state = 'skipped' AND why <> $2
 ORDER BY position LIMIT $3`, id, stopWhy, deadletterclient.MaxLeft)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(row scanner) (l deadletterclient.LeftLetter, err error) { return l, row.Scan(&l.ID, &l.Why) })
}

// ListReplays reads a page of replays.
func (t *Table) ListReplays(ctx context.Context, states []string, before string, limit int) ([]store.Replay, error) {
	all, err := t.listReplays(ctx, states, before, limit)
	return all, t.errorf(err, "list replays")
}

func (t *Table) listReplays(ctx context.Context, states []string, before string, limit int) ([]store.Replay, error) {
	var s statement
	var conds []string
	if len(states) > 0 {
		conds = append(conds, "state"+s.in(states))
	}
	if before != "" {
		conds = append(conds, "id < "+s.param(before))
	}
	text := "SELECT " + replayColumns + " FROM replays"
	if len(conds) > 0 {
		text += " WHERE " + strings.Join(conds, " AND ")
	}
	rows, err := t.read.QueryContext(ctx, text+" ORDER BY id DESC LIMIT "+s.param(limit), s.args...)
	if err != nil {
		return nil, err
	}
	all, err := collect(rows, scanReplay)
	for i := range all {
		if err == nil {
			err = counted(ctx, t.read, &all[i])
		}
	}
	return all, err
}

// stopWhy is told of the items that a stopped replay leaves.
const stopWhy = "the replay was stopped before"

// ChangeReplay runs fn on a replay under lock.
func (t *Table) ChangeReplay(
	ctx context.Context, id string, fn func(*store.Replay) error, records ...deadletterclient.AuditRecord,
) (r store.Replay, err error) {
	var refused error
	err = t.update(ctx, func(tx *sql.Tx) error {
		if r, err = t.lockedReplay(ctx, tx, id); err != nil {
			return err
		}
		if err := counted(ctx, tx, &r); err != nil {
			return err
		}
		if refused = fn(&r); refused != nil {
			return refused
		}
		_, err := tx.ExecContext(ctx, "UPDATE replays SET state = $1, why = $2, canary_passed = $3, ended_at = $4 WHERE id = $5",
			r.State, r.Why, number(r.CanaryPassed), micros(r.EndedAt), id)
		if err != nil {
			return err
		}
		if r.State == deadletterclient.ReplayStopped {
			_, err := tx.ExecContext(ctx, "UPDATE replay_items SET state = 'skipped', why = $1 WHERE replay_id = $2 AND state = 'waiting'",
				stopWhy, id)
			if err != nil {
				return err
			}
			r.Counts.Skipped, r.Counts.Waiting = r.Counts.Skipped+r.Counts.Waiting, 0
		}
		return record(ctx, tx, records...)
	})
	if refused != nil {
		return store.Replay{}, refused
	}
	return r, t.errorf(err, "change replay %s", id)
}

func (t *Table) lockedReplay(ctx context.Context, tx *sql.Tx, id string) (store.Replay, error) {
	return scanReplay(tx.QueryRowContext(ctx, "SELECT "+replayColumns+" FROM replays WHERE id = $1"+t.dialect.Lock, id))
}

// ClaimReplay gives a running replay to a holder.
func (t *Table) ClaimReplay(ctx context.Context, holder string, now, until time.Time) (r store.Replay, err error) {
	const free = " FROM replays WHERE state = 'running' AND held_until < $1 ORDER BY id LIMIT 1"
	err = t.update(ctx, func(tx *sql.Tx) error {
		r, err = scanReplay(tx.QueryRowContext(ctx, "SELECT "+replayColumns+free+t.dialect.Lock, micros(now)))
		if err != nil {
			return err
		}
		r.Holder, r.Until = holder, until
		_, err := tx.ExecContext(ctx, "UPDATE replays SET holder = $1, held_until = $2 WHERE id = $3", holder, micros(until), r.ID)
		return err
	})
	return r, t.errorf(err, "claim a replay")
}

// HoldReplay moves the end of a lease.
func (t *Table) HoldReplay(ctx context.Context, id, holder string, until time.Time) error {
	done, err := t.write.ExecContext(ctx, "UPDATE replays SET held_until = $1 WHERE id = $2 AND holder = $3", micros(until), id, holder)
	if err != nil {
		return t.errorf(err, "hold replay %s", id)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, store.ErrHalted)
	}
	return nil
}

// FreeReplays ends every lease: for a store that only one process has open,
// when it is opened.
func (t *Table) FreeReplays(ctx context.Context) error {
	_, err := t.write.ExecContext(ctx, "UPDATE replays SET held_until = 0 WHERE held_until <> 0")
	return t.errorf(err, "end the leases of replays")
}
