package table

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// live finds letters in a replay that is not over with them.
const live = "EXISTS (SELECT 1 FROM replay_items i WHERE i.letter_id = l.id AND i.state IN ('waiting', 'running'))"

// planned bounds the groups that a plan tells of.
const planned = 200

// taken are the conditions of letters of a filter that a replay takes.
func (s *statement) taken(f store.Filter) []string {
	return append(s.conds(f), "l.state = 'open'", "l.undecodable = ''", "NOT "+live)
}

// Plan tells what a replay would take and leave.
func (t *Table) Plan(ctx context.Context, f store.Filter) (deadletterclient.Plan, error) {
	p, err := t.plan(ctx, t.read, f)
	return p, t.errorf(err, "plan a replay")
}

func (t *Table) plan(ctx context.Context, q querier, f store.Filter) (p deadletterclient.Plan, err error) {
	left, err := t.left(ctx, q, f, deadletterclient.Open, true)
	if err != nil {
		return p, err
	}
	p.Letters, p.Skipped = left.Letters, left.Skipped
	s := statement{contains: t.dialect.Contains}
	p.Groups, err = t.groups(ctx, q, &s, s.taken(f), store.GroupKey{}, planned)
	return p, err
}

// left counts which letters of a filter that are in a state can be changed, and
// why others can't.
func (t *Table) left(ctx context.Context, q querier, f store.Filter, state string, readable bool) (d deadletterclient.Decided, err error) {
	s := statement{contains: t.dialect.Contains}
	why := "CASE WHEN " + live + " THEN '" + deadletterclient.SkippedInReplay +
		"' WHEN l.state <> " + s.param(state) + " THEN '" + deadletterclient.SkippedDecided + "'"
	if readable {
		why += " WHEN l.undecodable <> '' THEN '" + deadletterclient.SkippedUndecodable + "'"
	}
	rows, err := q.QueryContext(ctx, "SELECT "+why+" ELSE '' END AS why, COUNT(*) FROM dead_letters l"+s.where(f)+" GROUP BY 1 ORDER BY 1", s.args...)
	if err != nil {
		return d, err
	}
	all, err := collect(rows, func(row scanner) (k deadletterclient.Skipped, err error) { return k, row.Scan(&k.Why, &k.Letters) })
	missing := len(f.IDs)
	for _, k := range all {
		missing -= k.Letters
		if k.Why == "" {
			d.Letters = k.Letters
		} else {
			d.Skipped = append(d.Skipped, k)
		}
	}
	if missing > 0 {
		d.Skipped = append(d.Skipped, deadletterclient.Skipped{Why: deadletterclient.SkippedMissing, Letters: missing})
	}
	return d, err
}

// creations is what replays are made one after the other under.
var creations = sha256.Sum256([]byte("replays"))

// CreateReplay freezes a selection.
func (t *Table) CreateReplay(
	ctx context.Context, r store.Replay, f store.Filter, most int, rec deadletterclient.AuditRecord,
) (stored store.Replay, existed bool, err error) {
	err = t.update(ctx, func(tx *sql.Tx) error {
		if t.dialect.Serialize != nil {
			if err := t.dialect.Serialize(ctx, tx, creations); err != nil {
				return err
			}
		}
		if r.Key != "" {
			stored, err = t.byKey(ctx, tx, r)
			if existed = err == nil; existed || !errors.Is(err, store.ErrReplayNotFound) {
				return err
			}
		}
		stored, err = t.freeze(ctx, tx, r, f, most)
		if err != nil {
			return err
		}
		return record(ctx, tx, rec)
	})
	return stored, existed, t.errorf(err, "make a replay")
}

func (t *Table) byKey(ctx context.Context, tx *sql.Tx, r store.Replay) (store.Replay, error) {
	before, err := scanReplay(tx.QueryRowContext(ctx,
		"SELECT "+replayColumns+" FROM replays WHERE author = $1 AND idem_key = $2", r.Author, r.Key))
	if err != nil {
		return before, err
	}
	if before.Digest != r.Digest {
		return before, store.ErrKeyReused
	}
	return before, counted(ctx, tx, &before)
}

// freeze stores the replay and its items.
func (t *Table) freeze(ctx context.Context, tx *sql.Tx, r store.Replay, f store.Filter, most int) (store.Replay, error) {
	left, err := t.left(ctx, tx, f, deadletterclient.Open, true)
	switch {
	case err != nil:
		return r, err
	case left.Letters == 0:
		return r, store.ErrNothing
	case left.Letters > most:
		return r, store.ErrTooMany
	}
	s := statement{contains: t.dialect.Contains}
	canary := "CAST(" + s.param(r.Canary) + " AS INTEGER)"
	turns := "SELECT l.id, l.fingerprint, ROW_NUMBER() OVER (PARTITION BY l.fingerprint ORDER BY l.id) AS turn FROM dead_letters l WHERE " +
		strings.Join(s.taken(f), " AND ")
	text := strings.Join([]string{
		"INSERT INTO replay_items (replay_id, position, letter_id, fingerprint, state, why, again) SELECT", s.param(r.ID),
		", ROW_NUMBER() OVER (ORDER BY CASE WHEN turn <=", canary, "THEN turn ELSE", canary, "+ 1 END, id)",
		", id, fingerprint, 'waiting', '', '' FROM (", turns, ") t",
	}, " ")
	done, err := tx.ExecContext(ctx, text, s.args...)
	if err != nil {
		return r, err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return r, err
	}
	r.Letters, r.Skipped = int(n), left.Skipped
	r.Counts.Waiting = r.Letters
	return r, insertReplay(ctx, tx, r)
}

func insertReplay(ctx context.Context, tx *sql.Tx, r store.Replay) error {
	skipped, err := json.Marshal(r.Skipped)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO replays ("+replayColumns+
		") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)",
		r.ID, r.State, r.Why, r.Author, r.Reason, r.Rate, r.Canary, number(r.CanaryPassed), r.Letters, string(skipped), r.Selection,
		micros(r.CreatedAt), micros(r.EndedAt), r.Key, r.Digest, r.Holder, micros(r.Until))
	return err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
