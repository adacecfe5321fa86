package table

import (
	"context"
	"database/sql"
	"errors"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/services/deadletter/store"
)

// elsewhere is told of the items whose letters were decided on meanwhile.
const elsewhere = "it was decided on elsewhere"

// Take runs fn on the next waiting letter of a replay.
func (t *Table) Take(ctx context.Context, id, holder string, upTo int, fn func(*store.Letter) error) (l store.Letter, err error) {
	var refused error
	err = t.update(ctx, func(tx *sql.Tx) error {
		r, err := t.lockedReplay(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.State != deadletterclient.ReplayRunning || r.Holder != holder {
			return store.ErrHalted
		}
		var position int
		if l, position, err = t.next(ctx, tx, r, upTo); err != nil || position == 0 {
			return err
		}
		if refused = fn(&l); refused != nil {
			return refused
		}
		// first the item: a letter that is decided on ends items that run
		if err := setItem(ctx, tx, id, position, store.ItemRunning, ""); err != nil {
			return err
		}
		return save(ctx, tx, l)
	})
	switch {
	case refused != nil:
		return store.Letter{}, refused
	case err == nil && l.ID == "":
		return l, store.ErrExhausted
	}
	return l, t.errorf(err, "take a letter of replay %s", id)
}

// next finds the first waiting letter that is still open, and skips those
// before it; 0 when there is none.
func (t *Table) next(ctx context.Context, tx *sql.Tx, r store.Replay, upTo int) (store.Letter, int, error) {
	if upTo == 0 {
		upTo = r.Letters
	}
	for {
		var position int
		var letter string
		err := tx.QueryRowContext(ctx, `SELECT position, letter_id FROM replay_items WHERE replay_id = $1 AND state = 'waiting'
 AND position <= $2 ORDER BY position LIMIT 1`, r.ID, upTo).Scan(&position, &letter)
		if errors.Is(err, sql.ErrNoRows) {
			return store.Letter{}, 0, nil
		}
		if err != nil {
			return store.Letter{}, 0, err
		}
		l, err := t.locked(ctx, tx, letter)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return l, 0, err
		}
		if err == nil && l.State == deadletterclient.Open {
			return l, position, nil
		}
		if err := setItem(ctx, tx, r.ID, position, store.ItemSkipped, elsewhere); err != nil {
			return l, 0, err
		}
	}
}

func setItem(ctx context.Context, tx *sql.Tx, replay string, position int, state, why string) error {
	_, err := tx.ExecContext(ctx, "UPDATE replay_items SET state = $1, why = $2 WHERE replay_id = $3 AND position = $4",
		state, why, replay, position)
	return err
}

// Items reads the first items of a replay.
func (t *Table) Items(ctx context.Context, id string, n int) ([]store.Item, error) {
	rows, err := t.read.QueryContext(ctx,
		"SELECT letter_id, fingerprint, state, why, again FROM replay_items WHERE replay_id = $1 ORDER BY position LIMIT $2", id, n)
	if err != nil {
		return nil, t.errorf(err, "read the letters of replay %s", id)
	}
	items, err := collect(rows, func(row scanner) (i store.Item, err error) {
		return i, row.Scan(&i.Letter, &i.Fingerprint, &i.State, &i.Why, &i.Again)
	})
	return items, t.errorf(err, "read the letters of replay %s", id)
}
