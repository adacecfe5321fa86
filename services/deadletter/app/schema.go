package app

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/deadletter/store/pgstore"
	"github.com/studycast/studycast/services/deadletter/store/sqlitestore"
	"github.com/studycast/studycast/services/internal/storeurl"
)

// Schema reads which version the tables of the store at an address have and
// which one this service needs. It changes nothing and may run beside the
// service. A file that is not there is fs.ErrNotExist; a database that can't be
// reached is job.ErrUnavailable.
func Schema(ctx context.Context, address string) (tables.State, error) {
	path, err := storeurl.File(address)
	switch {
	case err != nil:
		return tables.State{}, fmt.Errorf("dead-letter store: %w", err)
	case path != "":
		return sqlitestore.Schema(ctx, path)
	}
	return pgstore.Schema(ctx, address)
}
