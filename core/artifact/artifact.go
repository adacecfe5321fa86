// Package artifact is the port to where produced files live: the artifacts of
// attempts, uploads, and what stages keep for the next attempt. A store holds
// whole objects under keys; package dirstore keeps them in a directory.
package artifact

import (
	"context"
	"errors"
	"io"
	"time"
)

var (
	// ErrNotFound: no object has this key.
	ErrNotFound = errors.New("no such artifact")
	// ErrInvalidKey: the key breaks the rules of CheckKey.
	ErrInvalidKey = errors.New("invalid artifact key")
	// ErrUnavailable: the store can't be reached, read or written at all; the same
	// call succeeds once it is back. A full store is not unavailable.
	ErrUnavailable = errors.New("the artifact store is not available")
)

// Info describes an object.
type Info struct {
	Key       string
	Size      int64  // bytes
	SHA256    string // hex, of the content
	MediaType string
	ModTime   time.Time // when it was put, UTC
}

// File is an open object. It reads what was there when it was opened, also
// when the object is replaced or deleted meanwhile. One goroutine at a time.
type File struct {
	io.ReadSeekCloser
	Info Info
}

// Store keeps objects. All methods are safe for concurrent use.
type Store interface {
	// Put stores everything that r yields under key and replaces what was
	// there. The object becomes visible at once and whole when Put returns nil;
	// until then, and after an error, readers see what was there before. After
	// nil it survives a crash. ErrInvalidKey, ErrUnavailable; the error of r,
	// wrapped.
	Put(ctx context.Context, key string, r io.Reader, mediaType string) (Info, error)
	// Open opens an object for reading from any place. ErrNotFound,
	// ErrInvalidKey, ErrUnavailable.
	Open(ctx context.Context, key string) (*File, error)
	// Delete removes the object with this key and every object below key + "/".
	// Removing what is not there is no error. ErrInvalidKey,
	// ErrUnavailable.
	Delete(ctx context.Context, key string) error
}
