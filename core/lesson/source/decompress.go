package source

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/studycast/studycast/core/fault"
)

// decompress reads body to its end and undoes its Content-Encoding, one layer
// of gzip or deflate. The result is bounded by Limits.Decompressed.
func (r *Reader) decompress(body io.Reader, encoding string) ([]byte, error) {
	plain, err := decoder(body, encoding)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(plain, r.o.Decompressed+1))
	if int64(len(data)) > r.o.Decompressed {
		return nil, fault.New(fault.Request, "The page unpacks to more than %d MiB. "+
			"Choose a shorter page, or paste the part you want to learn.", r.o.Decompressed>>20)
	}
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || isCorrupt(err) {
		return nil, badEncoding(err)
	}
	return data, err
}

func decoder(body io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		buffered := bufio.NewReader(body)
		if _, err := buffered.Peek(1); errors.Is(err, io.EOF) {
			return buffered, nil // an empty body is not even a header
		}
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, encodingFault(err)
		}
		return z, nil
	case "deflate":
		// The name means zlib, but some servers send bare deflate.
		buffered := bufio.NewReader(body)
		head, err := buffered.Peek(2)
		if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			z, err := zlib.NewReader(buffered)
			if err != nil {
				return nil, encodingFault(err)
			}
			return z, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return flate.NewReader(buffered), nil
	}
	return nil, badEncoding(errors.New("content encoding " + encoding))
}

// encodingFault keeps what already is a fault: the body's own limits.
func encodingFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, zlib.ErrHeader) || isCorrupt(err) {
		return badEncoding(err)
	}
	return err
}

func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, zlib.ErrChecksum)
}

func badEncoding(err error) error {
	return fault.Wrap(fault.Request, err, "The site sent the page in a packing that cannot be opened. Save the page in a browser and upload the file.")
}
