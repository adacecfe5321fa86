package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// ErrDeleted ends the watch of a job that somebody deleted.
var ErrDeleted = errors.New("the job was deleted")

const (
	// reopen is the first pause before a broken stream is opened again, where the
	// server named none.
	reopen = 500 * time.Millisecond
	// silence is how long a stream may bring nothing, not even a heartbeat (they
	// come every 15 s), before it is taken for broken.
	silence = time.Minute
)

// Event is a change of a job.
type Event struct {
	Job     Job    // as it is now, without its history
	Deleted string // id of a job that is gone; Job is empty then
	line    *Line  // the place in line moved; the others are empty then
}

// Watch yields the job as it is and after every change, until it is final; jobs
// come without their history. While it is queued it also comes, in the same
// Version, when its place in line moves. A stream that breaks is taken up where it broke,
// and trouble of the server is waited out for as long as ctx lives. A refusal,
// a deleted job (ErrDeleted) and the end of ctx end it with an error.
func (c *Client) Watch(ctx context.Context, id string) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		now := Job{}
		err := c.follow(ctx, get(jobPath(id)+"/events", nil), func(e Event) (bool, error) {
			switch {
			case e.Deleted != "":
				return false, ErrDeleted
			case e.line != nil:
				now.Line = e.line
			default:
				now = e.Job
			}
			return now.ID == "" || yield(now, nil) && !now.Final(), nil
		})
		if err != nil {
			yield(Job{}, err)
		}
	}
}

// WatchAll yields the newest jobs of an owner as they are, then every one of the
// owner's jobs after each change, for as long as ctx lives. The owner is you
// ("") or, for operators, somebody else or everybody ("*"). A stream that breaks
// is taken up where it broke, as Watch does it.
func (c *Client) WatchAll(ctx context.Context, owner string) iter.Seq2[Event, error] {
	q := query{}
	q.set("owner", owner)
	return func(yield func(Event, error) bool) {
		err := c.follow(ctx, get("/v1/events", url.Values(q)), func(e Event) (bool, error) {
			return e.line != nil || yield(e, nil), nil
		})
		if err != nil {
			yield(Event{}, err)
		}
	}
}

// follow reads a stream, opened again whenever it breaks, until visit wants no
// more.
func (c *Client) follow(ctx context.Context, from call, visit func(Event) (more bool, err error)) error {
	s := stream{client: c, from: from, visit: visit, pause: reopen}
	for tries := 0; ; tries++ {
		seen := s.last
		done, err := s.read(ctx)
		switch {
		case done:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case refused(err), errors.Is(err, bufio.ErrTooLong):
			return err
		case s.last != seen:
			tries = 0
		}
		if !pause(ctx, patience(err, backoff(tries, s.pause))) {
			return ctx.Err()
		}
	}
}

// stream is a stream of events over several connections.
type stream struct {
	client *Client
	from   call
	visit  func(Event) (bool, error)
	last   string        // id of the latest event
	pause  time.Duration // before it is opened again
}

// read reads the stream while its connection lasts. It reports whether there is
// nothing more to read.
func (s *stream) read(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	r := s.from
	r.header = http.Header{"Accept": {"text/event-stream"}}
	if s.last != "" {
		r.header.Set("Last-Event-ID", s.last)
	}
	res, err := s.client.try(ctx, r)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusNoContent { // the latest event was the last one
		return true, nil
	}
	d := newDecoder(res.Body, func() { quiet.Reset(silence) })
	d.id = s.last
	for {
		m, err := d.next()
		if d.retry > 0 {
			s.pause = d.retry
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		quiet.Stop() // the visitor may take its time
		more, err := s.deliver(m)
		if err != nil || !more {
			return true, err
		}
		quiet.Reset(silence)
		s.last = m.id
	}
}

// deliver hands an event to the visitor. Events that a newer server added are
// passed over.
func (s *stream) deliver(m message) (more bool, err error) {
	var e Event
	switch m.name {
	case "job":
		err = json.Unmarshal([]byte(m.data), &e.Job)
	case "line":
		err = json.Unmarshal([]byte(m.data), &e.line)
	case "deleted":
		gone := struct{ ID *string }{&e.Deleted}
		err = json.Unmarshal([]byte(m.data), &gone)
	default:
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read event %s of %s: %w", m.id, s.from.path, err)
	}
	return s.visit(e)
}
