package rest

import (
	"context"
	"errors"
	"io"
	"time"
)

// turn is whose turn it is in a call of any length: the service behind has
// callTimeout for each of its own, the client as long as its connection allows.
type turn struct {
	ctx   context.Context //nolint:containedctx // the call that it ends
	timer *time.Timer
}

// takeTurns returns a turn of the service, whose ctx ends when that says nothing.
// The caller calls done at the end.
func takeTurns(ctx context.Context) (t *turn, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	t = &turn{ctx: ctx, timer: time.AfterFunc(callTimeout, func() { cancel(context.DeadlineExceeded) })}
	return t, func() {
		t.timer.Stop()
		cancel(nil)
	}
}

// client does what waits for the client; the next turn of the service follows.
func (t *turn) client(do func(b []byte) (int, error), b []byte) (int, error) {
	t.timer.Stop()
	defer t.timer.Reset(callTimeout)
	return do(b)
}

// told tells the error of a service that said nothing from any other.
func (t *turn) told(err error) error {
	if err != nil && errors.Is(context.Cause(t.ctx), context.DeadlineExceeded) {
		return errors.Join(context.DeadlineExceeded, err)
	}
	return err
}

// readInTurn reads from the client, writeInTurn writes to it.
type (
	readInTurn struct {
		io.Reader
		t *turn
	}
	writeInTurn struct {
		io.Writer
		t *turn
	}
)

func (r readInTurn) Read(b []byte) (int, error) { return r.t.client(r.Reader.Read, b) }

func (w writeInTurn) Write(b []byte) (int, error) { return w.t.client(w.Writer.Write, b) }
