package studio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/lesson/source"
)

// maxKeptBytes bounds one kept result, as workers do.
const maxKeptBytes = 64 << 20

// Kept returns what tells, for a job and what it asks for, which stages another
// attempt would find kept by earlier ones and which it would run, in order. A
// stage that such a job does not have is in neither. The error is that of the
// store; programs of another version may know other stages.
func Kept(store artifact.Store) func(ctx context.Context, id job.ID, owner string, r job.Request) (reused, again []string, err error) {
	return func(ctx context.Context, id job.ID, owner string, r job.Request) (reused, again []string, err error) {
		c := &readOnly{ctx: ctx, store: store, id: id}
		in := pipeline.Input{URL: r.Source.URL, Options: options(r)}
		switch {
		case r.Source.Text != "":
			in.Upload = pasted(r.Source.Text)
		case r.Source.Upload != "":
			data, mediaType := c.read(artifact.UploadKey(owner, r.Source.Upload))
			in.Upload = uploaded(data, mediaType)
		}
		reused = pipeline.Kept(c, in)
		if c.err != nil {
			return nil, nil, c.err
		}
		for _, stage := range job.Stages(r.Kind) {
			fetches := stage != "fetch" || in.Upload == nil
			if fetches && !slices.Contains(reused, stage) {
				again = append(again, stage)
			}
		}
		return reused, again, nil
	}
}

// readOnly is what the stages of a job kept.
type readOnly struct {
	ctx   context.Context //nolint:containedctx // of the one question that it is made for
	store artifact.Store
	id    job.ID
	err   error // the first of the store
}

// Get implements pipeline.Cache.
func (c *readOnly) Get(key string) ([]byte, bool) {
	data, _ := c.read(artifact.StageKey(c.id, key))
	return data, data != nil
}

// Put implements pipeline.Cache; it keeps nothing.
func (c *readOnly) Put(string, []byte) {}

// read returns nil for what is not there.
func (c *readOnly) read(key string) (data []byte, mediaType string) {
	if c.err != nil {
		return nil, ""
	}
	f, err := c.store.Open(c.ctx, key)
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, maxKeptBytes))
		mediaType = f.Info.MediaType
		_ = f.Close() // only read
	}
	if err != nil {
		if !errors.Is(err, artifact.ErrNotFound) {
			c.err = fmt.Errorf("read what stages of job %s kept: %w", c.id, err)
		}
		return nil, ""
	}
	return data, mediaType
}

// pasted is a text that came with its request.
func pasted(text string) *source.Raw {
	return &source.Raw{Data: []byte(text), MediaType: "text/markdown", Name: "pasted text"}
}

func uploaded(data []byte, mediaType string) *source.Raw {
	return &source.Raw{Data: data, MediaType: mediaType, Name: "your upload"}
}
