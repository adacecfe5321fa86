package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/studycast/studycast/core/lesson/span"
)

// noCache keeps nothing.
type noCache struct{}

func (noCache) Get(string) ([]byte, bool) { return nil, false }
func (noCache) Put(string, []byte)        {}

// key addresses a stage's result by what it was made from.
func key(stage string, from ...any) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, f := range from {
		// The values are our own plain structs: encoding them can't fail.
		_ = enc.Encode(f)
	}
	return stage + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// kept returns the cached result of a stage, or makes and keeps it.
func kept[T any](ctx context.Context, c Cache, stage, key string, produce func(ctx context.Context) (T, error)) (v T, err error) {
	if held(c, key, &v) {
		return v, nil
	}
	err = span.Stage(ctx, stage, func(ctx context.Context) error {
		v, err = produce(ctx)
		return err
	})
	if err != nil {
		return v, err
	}
	if data, err := json.Marshal(v); err == nil {
		c.Put(key, data)
	}
	return v, nil
}
