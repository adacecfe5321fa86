package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine bounds a line: the largest message that RabbitMQ takes, 128 MiB, in
// base64, and what is told of it.
const MaxLine = 180 << 20

// ErrLong: the line is over the bound of its Reader.
var ErrLong = errors.New("the line is too long")

// Reader reads lines of bounded length.
type Reader struct {
	buf  *bufio.Reader
	most int
}

// NewReader reads lines of at most most bytes from r.
func NewReader(r io.Reader, most int) *Reader {
	return &Reader{buf: bufio.NewReaderSize(r, 64<<10), most: most}
}

// Next returns the next line without its end; it is valid until the next call.
// After ErrLong, which skips a line, reading goes on behind it. io.EOF at the
// end.
func (r *Reader) Next() ([]byte, error) {
	var whole []byte
	long := false
	for {
		part, err := r.buf.ReadSlice('\n')
		if long = long || len(whole)+len(part) > r.most; !long {
			whole = append(whole, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (long || len(whole) > 0):
		case err != nil:
			return nil, err
		}
		if long {
			return nil, ErrLong
		}
		return bytes.TrimRight(whole, "\r\n"), nil
	}
}
