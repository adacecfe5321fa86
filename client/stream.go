package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// reopen is the first pause before a broken stream is opened again, where the
	// server named none.
	reopen = 500 * time.Millisecond
	// silence is how long a stream may bring nothing, not even a heartbeat (they
	// come every 15 s), before it is taken for broken.
	silence = time.Minute
)

// follow reads a stream, opened again whenever it breaks, until visit wants no
// more.
func (c *Client) follow(ctx context.Context, from call, visit func(message) (more bool, err error)) error {
	s := stream{client: c, from: from, visit: visit, pause: reopen}
	for tries := 0; ; tries++ {
		s.news = false
		done, err := s.read(ctx)
		switch {
		case done:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case refused(err), errors.Is(err, bufio.ErrTooLong):
			return err
		case s.news:
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
	visit  func(message) (bool, error)
	last   string        // id of the latest event
	news   bool          // the connection brought an event that none before it had brought
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
		more, err := s.visit(m)
		if err != nil || !more {
			return true, err
		}
		quiet.Reset(silence)
		s.news = s.news || m.id == "" || m.id != s.last
		s.last = m.id
	}
}
