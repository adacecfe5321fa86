package fuzz

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/studycast/studycast/lab/contract/document"
)

// outcome is what came back.
type outcome struct {
	answer document.Answer
	// left says that the caller went away first, as it may.
	left bool
	err  error // why there is no whole answer
	// before is the request before this one on the same connection.
	before []byte
}

// wire is a connection that is used again while it is good.
type wire struct {
	address       string
	bound, linger time.Duration

	conn net.Conn
	r    *bufio.Reader
	last []byte // request that was sent over conn
}

func (w *wire) drop() {
	if w.conn == nil {
		return
	}
	// Without the wait of a proper end, of which tens of thousands would use up
	// the ports of the machine.
	_ = w.conn.(*net.TCPConn).SetLinger(0)
	_ = w.conn.Close()
	w.conn, w.last = nil, nil
}

// send sends a case and reads its answer. A kept connection may have been
// closed by the server meanwhile, so an end before the first byte is tried once
// more on a fresh one.
func (w *wire) send(ctx context.Context, c *attempt) outcome {
	kept := w.conn != nil
	out := w.try(ctx, c)
	if kept && out.answer.Status == 0 && (errors.Is(out.err, io.EOF) || errors.Is(out.err, io.ErrUnexpectedEOF) || errors.Is(out.err, syscall.ECONNRESET)) {
		w.drop()
		out = w.try(ctx, c)
	}
	return out
}

func (w *wire) try(ctx context.Context, c *attempt) outcome {
	if w.conn == nil {
		conn, err := (&net.Dialer{Timeout: w.bound}).DialContext(ctx, "tcp", w.address)
		if err != nil {
			return outcome{err: fmt.Errorf("nobody answers: %w", err)}
		}
		w.conn, w.r = conn, bufio.NewReader(conn)
	}
	limit := w.bound
	if c.held() {
		limit = w.linger
	}
	_ = w.conn.SetDeadline(time.Now().Add(limit))
	var failed error // to write, once sent is closed
	sent := make(chan struct{})
	conn, raw, before := w.conn, c.raw(), w.last
	w.last = raw
	go func() { // the server may answer before it has read everything
		_, err := conn.Write(raw)
		if err == nil && (c.cut() || c.broken) {
			err = conn.(*net.TCPConn).CloseWrite()
		}
		failed = err
		close(sent)
	}()
	if c.leave {
		<-sent
		w.drop()
		return outcome{left: true}
	}
	out, keep := w.read(c)
	out.before = before
	select {
	case <-sent:
		keep = keep && failed == nil
	default: // it does not want the rest
		keep = false
	}
	if !keep || c.cut() || c.broken {
		w.drop()
	}
	<-sent
	return out
}

// mostAnswer is more than any answer has.
const mostAnswer = 64 << 20

// read reads an answer; keep says whether the connection is good for another.
func (w *wire) read(c *attempt) (out outcome, keep bool) {
	req, err := http.NewRequest(http.MethodGet, "http://localhost/", http.NoBody) //nolint:noctx // it is never sent
	if err != nil {
		return outcome{err: err}, false
	}
	req.Method = c.method
	out.answer.Request = req
	res, err := http.ReadResponse(w.r, req) //nolint:bodyclose // the connection goes on or is dropped
	for err == nil && res.StatusCode/100 == 1 && res.StatusCode != http.StatusSwitchingProtocols {
		res, err = http.ReadResponse(w.r, req) //nolint:bodyclose // as above
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) && c.held() {
			return outcome{left: true}, false
		}
		return outcome{err: fmt.Errorf("no answer: %w", err)}, false
	}
	out.answer.Status, out.answer.Header = res.StatusCode, res.Header
	stream := out.answer.MediaType() == "text/event-stream"
	if stream {
		_ = w.conn.SetReadDeadline(time.Now().Add(w.linger))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	switch {
	case stream && errors.Is(err, os.ErrDeadlineExceeded):
		out.answer.Body = body
		return out, false
	case errors.Is(err, os.ErrDeadlineExceeded) && c.held():
		return outcome{left: true}, false
	case err != nil:
		out.err = fmt.Errorf("half an answer of status %d: %w", res.StatusCode, err)
		return out, false
	}
	out.answer.Body, out.err = unpack(res.Header.Get("Content-Encoding"), body)
	return out, !res.Close
}

func unpack(encoding string, body []byte) ([]byte, error) {
	switch {
	case encoding == "" || len(body) == 0:
		return body, nil
	case encoding != "gzip":
		return nil, fmt.Errorf("an answer encoded as %q", encoding)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("an answer that is no gzip: %w", err)
	}
	return io.ReadAll(z)
}
