package table

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// live finds letters in a replay that is not over with them.
const live = "l.id IN (SELECT i.letter_id FROM replay_items i WHERE i.state IN ('waiting', 'running'))"

// planned bounds the groups that a plan tells of.
const planned = 200

// taken are the conditions of letters of a filter that a replay takes.
func (s *statement) taken(f store.Filter) []string {
	return append(s.conds(f), "l.state = 'open'", "l.readable = 1", "NOT "+live)
}

// Plan tells what a replay would take and leave.
func (t *Table) Plan(ctx context.Context, f store.Filter) (deadletterclient.Plan, error) {
	p, err := t.plan(ctx, t.read, f)
	return p, t.errorf(err, "plan a replay")
}

func (t *Table) plan(ctx context.Context, q querier, f store.Filter) (p deadletterclient.Plan, err error) {
	left, err := t.left(ctx, q, f, deadletterclient.Open, true)
	if err != nil || left.Letters == 0 {
		return deadletterclient.Plan{Skipped: left.Skipped}, err
	}
	p.Letters, p.Skipped = left.Letters, left.Skipped
	also := []string{"l.readable = 1"}
	if slices.ContainsFunc(left.Skipped, func(k deadletterclient.Skipped) bool { return k.Why == deadletterclient.SkippedInReplay }) {
		also = append(also, "NOT "+live)
	}
	f.States, f.Limit = []string{deadletterclient.Open}, planned
	p.Groups, err = t.groups(ctx, q, f, store.GroupKey{}, also...)
	return p, err
}

// tally counts letters, and those of them that can be read.
type tally struct{ all, readable int }

// left counts which letters of a filter that are in a state can be changed, and
// why others can't. Those in a live replay are counted by themselves: few
// letters are, and all others need not be looked for among them.
func (t *Table) left(ctx context.Context, q querier, f store.Filter, state string, readable bool) (d deadletterclient.Decided, err error) {
	all, err := t.tallies(ctx, q, f)
	if err != nil {
		return d, err
	}
	inReplay, err := t.tallies(ctx, q, f, live)
	if err != nil {
		return d, err
	}
	skipped := map[string]int{deadletterclient.SkippedMissing: len(f.IDs)}
	for of, n := range all {
		held := inReplay[of]
		free := tally{n.all - held.all, n.readable - held.readable}
		skipped[deadletterclient.SkippedMissing] -= n.all
		skipped[deadletterclient.SkippedInReplay] += held.all
		switch {
		case of != state:
			skipped[deadletterclient.SkippedDecided] += free.all
		case readable:
			d.Letters = free.readable
			skipped[deadletterclient.SkippedUndecodable] = free.all - free.readable
		default:
			d.Letters = free.all
		}
	}
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		if n := skipped[why]; n > 0 {
			d.Skipped = append(d.Skipped, deadletterclient.Skipped{Why: why, Letters: n})
		}
	}
	return d, nil
}

// tallies counts the letters of a filter that fulfil conditions, by state.
func (t *Table) tallies(ctx context.Context, q querier, f store.Filter, also ...string) (map[string]tally, error) {
	s := statement{contains: t.dialect.Contains}
	text := "SELECT l.state, COUNT(*), CAST(SUM(l.readable) AS BIGINT) FROM dead_letters l" + s.where(f, also...) + " GROUP BY l.state"
	rows, err := q.QueryContext(ctx, text, s.args...)
	if err != nil {
		return nil, err
	}
	by := map[string]tally{}
	_, err = collect(rows, func(row scanner) (n tally, err error) {
		var state string
		err = row.Scan(&state, &n.all, &n.readable)
		by[state] = n
		return n, err
	})
	return by, err
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
