package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studycast/studycast/client"
)

const limited = `{"type":"urn:studycast:problem:too-many-requests","title":"Too many requests","status":429,"detail":"Slow down."}`

func TestRetriesAsTheServerAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := played(t, with(429, limited, "Retry-After", "7"), with(503, ""), lost, with(202, `{"id":"j","state":"queued"}`))
		start := time.Now()
		j, err := c.Submit(t.Context(), client.Request{Kind: client.Video, Source: client.Source{Text: "x"}})
		ok(t, err)
		equal(t, "j", j.ID)
		if took := time.Since(start); took < 7*time.Second || took > 10*time.Second {
			t.Fatalf("it took %s", took)
		}
		key := s.calls[0].Header.Get("Idempotency-Key")
		if len(key) < 20 {
			t.Fatalf("the key %q can be guessed", key)
		}
		for i, r := range s.calls {
			equal(t, key, r.Header.Get("Idempotency-Key"))
			equal(t, `{"kind":"video","source":{"text":"x"}}`, s.bodies[i])
		}
	})
}

func TestFreshKeys(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(202, `{}`), with(202, `{}`), with(202, `{}`))
	for _, key := range []string{"", "", "mine"} {
		_, err := c.Submit(t.Context(), client.Request{Key: key})
		ok(t, err)
	}
	keys := map[string]bool{}
	for _, r := range s.calls {
		keys[r.Header.Get("Idempotency-Key")] = true
	}
	equal(t, 3, len(keys))
	equal(t, true, keys["mine"])
}

func TestNotMadeAgain(t *testing.T) {
	t.Parallel()
	refused := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}
	submit := func(ctx context.Context, c *client.Client) error {
		_, err := c.Submit(ctx, client.Request{})
		return err
	}
	replay := func(ctx context.Context, c *client.Client) error {
		_, err := c.Replay(ctx, "l", "why not")
		return err
	}
	retry := func(ctx context.Context, c *client.Client) error {
		_, err := c.Retry(ctx, "j")
		return err
	}
	upload := func(ctx context.Context, c *client.Client) error {
		_, err := c.Upload(ctx, "a.md", "", io.MultiReader(strings.NewReader("once")))
		return err
	}
	for name, test := range map[string]struct {
		do     func(context.Context, *client.Client) error
		answer func(*http.Request) (*http.Response, error)
	}{
		"a mistake of the caller":          {submit, with(422, `{"title":"no","status":422}`)},
		"a longer pause than wanted":       {submit, with(429, limited, "Retry-After", "31")},
		"trouble that nobody told more of": {submit, with(500, "")},
		"nobody there":                     {submit, refused},
		"a lost answer to a replay":        {replay, lost},
		"a lost answer to a retry":         {retry, lost},
		"a slow answer to a retry":         {retry, with(504, "")},
		"a body that is gone":              {upload, with(503, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := played(t, test.answer)
				if test.do(t.Context(), c) == nil {
					t.Fatal("no error")
				}
			})
		})
	}
}

// The end of the caller's time ends the pauses, and what went wrong is told.
func TestPausesEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := played(t, with(429, limited, "Retry-After", "5"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Get(ctx, "j")
		is(t, err, http.StatusTooManyRequests)
		equal(t, start, time.Now()) // there is no time to come back: it is told at once

		c, _ = played(t, with(429, limited, "Retry-After", "5"))
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		_, err = c.Get(ctx, "j")
		is(t, err, http.StatusTooManyRequests)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v does not say that the caller ended it", err)
		}
		equal(t, start.Add(2*time.Second), time.Now())
	})
}

func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := played(t, with(503, ""), with(503, ""), with(503, ""), with(503, ""), with(503, ""))
		_, err := c.Get(t.Context(), "j")
		is(t, err, http.StatusServiceUnavailable)

		s := &script{t: t, answers: []func(*http.Request) (*http.Response, error){with(503, "")}}
		c = client.New("http://studycast.test", client.WithHTTPClient(&http.Client{Transport: s}), client.WithRetries(0, 0))
		_, err = c.Get(t.Context(), "j")
		is(t, err, http.StatusServiceUnavailable)
	})
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	c := client.New("http://127.0.0.1:1")
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Get(ctx, "j")
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "running there") {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), "j")
	if err == nil || !strings.Contains(err.Error(), "is the server running there?") {
		t.Fatal(err)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	inAMinute := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	for name, test := range map[string]struct {
		body, retryAfter string
		text             string
		wait             time.Duration
	}{
		"of the API":   {limited, "2", "Slow down.", 2 * time.Second},
		"by fields":    {`{"title":"t","detail":"d","errors":[{"location":"body.kind","message":"Choose."},{"location":"b","message":"c"}]}`, "", "body.kind: Choose.\nb: c", 0},
		"of a proxy":   {"<html>gone", inAMinute, "Too Many Requests", time.Minute},
		"other JSON":   {`{"error":"x"}`, "soon", "Too Many Requests", 0},
		"in the past":  {limited, "-5", "Slow down.", 0},
		"only a title": {`{"title":"Full"}`, "", "Full", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{t: t, answers: []func(*http.Request) (*http.Response, error){with(429, test.body, "Retry-After", test.retryAfter)}}
			c := client.New("http://x.test/", client.WithHTTPClient(&http.Client{Transport: s}), client.WithRetries(0, 0), client.WithToken("secret"))
			_, err := c.Get(t.Context(), "a/b")
			is(t, err, http.StatusTooManyRequests)
			var p *client.Problem
			_ = errors.As(err, &p)
			equal(t, test.text, p.Error())
			if d := test.wait - p.RetryAfter; d < 0 || d > 2*time.Second {
				t.Fatalf("come back after %s", p.RetryAfter)
			}
			equal(t, "Bearer secret", s.calls[0].Header.Get("Authorization"))
			equal(t, "http://x.test/v1/jobs/a%2Fb", s.calls[0].URL.String())
		})
	}
}

// What is put around the transport sees every call with its context.
func TestTransportIsWrapped(t *testing.T) {
	t.Parallel()
	type key struct{}
	s := &script{t: t, answers: []func(*http.Request) (*http.Response, error){with(200, `{"id":"1"}`)}}
	wrap := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Traceparent", r.Context().Value(key{}).(string))
			return next.RoundTrip(r)
		})
	}
	mine := &http.Client{Transport: s}
	c := client.New("http://x.test", client.WithTransport(wrap), client.WithHTTPClient(mine))
	_, err := c.Get(context.WithValue(t.Context(), key{}, "00-x"), "1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "00-x", s.calls[0].Header.Get("Traceparent"))
	if mine.Transport != http.RoundTripper(s) {
		t.Fatal("the caller's client was changed")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
