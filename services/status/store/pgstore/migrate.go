package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/tables"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the first half of the lock's key, the schema the second.
const migrationLock = 0x73747564 // "stud"

// migrate brings the tables up to date. Replicas that start at once take turns:
// a transaction beside the migrations holds the lock, because one of a session
// would be lost in a transaction pooler.
func migrate(ctx context.Context, pool *pgxpool.Pool, schema uint32) (err error) {
	lock, err := pool.Begin(ctx)
	if err != nil {
		return explain(err)
	}
	defer func() {
		if undone := lock.Rollback(ctx); undone != nil && !errors.Is(undone, pgx.ErrTxClosed) {
			err = errors.Join(err, undone)
		}
	}()
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_xact_lock($1::int, $2::bigint::oid::int)", migrationLock, int64(schema)); err != nil {
		return fmt.Errorf("wait for the migrations of another replica: %w", explain(err))
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	return tables.Migrate(ctx, goose.DialectPostgres, db, migrations, "")
}
