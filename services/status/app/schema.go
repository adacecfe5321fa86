package app

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/core/tables"
	"github.com/studycast/studycast/services/internal/storeurl"
	"github.com/studycast/studycast/services/status/store/pgstore"
	"github.com/studycast/studycast/services/status/store/sqlitestore"
)

// Schema reads which version the tables of the store at an address have and
// which one this service needs. It changes nothing and may run beside the
// service. A file that is not there is fs.ErrNotExist; a database that can't be
// reached is job.ErrUnavailable.
func Schema(ctx context.Context, address string) (tables.State, error) {
	path, err := storeurl.File(address)
	switch {
	case err != nil:
		return tables.State{}, fmt.Errorf("status store: %w", err)
	case path != "":
		return sqlitestore.Schema(ctx, path)
	}
	return pgstore.Schema(ctx, address)
}
