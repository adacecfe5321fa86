package server

import (
	"context"

	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/store"
)

// teller tells a worker its orders. It belongs to the goroutine that sends on
// the stream.
type teller struct {
	stream sessionStream
	read   func(context.Context) (store.Orders, error)
	told   store.Orders
	begun  bool // told is what the worker was told
}

// tell reads the orders and sends what the worker does not know. A new stream
// is told whatever they are: its worker may have missed a change while it was
// away. They are read whenever they may have changed, and never taken from a
// note, so that notes of different replicas can't come in a wrong order.
func (t *teller) tell() error {
	now, err := t.read(t.stream.Context())
	if err != nil {
		return err
	}
	before, begun := t.told, t.begun
	t.told, t.begun = now, true
	if !begun || now.Paused != before.Paused {
		kind := statusv1.CommandKind_COMMAND_KIND_RESUME
		if now.Paused {
			kind = statusv1.CommandKind_COMMAND_KIND_PAUSE
		}
		if err := t.send(kind); err != nil {
			return err
		}
	}
	if now.Draining && !before.Draining {
		return t.send(statusv1.CommandKind_COMMAND_KIND_DRAIN)
	}
	return nil
}

func (t *teller) send(k statusv1.CommandKind) error {
	return t.stream.Send(&statusv1.SessionResponse{Say: &statusv1.SessionResponse_Command{Command: &statusv1.Command{Kind: k}}})
}
