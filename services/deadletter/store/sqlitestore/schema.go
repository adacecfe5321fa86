package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/sqlitefile"
	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store/internal/table"
)

// Schema reads the version of the tables in the file at path, which must be
// there, beside its owner and without changing it.
func Schema(ctx context.Context, path string) (state tables.State, err error) {
	db, err := sqlitefile.Look(path)
	if err != nil {
		return state, fmt.Errorf("look at the dead-letter store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return tables.Look(ctx, goose.DialectSQLite3, db, migrations, table.Versions)
}
