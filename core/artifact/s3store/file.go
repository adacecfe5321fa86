package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/studycast/studycast/core/artifact"
)

// file reads an object. The answer to the request that opened it is read on from
// the start; another place is asked for by its range, of the same version where
// the bucket keeps versions and of the same ETag elsewhere, so that what was
// replaced is an error and never a mixture.
type file struct {
	s      *Store
	ctx    context.Context //nolint:containedctx // of the Open whose answer it is
	cancel context.CancelCauseFunc
	name   string
	object minio.ObjectInfo // as it was opened

	at     int64         // where the next Read reads
	body   io.ReadCloser // nil = to be asked for
	bodyAt int64         // where body continues
	watch  *watch        // of body
	closed bool
}

// connect asks for the object from f.at on. The first time it learns what the
// object is.
func (f *file) connect() error {
	var o minio.GetObjectOptions
	opened := f.object.Key != ""
	if opened {
		if err := o.SetMatchETag(f.object.ETag); err != nil {
			return err
		}
		o.VersionID = f.object.VersionID
	}
	if f.at > 0 {
		if err := o.SetRange(f.at, 0); err != nil {
			return err
		}
	}
	w := f.s.watch(f.ctx)
	body, object, header, err := f.s.client.GetObject(w.ctx, f.s.at.Bucket, f.name, o)
	w.rest()
	if err != nil {
		err = f.s.fault(w, err)
	} else if err = f.fits(object, header.Get("Content-Range")); err != nil {
		_ = body.Close() // not wanted
	}
	switch {
	case err == nil:
		f.body, f.bodyAt, f.watch = body, f.at, w
		return nil
	case opened && (errors.Is(err, artifact.ErrNotFound) || errors.Is(err, errOther)):
		err = artifact.ErrReplaced
	}
	w.end()
	return err
}

// fits looks whether an answer is what was asked for: not every server that
// speaks the protocol heeds all of it.
func (f *file) fits(object minio.ObjectInfo, part string) error {
	switch {
	case f.object.Key == "" && object.Size < 0:
		return errors.New("the server does not tell the size of the object")
	case f.object.Key == "":
		f.object = object
	case object.ETag != f.object.ETag:
		return errOther
	case f.at > 0 && !strings.HasPrefix(part, fmt.Sprintf("bytes %d-", f.at)):
		return errors.New("the server does not give a part of an object")
	}
	return nil
}

// Read implements io.Reader. A connection that breaks is replaced, as long as
// that brings bytes.
func (f *file) Read(p []byte) (n int, err error) {
	switch {
	case f.closed:
		return 0, os.ErrClosed
	case f.at >= f.object.Size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	err = f.s.persist(f.ctx, func() error {
		n, err = f.readSome(p)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("read artifact: %w", err)
	}
	return n, nil
}

// readSome reads at least one byte, of which there must be one left.
func (f *file) readSome(p []byte) (int, error) {
	if f.bodyAt != f.at { // not asked for by Seek: whoever looks for the size comes back
		f.drop()
	}
	if f.body == nil {
		if err := f.connect(); err != nil {
			return 0, err
		}
	}
	f.watch.touch()
	n, err := f.body.Read(p)
	f.watch.rest()
	f.at += int64(n)
	f.bodyAt = f.at
	if n > 0 {
		return n, nil // an error comes again with the next read
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	err = f.s.fault(f.watch, err)
	f.drop()
	return 0, err
}

// Seek implements io.Seeker.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.object.Size
	case io.SeekStart:
	default:
		return 0, fmt.Errorf("seek: there is no place %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek: before the start")
	}
	f.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (f *file) Close() error {
	if f.closed {
		return os.ErrClosed
	}
	f.closed = true
	f.drop()
	f.cancel(nil)
	return nil
}

// drop ends the connection that body is.
func (f *file) drop() {
	if f.body != nil {
		f.watch.end()
		_ = f.body.Close() // only read
		f.body = nil
	}
}
