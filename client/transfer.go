package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// lines is the type of JSON lines.
const lines = "application/x-ndjson"

// Imported counts what became of the lines of an import.
type Imported struct {
	Stored   int       `json:"stored"`  // letters
	Present  int       `json:"present"` // there already, and left as they are
	Refused  int       `json:"refused"` // lines
	BadLines []BadLine `json:"bad_lines"`
}

// BadLine is a line that an import refused.
type BadLine struct {
	Line int    `json:"line"` // the first is 1
	Why  string `json:"why"`
}

// ExportDeadLetters writes the letters that f selects to w, whole, a JSON object
// a line, oldest first; the reason goes on record with your name. It returns how
// many bytes it wrote. After an error what was written ends anywhere. For
// operators.
func (c *Client) ExportDeadLetters(ctx context.Context, w io.Writer, f DeadFilter, reason string) (written int64, err error) {
	r, err := post(deadPath+":export", struct {
		Filter DeadFilter `json:"filter"`
		because
	}{f, because{reason}})
	if err != nil {
		return 0, err
	}
	r.header.Set("Accept", lines)
	res, err := c.do(ctx, r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	written, err = io.Copy(w, res.Body)
	if err != nil {
		return written, fmt.Errorf("after %d bytes of the export: %w", written, err)
	}
	return written, nil
}

// ImportDeadLetters stores letters from JSON lines, as ExportDeadLetters wrote
// them; the reason goes on record with your name. Lines that are refused do not
// keep the others out. Importing again changes nothing: after an error do so. A
// reader that can seek, like a file, is sent again when that may help. For
// operators.
func (c *Client) ImportDeadLetters(ctx context.Context, r io.Reader, reason string) (Imported, error) {
	in := call{method: http.MethodPost, path: deadPath + ":import", query: url.Values{"reason": {reason}}}
	in.header = http.Header{"Content-Type": {lines}}
	in.body, in.once = bodyOf(r)
	return read[Imported](ctx, c, in)
}
