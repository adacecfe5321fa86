package client

import (
	"net/http"
	"strings"
	"time"
)

// Defaults of WithRetries.
const (
	DefaultRetries     = 4
	DefaultLongestWait = 30 * time.Second
)

// firstByte bounds the wait for an answer to begin; a long poll ends before.
const firstByte = 60 * time.Second

// Client calls one server. It is safe for concurrent use.
type Client struct {
	base    string
	token   string
	http    *http.Client
	wrap    func(http.RoundTripper) http.RoundTripper
	retries int
	longest time.Duration
}

// Option changes a Client.
type Option func(*Client)

// WithToken makes the client say who it is: a token of the identity provider or
// an API key, sent as Authorization: Bearer with every call. "" = nobody.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithRetries says how often a call may be made again, and the longest pause
// before one: when the server asks for a longer one, the caller gets the Problem
// at once. 0 retries: every call is made once. Watch and Wait have no such
// bound, they go on for as long as their context lives.
func WithRetries(most int, longest time.Duration) Option {
	return func(c *Client) { c.retries, c.longest = most, longest }
}

// WithHTTPClient makes the calls by h, for a proxy or private certificates. It must have no Timeout: that would cut event streams.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithTransport puts wrap around what makes the calls, for tracing: what it
// returns may add the traceparent of a request's context to its header.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(c *Client) { c.wrap = wrap }
}

// New returns a client of the server at base, like http://127.0.0.1:8080. It
// makes no call yet.
func New(base string, options ...Option) *Client {
	c := &Client{base: strings.TrimRight(base, "/"), retries: DefaultRetries, longest: DefaultLongestWait}
	for _, o := range options {
		o(c)
	}
	if c.http == nil {
		t := &http.Transport{Proxy: http.ProxyFromEnvironment}
		if d, ok := http.DefaultTransport.(*http.Transport); ok {
			t = d.Clone()
		}
		// No overall timeout: event streams stay open. Calls are bounded by their
		// context and by the time until the first byte.
		t.ResponseHeaderTimeout = firstByte
		c.http = &http.Client{Transport: t}
	}
	if c.wrap != nil {
		mine := *c.http
		if mine.Transport == nil {
			mine.Transport = http.DefaultTransport
		}
		mine.Transport = c.wrap(mine.Transport)
		c.http = &mine
	}
	return c
}

// Close lets go of idle connections. Calls that run go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }
