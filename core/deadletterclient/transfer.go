package deadletterclient

import (
	"context"
	"errors"
	"fmt"
	"io"

	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// chunkBytes is how much of an import travels at once.
const chunkBytes = 256 << 10

// Export writes the letters that f selects to w as JSON lines, whole and oldest
// first. It returns how many bytes it wrote; after an error, an error of w
// included, what was written ends anywhere. It takes as long as ctx allows.
func (c *Client) Export(ctx context.Context, w io.Writer, f Filter, author, reason string) (written int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.letters.ExportLetters(ctx, &deadletterv1.ExportLettersRequest{
		Filter: FilterToProto(f), Author: author, Reason: reason,
	})
	if err != nil {
		return 0, ErrorFromStatus(err)
	}
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, ErrorFromStatus(err)
		}
		n, err := w.Write(resp.GetChunk())
		written += int64(n)
		if err != nil {
			return written, fmt.Errorf("write the export: %w", err)
		}
	}
}

// BadLine is a line that was refused.
type BadLine struct {
	Line int // the first is 1
	Why  string
}

// Imported counts what became of the lines of an import.
type Imported struct {
	Stored   int
	Present  int       // there already, left as they are
	Refused  int       // lines
	BadLines []BadLine // the first 100 of them
}

// Import stores letters from JSON lines, as Export makes them. Importing again
// changes nothing. After an error letters may have been stored; import again.
// It takes as long as ctx allows.
func (c *Client) Import(ctx context.Context, r io.Reader, author, reason string) (Imported, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.letters.ImportLetters(ctx)
	if err != nil {
		return Imported{}, ErrorFromStatus(err)
	}
	if err := send(stream, r, author, reason); err != nil {
		return Imported{}, err
	}
	resp, err := stream.CloseAndRecv()
	if err != nil {
		return Imported{}, ErrorFromStatus(err)
	}
	in := Imported{Stored: int(resp.GetStored()), Present: int(resp.GetPresent()), Refused: int(resp.GetRefused())}
	for _, b := range resp.GetBadLines() {
		in.BadLines = append(in.BadLines, BadLine{Line: int(b.GetLine()), Why: b.GetWhy()})
	}
	return in, nil
}

// send returns nil also when the service hung up: its answer says why.
func send(stream deadletterv1.DeadLetterService_ImportLettersClient, r io.Reader, author, reason string) error {
	buf := make([]byte, chunkBytes)
	m := &deadletterv1.ImportLettersRequest{Author: author, Reason: reason}
	for first := true; ; first = false {
		n, err := fill(r, buf)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return fmt.Errorf("read what is to be imported: %w", err)
		}
		if n > 0 || first {
			m.Chunk = buf[:n]
			if err := stream.Send(m); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return ErrorFromStatus(err)
			}
			m = &deadletterv1.ImportLettersRequest{}
		}
		if last {
			return nil
		}
	}
}

// fill reads until buf is full or r ends. io.ReadFull does the same, but tells
// an input that was cut off, whose error is io.ErrUnexpectedEOF, by the same
// error as one that is over.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		n += more
	}
	return n, err
}
