package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/deadletter/store/pgstore"
	"github.com/studycast/studycast/services/deadletter/store/sqlitestore"
)

// openStore opens the store that a URL names. Options it does not know are
// errors, so that a typo never means a default.
func openStore(ctx context.Context, address string) (store.Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("dead-letter store: the address is not a URL: use one like sqlite:///var/lib/studycast/dead-letters.db or postgres://user:password@host/studycast")
	}
	switch u.Scheme {
	case "sqlite":
		return openFile(ctx, u)
	case "postgres", "postgresql":
		return pgstore.Open(ctx, address)
	}
	return nil, fmt.Errorf("dead-letter store: unknown kind %q: use sqlite or postgres", u.Scheme)
}

func openFile(ctx context.Context, u *url.URL) (store.Store, error) {
	var err error
	path := u.Path
	if path == "" {
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return nil, fmt.Errorf("dead-letter store: %w", err)
		}
	}
	if path == "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("dead-letter store: %s is not the address of a file: use sqlite:///absolute/path or sqlite:relative/path", u.Redacted())
	}
	return sqlitestore.Open(ctx, path)
}
