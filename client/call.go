package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"
)

// call is one call of the API, however often it is made.
type call struct {
	method string
	path   string
	query  url.Values
	header http.Header
	body   func() (io.Reader, int64, error) // from its beginning, with its size; nil = none
	// unsafe is a call that must not be made again after a lost answer: twice
	// would not be the same as once.
	unsafe bool
	once   bool // not made again at all: its body can't be read again
}

func get(path string, query url.Values) call {
	return call{method: http.MethodGet, path: path, query: query}
}

// post returns a call with a body of JSON.
func post(path string, body any) (call, error) {
	r := call{method: http.MethodPost, path: path}
	data, err := json.Marshal(body)
	if err != nil {
		return call{}, fmt.Errorf("encode the request: %w", err)
	}
	r.header = http.Header{"Content-Type": {"application/json"}}
	r.body = func() (io.Reader, int64, error) { return bytes.NewReader(data), int64(len(data)), nil }
	return r, nil
}

// read makes a call and decodes its answer.
func read[T any](ctx context.Context, c *Client, r call) (T, error) {
	var v T
	res, err := c.do(ctx, r)
	if err != nil {
		return v, err
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		return v, fmt.Errorf("read the answer of %s: %w", c.base, err)
	}
	return v, nil
}

// do makes a call, again where that is allowed and may help, and returns its
// answer with an open body; an error may be a *Problem.
func (c *Client) do(ctx context.Context, r call) (*http.Response, error) {
	for tries := 0; ; tries++ {
		res, err := c.try(ctx, r)
		if err == nil {
			return res, nil
		}
		wait := backoff(tries, firstPause)
		var p *Problem
		if errors.As(err, &p) {
			wait = max(wait, p.RetryAfter)
		}
		late, bounded := ctx.Deadline()
		if tries >= c.retries || !repeatable(r, err) || wait > c.longest || bounded && time.Until(late) < wait {
			return nil, err
		}
		if !pause(ctx, wait) {
			return nil, fmt.Errorf("%w, before this could be tried again: %w", ctx.Err(), err)
		}
	}
}

// repeatable reports whether the call may be made again after err.
func repeatable(r call, err error) bool {
	var p *Problem
	var op *net.OpError
	switch {
	case r.once || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return false
	case !errors.As(err, &p):
		nobody := errors.As(err, &op) && op.Op == "dial" // the caller should know at once
		return !r.unsafe && !nobody
	}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable: // nothing was done
		return true
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusGatewayTimeout:
		return !r.unsafe
	}
	return false
}

// try makes a call once. A stream or a file is read from the body of its answer.
func (c *Client) try(ctx context.Context, r call) (*http.Response, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("no answer from %s: is the server running there? Start one with `studycast serve`: %w", c.base, err)
	case res.StatusCode < http.StatusBadRequest:
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, readProblem(res)
}

func (c *Client) request(ctx context.Context, r call) (*http.Request, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	size := int64(0)
	if r.body != nil {
		var err error
		if body, size, err = r.body(); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("the address of the server: %w", err)
	}
	req.ContentLength = size
	for k, v := range r.header {
		req.Header[k] = v
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// Pauses before a call is made again, or a stream is opened again.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
)

// backoff doubles a pause with every try. The part at random keeps many clients
// from coming back at once.
func backoff(tries int, first time.Duration) time.Duration {
	d := min(first<<min(tries, 10), lastPause)
	return d/2 + rand.N(d/2+1)
}

// pause reports whether ctx outlived the wait.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
