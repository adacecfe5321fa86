package app

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/pgstore"
	"github.com/studycast/studycast/services/deadletter/store/sqlitestore"
	"github.com/studycast/studycast/services/internal/storeurl"
)

// openStore opens the store that a URL names.
func openStore(ctx context.Context, address string) (store.Store, error) {
	path, err := storeurl.File(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("dead-letter store: %w", err)
	case path != "":
		return sqlitestore.Open(ctx, path)
	}
	return pgstore.Open(ctx, address)
}
