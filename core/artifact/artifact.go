// Package artifact is the port to where produced files live: the artifacts of
// attempts, uploads, and what stages keep for the next attempt. A store holds
// whole objects under keys; package dirstore keeps them in a directory, package
// s3store in a bucket.
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
	// ErrReplaced: the object that a File reads was replaced or deleted since it
	// was opened, and its store can't give the rest of it. Open it again.
	ErrReplaced = errors.New("the artifact was replaced or deleted while it was read")
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
// when the object is replaced or deleted meanwhile; a store that does not keep
// what was replaced may fail with ErrReplaced instead, and never mixes the two.
// One goroutine at a time.
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
	// Open opens an object for reading from any place. The end of ctx may end
	// the reading too. ErrNotFound, ErrInvalidKey, ErrUnavailable; a File fails
	// with ErrUnavailable as well.
	Open(ctx context.Context, key string) (*File, error)
	// Delete removes the object with this key and every object below key + "/".
	// Removing what is not there is no error. ErrInvalidKey,
	// ErrUnavailable.
	Delete(ctx context.Context, key string) error
}

// Linker is a Store that others can fetch objects from by themselves, with a
// link that was signed for one object and a while.
type Linker interface {
	// Link signs a link; it does not look whether the object is there.
	// ErrInvalidKey, ErrUnavailable.
	Link(ctx context.Context, key string, l Link) (string, error)
	// Origin is scheme and host of the links: what a page must be allowed to
	// load from.
	Origin() string
}

// Link says what a link is good for.
type Link struct {
	Method      string        // GET or HEAD; the link works for no other
	Life        time.Duration // how long it works; whole seconds, at most a week
	MediaType   string        // Content-Type of the answer
	Disposition string        // Content-Disposition of the answer
}
