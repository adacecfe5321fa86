package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
)

// Schema reads the version of the tables in the schema that an address names,
// and the clock of the server, without changing anything. job.ErrUnavailable
// when there is no server.
func Schema(ctx context.Context, address string) (state tables.State, err error) {
	config, err := parse(address)
	if err != nil {
		return state, err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	state, err = tables.Look(ctx, goose.DialectPostgres, db, migrations, table.Versions)
	if err != nil {
		return state, fmt.Errorf("look at the dead-letter store: %w", explain(err))
	}
	return state, nil
}
