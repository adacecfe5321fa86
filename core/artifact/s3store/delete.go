package s3store

import (
	"context"
	"fmt"
	"iter"

	"github.com/minio/minio-go/v7"

	"github.com/studycast/studycast/core/artifact"
)

// Delete implements artifact.Store. In a bucket with versions it hides what it
// deletes; the rules of the bucket remove it, see Lifecycle.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := artifact.CheckKey(key); err != nil {
		return err
	}
	if err := s.persist(ctx, func() error { return s.remove(ctx, key) }); err != nil {
		return fmt.Errorf("delete artifact %s: %w", key, err)
	}
	return nil
}

// remove lists what lies below a key and deletes it with the key, a thousand
// objects a request.
func (s *Store) remove(ctx context.Context, key string) error {
	w := s.watch(ctx)
	defer w.end()
	var listing error
	results, err := s.client.RemoveObjectsWithIter(w.ctx, s.at.Bucket, s.below(w, key, &listing), minio.RemoveObjectsOptions{})
	if err != nil {
		return s.fault(w, err)
	}
	for r := range results {
		w.touch()
		if r.Err != nil && err == nil {
			err = s.fault(w, r.Err)
		}
	}
	switch {
	case listing != nil:
		return s.fault(w, listing)
	case err == nil && w.ctx.Err() != nil: // the library ends without a word
		return s.fault(w, w.ctx.Err())
	}
	return err
}

// below yields an object and all below it.
func (s *Store) below(w *watch, key string, failed *error) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		if !yield(minio.ObjectInfo{Key: s.name(key)}) {
			return
		}
		for o := range s.client.ListObjectsIter(w.ctx, s.at.Bucket, minio.ListObjectsOptions{Prefix: s.name(key) + "/", Recursive: true}) {
			w.touch()
			if o.Err != nil {
				*failed = o.Err
				return
			}
			if !yield(o) {
				return
			}
		}
	}
}
