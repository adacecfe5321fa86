package table

import (
	"context"
	"database/sql"

	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

// filled is how many letters get their fingerprint in one transaction.
const filled = 500

// Fill gives letters of an older program their fingerprint. Several may do so
// at once.
func (t *Table) Fill(ctx context.Context) error {
	for {
		letters, err := many(ctx, t.write, "SELECT "+brief+" FROM dead_letters WHERE fingerprint = '' ORDER BY id LIMIT $1", filled)
		if err != nil || len(letters) == 0 {
			return t.errorf(err, "read letters without a fingerprint")
		}
		err = t.update(ctx, func(tx *sql.Tx) error { return fill(ctx, tx, letters) })
		if err != nil {
			return t.errorf(err, "give letters their fingerprint")
		}
	}
}

func fill(ctx context.Context, tx *sql.Tx, letters []store.Letter) error {
	for _, l := range letters {
		print, _ := fingerprint.Of(l.Fault)
		_, err := tx.ExecContext(ctx, "UPDATE dead_letters SET fingerprint = $1, search = $2 WHERE id = $3", print, searched(l), l.ID)
		if err != nil {
			return err
		}
	}
	return nil
}
