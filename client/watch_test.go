package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/studycast/studycast/client"
)

func event(id int, state string) string {
	return fmt.Sprintf("id: %d\nevent: job\ndata: {\"id\":\"j\",\"state\":%q}\n\n", id, state)
}

// watched collects the states of a watch.
func watched(ctx context.Context, c *client.Client) (states []string, err error) {
	for j, err := range c.Watch(ctx, "j") {
		if err != nil {
			return states, err
		}
		states = append(states, j.State)
	}
	return states, nil
}

// A server that restarts under a reader refuses for a moment, cuts streams, asks
// for a pause; the reader goes on where it was.
func TestWatchWaitsOutTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := played(t,
			lost,
			with(200, "retry: 2000\n\n"+event(1, "queued")+"id: 2\nevent: job\ndata: {\"id\""), // cut in an event
			with(503, "", "Retry-After", "9"),
			with(429, limited),
			with(200, ": still here\n\n"+event(2, "running")+"event: news\ndata: of a later version\n\n"),
			with(200, event(3, "succeeded")+event(4, "never read")),
		)
		start := time.Now()
		states, err := watched(t.Context(), c)
		ok(t, err)
		equal(t, []string{"queued", "running", "succeeded"}, states)
		seen := []string{}
		for _, r := range s.calls {
			seen = append(seen, r.Header.Get("Last-Event-ID"))
		}
		equal(t, []string{"", "", "1", "1", "1", "2"}, seen)
		if took := time.Since(start); took < 12*time.Second || took > 30*time.Second {
			t.Fatalf("it took %s", took)
		}
	})
}

// A connection that died without a word is noticed by its silence.
func TestWatchNoticesSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := played(t, hanging(event(1, "running")), with(200, event(2, "succeeded")))
		start := time.Now()
		states, err := watched(t.Context(), c)
		ok(t, err)
		equal(t, []string{"running", "succeeded"}, states)
		equal(t, "1", s.calls[1].Header.Get("Last-Event-ID"))
		if took := time.Since(start); took < time.Minute || took > 62*time.Second {
			t.Fatalf("it took %s", took)
		}
	})
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	t.Run("with a refusal", func(t *testing.T) {
		t.Parallel()
		c, _ := played(t, with(404, ""))
		_, err := watched(t.Context(), c)
		is(t, err, http.StatusNotFound)
	})
	t.Run("with the job", func(t *testing.T) {
		t.Parallel()
		c, _ := played(t, with(200, "event: deleted\ndata: {\"id\":\"j\"}\n\n"))
		if _, err := watched(t.Context(), c); !errors.Is(err, client.ErrDeleted) {
			t.Fatal(err)
		}
	})
	t.Run("when there is no more", func(t *testing.T) {
		t.Parallel()
		c, _ := played(t, with(204, ""))
		states, err := watched(t.Context(), c)
		ok(t, err)
		equal(t, 0, len(states))
	})
	t.Run("with the reader", func(t *testing.T) {
		t.Parallel()
		c, _ := played(t, with(200, event(1, "queued")+event(2, "running")))
		for _, err := range c.Watch(t.Context(), "j") {
			ok(t, err)
			break
		}
	})
	t.Run("with the context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, _ := played(t, hanging(event(1, "queued")))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			states, err := watched(ctx, c)
			equal(t, []string{"queued"}, states)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		})
	})
	t.Run("with what nobody can read", func(t *testing.T) {
		t.Parallel()
		for _, stream := range []string{"event: job\ndata: {\n\n", "event: deleted\ndata: 1\n\n", "event: line\ndata: {\n\n", "data: " + strings.Repeat("x", 5<<20)} {
			c, _ := played(t, with(200, stream))
			if _, err := watched(t.Context(), c); err == nil {
				t.Fatal("no error")
			}
		}
	})
}

// A queued job comes again when its place in line moves.
func TestWatchTheLine(t *testing.T) {
	t.Parallel()
	line := func(n int) string { return fmt.Sprintf("event: line\ndata: {\"position\":%d}\n\n", n) }
	c, _ := played(t, with(200, line(9)+event(1, "queued")+line(2)+line(1)+event(2, "running")+event(3, "succeeded")))
	var seen []string
	for j, err := range c.Watch(t.Context(), "j") {
		ok(t, err)
		seen = append(seen, j.State)
		if j.Line != nil {
			seen = append(seen, fmt.Sprint(j.Line.Position))
		}
	}
	equal(t, []string{"queued", "queued", "2", "queued", "1", "running", "succeeded"}, seen)
}

func TestWatchAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := played(t,
			with(200, event(7, "succeeded")),
			with(200, "id: 8\nevent: deleted\ndata: {\"id\":\"j\"}\n\n"),
		)
		var seen []string
		for e, err := range c.WatchAll(t.Context(), "ann") {
			ok(t, err)
			seen = append(seen, e.Job.State+e.Deleted)
			if e.Deleted != "" {
				break
			}
		}
		equal(t, []string{"succeeded", "j"}, seen)
		equal(t, "/v1/events?owner=ann", s.calls[1].URL.RequestURI())
		equal(t, "7", s.calls[1].Header.Get("Last-Event-ID"))
	})
}

func TestWaitGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		trouble := []func(*http.Request) (*http.Response, error){with(200, `{"id":"j","state":"running"}`)}
		for range 12 { // more than a single call is made again
			trouble = append(trouble, with(503, ""))
		}
		c, s := played(t, append(trouble, with(200, `{"id":"j","state":"failed"}`))...)
		j, err := c.Wait(t.Context(), "j")
		ok(t, err)
		equal(t, client.Failed, j.State)
		equal(t, "wait=30s", s.calls[0].URL.RawQuery)

		c, _ = played(t, with(404, ""))
		_, err = c.Wait(t.Context(), "j")
		is(t, err, http.StatusNotFound)
	})
}
