package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const jobsPath = "/v1/jobs"

func jobPath(id string) string { return jobsPath + "/" + url.PathEscape(id) }

// Submit asks for a job and returns it as soon as it is stored; Wait or Watch
// follows it to its end.
func (c *Client) Submit(ctx context.Context, r Request) (Job, error) {
	p, err := post(jobsPath, r)
	if err != nil {
		return Job{}, err
	}
	p.header.Set("Idempotency-Key", cmp.Or(r.Key, rand.Text()))
	return read[Job](ctx, c, p)
}

// Get reads a job with its history.
func (c *Client) Get(ctx context.Context, id string) (Job, error) {
	return read[Job](ctx, c, get(jobPath(id), nil))
}

// poll is how long the server may hold back one answer of a long poll.
const poll = 30 * time.Second

// Wait returns the job once it is final, by long polls. It waits out trouble of
// the server for as long as ctx lives.
func (c *Client) Wait(ctx context.Context, id string) (Job, error) {
	for tries := 0; ; tries++ {
		res, err := read[Job](ctx, c, get(jobPath(id), url.Values{"wait": {poll.String()}}))
		switch {
		case err == nil && res.Final():
			return res, nil
		case err == nil:
			tries = 0 // and a server that gives up its polls early is not asked without a pause
		case refused(err) || ctx.Err() != nil:
			return Job{}, err
		}
		if !pause(ctx, patience(err, backoff(tries, firstPause))) {
			return Job{}, ctx.Err()
		}
	}
}

// refused reports whether the same request will never do.
func refused(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return false
	}
	return p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests && p.Status != http.StatusRequestTimeout
}

// patience is the pause after err: at least what the server asks for.
func patience(err error, least time.Duration) time.Duration {
	var p *Problem
	if errors.As(err, &p) {
		return max(least, p.RetryAfter)
	}
	return least
}

// Filter narrows a list; what is not set does not.
type Filter struct {
	Owner         string // for operators: whose jobs, "*" = everybody's; "" = your own
	States        []string
	Kind          string
	CreatedAfter  time.Time // at this time or later
	CreatedBefore time.Time
	PageSize      int    // jobs in a page, at most 200; 0 = the server's choice
	PageToken     string // of Page only: NextPageToken of the page before
}

// Page is a part of a list, newest first, without histories.
type Page struct {
	Jobs          []Job  `json:"jobs"`
	NextPageToken string `json:"next_page_token"` // "" on the last page
}

// List yields your jobs, newest first, without histories. It reads page after
// page as they are needed; jobs that come meanwhile do not shift them. An error
// ends it.
func (c *Client) List(ctx context.Context, f Filter) iter.Seq2[Job, error] {
	return pages(f.PageToken, func(token string) ([]Job, string, error) {
		f.PageToken = token
		p, err := c.Page(ctx, f)
		return p.Jobs, p.NextPageToken, err
	})
}

// Page reads one page of a list.
func (c *Client) Page(ctx context.Context, f Filter) (Page, error) {
	q := query{}
	q.set("owner", f.Owner)
	q.set("state", strings.Join(f.States, ","))
	q.set("kind", f.Kind)
	q.time("created_after", f.CreatedAfter)
	q.time("created_before", f.CreatedBefore)
	q.page(f.PageSize, f.PageToken)
	return read[Page](ctx, c, get(jobsPath, url.Values(q)))
}

// pages yields the items of page after page.
func pages[T any](token string, page func(token string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for at, first := token, true; first || at != ""; first = false {
			items, next, err := page(at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			at = next
		}
	}
}

// query collects the parameters that are set.
type query url.Values

func (q query) set(name, value string) {
	if value != "" {
		url.Values(q).Set(name, value)
	}
}

func (q query) time(name string, at time.Time) {
	if !at.IsZero() {
		q.set(name, at.UTC().Format(time.RFC3339Nano))
	}
}

func (q query) page(size int, token string) {
	if size > 0 {
		q.set("page_size", strconv.Itoa(size))
	}
	q.set("page_token", token)
}

// Cancel makes a job cancelled: a queued one never starts, a running one stops.
// Cancelling twice is fine; a job that succeeded or failed is refused with
// ProblemWrongState.
func (c *Client) Cancel(ctx context.Context, id string) (Job, error) {
	return read[Job](ctx, c, call{method: http.MethodPost, path: jobPath(id) + ":cancel"})
}

// Retry gives a failed or cancelled job another run with a fresh budget of
// retries.
func (c *Client) Retry(ctx context.Context, id string) (Job, error) {
	return read[Job](ctx, c, call{method: http.MethodPost, path: jobPath(id) + ":retry", unsafe: true})
}

// Delete removes a final job and its files for good.
func (c *Client) Delete(ctx context.Context, id string) error {
	res, err := c.do(ctx, call{method: http.MethodDelete, path: jobPath(id), unsafe: true})
	if err != nil {
		return err
	}
	return res.Body.Close()
}
