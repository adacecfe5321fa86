package worker

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
)

// storeDown is what is said of an artifact store that is not available.
const storeDown = "The place where finished lessons are kept does not answer."

// guarded is an artifact store that is not asked to keep anything for a while
// after it could not.
type guarded struct {
	artifact.Store
	breaker *breaker.Breaker
}

func guard(s artifact.Store) *guarded {
	// A file store doesn't fail by chance, so that once is enough.
	return &guarded{s, breaker.New(fault.Artifacts, breaker.Options{Trip: 1})}
}

// Put implements artifact.Store.
func (g *guarded) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	return breaker.Do(ctx, g.breaker, func() (artifact.Info, error) {
		i, err := g.Store.Put(ctx, key, r, mediaType)
		return i, down(err)
	})
}

// Open implements artifact.Store.
func (g *guarded) Open(ctx context.Context, key string) (*artifact.File, error) {
	f, err := g.Store.Open(ctx, key)
	return f, down(err)
}

// down makes a fault of an error that says that the store is not available.
func down(err error) error {
	if errors.Is(err, artifact.ErrUnavailable) {
		return fault.Down(fault.Artifacts, err, storeDown)
	}
	return err
}

func isDown(err error) bool {
	f := new(fault.Error)
	return errors.As(err, &f) && f.Down != ""
}

// probe finds out, before any work is done, whether a store that could keep
// nothing a moment ago can do so again.
func (g *guarded) probe(ctx context.Context, id job.ID) error {
	if g.breaker.Closed() {
		return nil
	}
	key := artifact.StageKey(id, "probe")
	_, err := g.Put(ctx, key, bytes.NewReader(nil), "application/octet-stream")
	if err == nil {
		err = g.Delete(ctx, key)
	}
	return fault.At(stagePublish, err)
}
