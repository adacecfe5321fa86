package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// again is the wait before a broken event stream is opened again.
const again = 500 * time.Millisecond

// Watch yields the job as it is and after every change, until it is final. A
// broken stream is taken up where it broke, and trouble of the service is waited
// out for as long as ctx lives; a refusal ends the sequence.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		last := ""
		for {
			final, err := c.stream(ctx, id, &last, func(j Job) bool { return yield(j, nil) })
			var p *Problem
			switch {
			case final:
				return
			case ctx.Err() != nil:
				yield(Job{}, ctx.Err())
				return
			case errors.As(err, &p) && p.Status < http.StatusInternalServerError:
				yield(Job{}, err)
				return
			}
			select {
			case <-time.After(again):
			case <-ctx.Done():
			}
		}
	}
}

// stream reads one event stream. It reports whether there is nothing more to
// read: the job became final or the reader stopped.
func (c *Client) stream(ctx context.Context, id string, last *string, yield func(Job) bool) (bool, error) {
	h := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		h.Set("Last-Event-ID", *last)
	}
	res, err := c.do(ctx, http.MethodGet, "/v1/jobs/"+url.PathEscape(id)+"/events", h, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	event, data := "", ""
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			event = value
		case "data":
			data += value
		case "":
			if data == "" {
				continue
			}
			var j Job
			if err := json.Unmarshal([]byte(data), &j); err == nil && j.ID != "" {
				*last = event
				if !yield(j) || j.Final() {
					return true, nil
				}
			}
			data = ""
		}
	}
	return false, lines.Err()
}
