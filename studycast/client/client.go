// Package client is a small typed client of the REST API. It is safe for
// concurrent use.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls one server.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Option changes a Client.
type Option func(*Client)

// WithToken makes the client say who it is: a token of the identity provider or
// an API key, sent as Authorization: Bearer with every call. "" = nobody.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// New returns a client of the server at base, like http://127.0.0.1:8080.
func New(base string, options ...Option) *Client {
	// No overall timeout: event streams stay open; calls are bounded by their
	// context and by the time until the first byte.
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.ResponseHeaderTimeout = 60 * time.Second
	c := &Client{base: strings.TrimRight(base, "/"), http: &http.Client{Transport: t}}
	for _, o := range options {
		o(c)
	}
	return c
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Problem is an error of the API, as RFC 9457 has it.
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []ProblemField `json:"errors"`
}

// ProblemField is one wrong field of a request.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error returns the detail with every wrong field.
func (p *Problem) Error() string {
	lines := []string{}
	for _, f := range p.Errors {
		lines = append(lines, f.Location+": "+f.Message)
	}
	switch {
	case len(lines) > 0:
		return strings.Join(lines, "\n")
	case p.Detail != "":
		return p.Detail
	}
	return p.Title
}

// Submit asks for a job. The key makes a repeated call give the same job.
func (c *Client) Submit(ctx context.Context, r Request, key string) (Job, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Job{}, err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	var j Job
	return j, c.call(ctx, http.MethodPost, "/v1/jobs", h, bytes.NewReader(body), &j)
}

// Upload stores a document and returns its id for Source.Upload.
func (c *Client) Upload(ctx context.Context, name, mediaType string, r io.Reader) (string, error) {
	var u struct {
		ID string `json:"id"`
	}
	h := http.Header{"Content-Type": {mediaType}}
	return u.ID, c.call(ctx, http.MethodPost, "/v1/uploads?name="+url.QueryEscape(name), h, r, &u)
}

// Get reads a job.
func (c *Client) Get(ctx context.Context, id string) (Job, error) {
	var j Job
	return j, c.call(ctx, http.MethodGet, "/v1/jobs/"+url.PathEscape(id), nil, nil, &j)
}

// List reads the newest jobs, a page at a time.
func (c *Client) List(ctx context.Context, f Filter) (Page, error) {
	q := url.Values{}
	set := func(k, v string) {
		if v != "" {
			q.Set(k, v)
		}
	}
	set("state", f.State)
	set("kind", f.Kind)
	set("page_token", f.PageToken)
	if f.PageSize > 0 {
		q.Set("page_size", fmt.Sprint(f.PageSize))
	}
	var p Page
	return p, c.call(ctx, http.MethodGet, "/v1/jobs?"+q.Encode(), nil, nil, &p)
}

// Cancel makes a job cancelled.
func (c *Client) Cancel(ctx context.Context, id string) (Job, error) {
	var j Job
	return j, c.call(ctx, http.MethodPost, "/v1/jobs/"+url.PathEscape(id)+":cancel", nil, nil, &j)
}

// Artifact opens a file of a job.
func (c *Client) Artifact(ctx context.Context, id, name string) (io.ReadCloser, error) {
	res, err := c.do(ctx, http.MethodGet, "/v1/jobs/"+url.PathEscape(id)+"/artifacts/"+url.PathEscape(name), nil, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

func (c *Client) call(ctx context.Context, method, path string, h http.Header, body io.Reader, into any) error {
	res, err := c.do(ctx, method, path, h, body)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	return json.NewDecoder(res.Body).Decode(into)
}

// do returns the response of a call that succeeded, or a *Problem.
func (c *Client) do(ctx context.Context, method, path string, h http.Header, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	for k, v := range h {
		req.Header[k] = v
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no answer from %s: is the server running there? Start one with `studycast serve`: %w", c.base, err)
	}
	if res.StatusCode < 400 {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	p := &Problem{Status: res.StatusCode, Title: res.Status}
	data, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	// An answer that is no problem document still has its status line.
	_ = json.Unmarshal(data, p)
	return nil, p
}
