package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// kept returns the cached result, or makes and keeps it.
func kept[T any](c Cache, key string, produce func() (T, error)) (T, error) {
	var v T
	if held(c, key, &v) {
		return v, nil
	}
	v, err := produce()
	if err != nil {
		return v, err
	}
	if data, err := json.Marshal(v); err == nil {
		c.Put(key, data)
	}
	return v, nil
}
