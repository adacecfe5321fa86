package sqlitestore

import (
	"context"

	"github.com/studycast/studycast/core/tables"
)

// Schema reads the version of the tables in the file at path, which must be
// there, beside its owner and without changing it.
func Schema(ctx context.Context, path string) (tables.State, error) {
	return tables.LookAtFile(ctx, path, migrations, "")
}
