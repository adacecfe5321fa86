package s3store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// memoryBytes is what is kept of a stream before a file takes it.
const memoryBytes = 1 << 20

// content is what is put: it can be read as often as the network needs.
type content struct {
	at    io.ReaderAt
	start int64 // of the content in at
	size  int64
	sum   string
	close func()
}

// section reads the content from its start; sections don't disturb each other.
func (c *content) section() *io.SectionReader { return io.NewSectionReader(c.at, c.start, c.size) }

// again is a source that can be read from any place and tells where it is.
type again interface {
	io.ReaderAt
	io.Seeker
}

// read reads what is put once, for its sum. The error is that of r or of the
// temporary file.
func read(ctx context.Context, r io.Reader) (*content, error) {
	c := &content{close: func() {}}
	err := c.place(ctx, r)
	if err != nil {
		c.close()
		return nil, err
	}
	hash := sha256.New()
	if c.size, err = io.Copy(hash, contextReader{ctx, io.NewSectionReader(c.at, c.start, c.size)}); err != nil {
		c.close()
		return nil, err
	}
	c.sum = hex.EncodeToString(hash.Sum(nil))
	return c, nil
}

// place finds the content where it lies, or brings it where it can be read
// again.
func (c *content) place(ctx context.Context, r io.Reader) (err error) {
	if a, ok := r.(again); ok {
		c.at = a
		if c.start, err = a.Seek(0, io.SeekCurrent); err != nil {
			return err
		}
		end, err := a.Seek(0, io.SeekEnd)
		c.size = end - c.start
		return err
	}
	var head bytes.Buffer
	r = contextReader{ctx, r}
	if _, err := io.CopyN(&head, r, memoryBytes); err != nil && err != io.EOF { //nolint:errorlint // CopyN returns the bare io.EOF at the end, and wrapped ones of r are faults
		return err
	}
	if head.Len() < memoryBytes {
		c.at, c.size = bytes.NewReader(head.Bytes()), int64(head.Len())
		return nil
	}
	f, err := os.CreateTemp("", "studycast-put-")
	if err != nil {
		return fmt.Errorf("keep what is put: %w", err)
	}
	c.at, c.close = f, func() { _ = f.Close() }
	// It has no name from here on: nothing is left of a process that dies.
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("keep what is put: %w", err)
	}
	c.size, err = io.Copy(f, io.MultiReader(&head, r))
	return err
}

// contextReader ends a long copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
