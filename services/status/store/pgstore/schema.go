package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/tables"
)

// Schema reads the version of the tables in the schema that an address names,
// and the clock of the server, without changing anything. job.ErrUnavailable
// when there is no server.
func Schema(ctx context.Context, text string) (state tables.State, err error) {
	a, err := parse(text)
	if err != nil {
		return state, err
	}
	db := stdlib.OpenDB(*a.config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	state, err = tables.Look(ctx, goose.DialectPostgres, db, migrations, "")
	if err == nil || refuses(err) {
		return state, err
	}
	return state, fmt.Errorf("look at the status store: %w", explain(err))
}
