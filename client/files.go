package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Upload stores a document of at most 10 MiB and returns its id for
// Source.Upload. The name tells Markdown from plain text; mediaType may be "".
// A reader that can seek, like a file, is sent again when that may help.
func (c *Client) Upload(ctx context.Context, name, mediaType string, r io.Reader) (string, error) {
	up := call{method: http.MethodPost, path: "/v1/uploads", query: url.Values{"name": {name}}}
	if mediaType != "" {
		up.header = http.Header{"Content-Type": {mediaType}}
	}
	up.body, up.once = bodyOf(r)
	// A copy that nobody knows the id of is removed by the server.
	stored, err := read[struct {
		ID string `json:"id"`
	}](ctx, c, up)
	return stored.ID, err
}

// bodyOf returns r as the body of a call, and whether it can be read only once.
func bodyOf(r io.Reader) (body func() (io.Reader, int64, error), once bool) {
	// Without its other methods: net/http would close it.
	plain := struct{ io.Reader }{r}
	s, ok := r.(io.Seeker)
	if !ok {
		return func() (io.Reader, int64, error) { return plain, -1, nil }, true
	}
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe is a file that can't
		return func() (io.Reader, int64, error) { return plain, -1, nil }, true
	}
	return func() (io.Reader, int64, error) {
		end, err := s.Seek(0, io.SeekEnd)
		if err == nil {
			_, err = s.Seek(start, io.SeekStart)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read the document from its beginning: %w", err)
		}
		return plain, end - start, nil
	}, false
}

// Artifact opens a file of a job. The caller closes it; ctx bounds the reading
// too.
func (c *Client) Artifact(ctx context.Context, id, name string) (io.ReadCloser, error) {
	return c.artifact(ctx, id, name, "")
}

// ArtifactRange opens a part of a file of a job: length bytes from offset, or
// fewer at its end; length < 0 = all the rest. It is an error to ask for
// nothing of the file.
func (c *Client) ArtifactRange(ctx context.Context, id, name string, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length == 0 {
		return nil, fmt.Errorf("no part of a file: offset %d, length %d", offset, length)
	}
	part := "bytes=" + strconv.FormatInt(offset, 10) + "-"
	if length > 0 {
		part += strconv.FormatInt(offset+length-1, 10)
	}
	return c.artifact(ctx, id, name, part)
}

// Link is an address of a file that works without a token, for whoever has it.
type Link struct {
	Name      string    `json:"name"`
	URL       string    `json:"url"` // relative to the server
	ExpiresAt time.Time `json:"expires_at"`
}

// Links returns a link to each file of a job, for what can't send a token, like
// the video element of a browser.
func (c *Client) Links(ctx context.Context, id string) ([]Link, error) {
	all, err := read[struct {
		Links []Link `json:"links"`
	}](ctx, c, get(jobPath(id)+"/links", nil))
	return all.Links, err
}

func (c *Client) artifact(ctx context.Context, id, name, part string) (io.ReadCloser, error) {
	r := get(jobPath(id)+"/artifacts/"+url.PathEscape(name), nil)
	if part != "" {
		// Compressed on the way, a part would be one of the compressed file.
		r.header = http.Header{"Range": {part}, "Accept-Encoding": {"identity"}}
	}
	res, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	if part != "" && res.StatusCode != http.StatusPartialContent {
		_ = res.Body.Close()
		return nil, errors.New("the server answered a part of a file with the whole")
	}
	return res.Body, nil
}
