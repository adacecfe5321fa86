//go:build linux

package streams

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/core/sleep"
)

const (
	// readBuffer is small because there are thousands: longer lines are read in
	// parts.
	readBuffer  = 512
	dialTimeout = 10 * time.Second
	// silence is more than two heartbeats: a stream that says nothing for so
	// long is broken.
	silence = 40 * time.Second
	// firstRetry is what a client waits before the server has said how long.
	firstRetry = time.Second
)

// event is one event of a stream.
type event struct {
	id      int64 // 0 = none
	name    string
	job     jobView
	arrived time.Time
}

// jobView is what a stream's client looks at.
type jobView struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Version int64  `json:"version"`
}

// client follows one stream as a browser's EventSource does: it comes back by
// itself, after the time that the server named and with the id seen last, until
// it is told that there is nothing more to come.
type client struct {
	path, token string
	dial        func(context.Context) (net.Conn, error)
	// on hears of every event; false ends the client. It is called by one
	// goroutine.
	on func(event) bool
	// opened is told each time that a stream is open.
	opened func()

	last    int64
	retry   time.Duration
	opens   atomic.Int64 // answers that were streams
	refused atomic.Int64 // answers that were errors, after which it came back
}

// errOver is the end that the server or on wanted.
var errOver = errors.New("there is nothing more to come")

// follow runs until the stream is over; the error is that of ctx or says what
// the server did wrong.
func (c *client) follow(ctx context.Context) error {
	c.retry = firstRetry
	for {
		err := c.once(ctx)
		var bad *badStream
		switch {
		case errors.Is(err, errOver):
			return nil
		case errors.As(err, &bad):
			return fmt.Errorf("%s: %w", c.path, err)
		case !sleep.For(ctx, c.retry):
			return fmt.Errorf("%s: %w", c.path, errors.Join(ctx.Err(), err))
		}
	}
}

// badStream is something that no restart excuses.
type badStream struct{ what string }

func (b *badStream) Error() string { return b.what }

// once opens the stream and reads it to its end.
func (c *client) once(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write(c.request()); err != nil {
		return err
	}
	in := bufio.NewReaderSize(quiet{conn}, readBuffer)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer func() {
		_ = conn.Close() // first: to close a body reads it to its end
		_ = res.Body.Close()
	}()
	if res.StatusCode == http.StatusNoContent {
		return errOver
	}
	if err := c.welcome(res); err != nil {
		return err
	}
	return c.read(bufio.NewReaderSize(res.Body, readBuffer))
}

func (c *client) request() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br\r\nAuthorization: Bearer %s\r\n",
		c.path, c.token)
	if c.last > 0 {
		fmt.Fprintf(&b, "Last-Event-ID: %d\r\n", c.last)
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// welcome checks what makes a stream pass through proxies. An error of the
// server is worth another try.
func (c *client) welcome(res *http.Response) error {
	if res.StatusCode >= http.StatusInternalServerError {
		c.refused.Add(1)
		return errors.New(res.Status)
	}
	h := res.Header
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Content-Encoding": "",
		"Cache-Control": "no-cache, no-transform",
	} {
		if got := h.Get(name); res.StatusCode != http.StatusOK || got != want {
			return &badStream{fmt.Sprintf("answer %s with %s %q, want %q", res.Status, name, got, want)}
		}
	}
	c.opens.Add(1)
	if c.opened != nil {
		c.opened()
	}
	return nil
}

// read takes events until the stream ends, and always returns an error.
func (c *client) read(in *bufio.Reader) error {
	var e event
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err // half an event is none
		}
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.id, err = strconv.ParseInt(value, 10, 64)
		case "event":
			e.name = value
		case "data":
			err = json.Unmarshal([]byte(value), &e.job)
		case "retry":
			var ms int
			ms, err = strconv.Atoi(value)
			c.retry = time.Duration(ms) * time.Millisecond
		}
		if err != nil {
			return &badStream{fmt.Sprintf("line %q: %v", line, err)}
		}
		if line == "" && e.name != "" {
			e.arrived = time.Now()
			if e.id > 0 {
				c.last = e.id
			}
			if !c.on(e) {
				return errOver
			}
			e = event{}
		}
	}
}

// quiet fails when nothing comes for too long.
type quiet struct{ net.Conn }

func (q quiet) Read(p []byte) (int, error) {
	if err := q.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return q.Conn.Read(p)
}

// dialer connects to the server of a URL.
func dialer(base string) (func(context.Context) (net.Conn, error), error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", u.Host) }, nil
}
