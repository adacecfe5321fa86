package media

import (
	"context"
	"io"
)

// feed carries blocks of samples to one encoder. Each encoder has its own, so
// that neither waits for the other. It is an io.WriterTo for the child's pipe.
type feed struct {
	ctx    context.Context //nolint:containedctx // WriteTo has no place for it
	blocks chan []byte     // closed by the mixer; a block is never changed once sent
}

// feedBlocks is how far the mixer may run ahead of an encoder.
const feedBlocks = 16

func newFeed(ctx context.Context) *feed {
	return &feed{ctx: ctx, blocks: make(chan []byte, feedBlocks)}
}

// send hands a block over; it fails when the context ends.
func (f *feed) send(block []byte) error {
	select {
	case f.blocks <- block:
		return nil
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// Read is never used: whoever copies from a feed calls WriteTo.
func (f *feed) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

// WriteTo writes the blocks until the mixer closes the feed.
func (f *feed) WriteTo(w io.Writer) (int64, error) {
	var n int64
	for {
		select {
		case block, ok := <-f.blocks:
			if !ok {
				return n, nil
			}
			k, err := w.Write(block)
			n += int64(k)
			if err != nil {
				return n, err
			}
		case <-f.ctx.Done():
			return n, f.ctx.Err()
		}
	}
}
