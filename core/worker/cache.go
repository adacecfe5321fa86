package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// maxStageBytes bounds one kept result: a worker holds it in memory.
const maxStageBytes = 64 << 20

// stageCache keeps results of stages under the job in the artifact store.
type stageCache struct {
	ctx   context.Context //nolint:containedctx // of the attempt, whose cache it is
	store artifact.Store
	id    job.ID
	log   *slog.Logger
}

var _ Cache = (*stageCache)(nil)

// Get implements Cache.
func (c *stageCache) Get(key string) ([]byte, bool) {
	f, err := c.store.Open(c.ctx, artifact.StageKey(c.id, key))
	if err != nil {
		if !errors.Is(err, artifact.ErrNotFound) && c.ctx.Err() == nil {
			c.log.WarnContext(c.ctx, "a kept result can't be read and is made again", "error", err)
		}
		return nil, false
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxStageBytes+1))
	sum := sha256.Sum256(data)
	if err != nil || hex.EncodeToString(sum[:]) != f.Info.SHA256 {
		c.log.WarnContext(c.ctx, "a kept result is damaged and is made again", "error", err)
		return nil, false
	}
	return data, true
}

// Put implements Cache.
func (c *stageCache) Put(key string, data []byte) {
	if len(data) > maxStageBytes {
		c.log.WarnContext(c.ctx, "a result is too large to be kept", "bytes", len(data))
		return
	}
	ctx, span := trace.SpanFromContext(c.ctx).TracerProvider().Tracer(scope).Start(c.ctx, "keep result",
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.Int("studycast.bytes", len(data))))
	defer span.End()
	_, err := c.store.Put(ctx, artifact.StageKey(c.id, key), bytes.NewReader(data), "application/octet-stream")
	told(span, err)
	if err != nil && c.ctx.Err() == nil {
		c.log.WarnContext(c.ctx, "a result could not be kept", "error", err)
	}
}
