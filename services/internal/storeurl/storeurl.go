// Package storeurl reads the address of a service's store.
package storeurl

import (
	"errors"
	"fmt"
	"net/url"
)

// File returns the path of the file that an address like
// sqlite:///absolute/path or sqlite:relative/path names, and "" for that of a
// PostgreSQL server, which is left to its driver. Options it does not know are
// errors, so that a typo never means a default. No error holds a password.
func File(address string) (path string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the address is not a URL: use one like sqlite:///var/lib/studycast/file.db or postgres://user:password@host/studycast")
	}
	switch u.Scheme {
	case "postgres", "postgresql":
		return "", nil
	case "sqlite":
		if path = u.Path; path == "" {
			path, err = url.PathUnescape(u.Opaque)
		}
		if err != nil || path == "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
			return "", fmt.Errorf("%s is not the address of a file: use sqlite:///absolute/path or sqlite:relative/path", u.Redacted())
		}
		return path, nil
	}
	return "", fmt.Errorf("unknown kind %q: use sqlite or postgres", u.Scheme)
}
