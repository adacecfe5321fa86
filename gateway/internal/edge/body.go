package edge

import (
	"errors"
	"io"
	"net/http"
)

// drainBytes is how much of a refused body is still taken in, so that a client
// that sends before it reads gets its answer and not a reset connection.
const drainBytes = 4 << 20

// WholeBody marks every failure to read a request's body as the client's: a
// broken chunk or a lost connection is no error of the server.
func WholeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body}
		r.Body = b
		next.ServeHTTP(w, r)
		// A client that waits for "100 Continue" sends nothing after a refusal.
		if !b.ended && r.ContentLength <= drainBytes && r.Header.Get("Expect") == "" {
			_, _ = io.CopyN(io.Discard, b.ReadCloser, drainBytes)
		}
	})
}

type body struct {
	io.ReadCloser
	ended bool // whole or broken: there is nothing more to read
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		b.ended = true
		return n, io.EOF
	}
	b.ended = true
	return n, &BrokenBody{err}
}

// Close leaves the body open for the drain; the server closes it.
func (b *body) Close() error { return nil }

// BrokenBody is a body that did not arrive whole. It says it is a time-out,
// which is the one read error that huma answers with the client's 408.
type BrokenBody struct{ Err error }

func (e *BrokenBody) Error() string { return "request body did not arrive whole: " + e.Err.Error() }

// Unwrap returns what went wrong.
func (e *BrokenBody) Unwrap() error { return e.Err }

// Timeout is true, see BrokenBody.
func (e *BrokenBody) Timeout() bool { return true }

// Temporary is true: the client may send the request again.
func (e *BrokenBody) Temporary() bool { return true }
