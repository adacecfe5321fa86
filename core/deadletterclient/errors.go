package deadletterclient

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/wire"
)

var (
	// ErrNotFound: no such dead letter.
	ErrNotFound = errors.New("no such dead letter")
	// ErrReplayNotFound: no such replay.
	ErrReplayNotFound = errors.New("no such replay")
	// ErrKeyReused: the idempotency key was used before for another replay.
	ErrKeyReused = errors.New("this idempotency key was used before for another replay: use a new key")
	// ErrUnavailable: the dead-letter service, or the status service behind it,
	// can't be reached or is shutting down.
	ErrUnavailable = errors.New("the dead-letter service can't do it right now: try again in a moment")
)

// StateError is a replay that the state of the letter or of its job forbids.
type StateError struct {
	ID     string // of the letter
	State  string // of the letter
	Why    string // why it can't be replayed
	Remedy string // what to do instead
}

func (e *StateError) Error() string {
	return fmt.Sprintf("can't replay dead letter %s: %s. %s", e.ID, e.Why, e.Remedy)
}

// ReplayStateError is a change that the state of a replay forbids.
type ReplayStateError struct {
	ID     string // of the replay
	State  string // of the replay
	Wanted string // pause, resume or stop
}

func (e *ReplayStateError) Error() string {
	return fmt.Sprintf("can't %s replay %s: it is %s. Make a new one for letters that are still open.", e.Wanted, e.ID, e.State)
}

// What marks the details of errors of this package among others.
const (
	errorDomain  = "studycast"
	errorReason  = "DEAD_LETTER_STATE"
	replayReason = "REPLAY_STATE"
	replayGone   = "REPLAY_NOT_FOUND"
)

// StatusFromError turns an error of this package into the gRPC status that
// carries it; ErrorFromStatus turns it back. Any other error stays as it is:
// package wire maps it, with its cause still there to be logged.
func StatusFromError(err error) error {
	var state *StateError
	var replay *ReplayStateError
	switch {
	case errors.As(err, &state):
		return detailed(codes.FailedPrecondition, state, errorReason,
			map[string]string{"id": state.ID, "state": state.State, "why": state.Why, "remedy": state.Remedy})
	case errors.As(err, &replay):
		return detailed(codes.FailedPrecondition, replay, replayReason,
			map[string]string{"id": replay.ID, "state": replay.State, "wanted": replay.Wanted})
	case errors.Is(err, ErrReplayNotFound):
		return detailed(codes.NotFound, ErrReplayNotFound, replayGone, nil)
	case errors.Is(err, ErrKeyReused):
		return status.Error(codes.AlreadyExists, ErrKeyReused.Error())
	case errors.Is(err, ErrNotFound):
		return status.Error(codes.NotFound, ErrNotFound.Error())
	case errors.Is(err, ErrUnavailable):
		return status.Error(codes.Unavailable, ErrUnavailable.Error())
	}
	return err
}

// detailed is a status that says which error of this package it is.
func detailed(code codes.Code, err error, reason string, facts map[string]string) error {
	st := status.New(code, err.Error())
	full, derr := st.WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: errorDomain, Metadata: facts})
	if derr != nil {
		return st.Err() // the code and the text still tell
	}
	return full.Err()
}

// ErrorFromStatus turns the error of a gRPC call back into the words of this
// package. The gRPC error stays in the chain where it says more.
func ErrorFromStatus(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	for _, d := range st.Details() {
		if e := fromDetail(d); e != nil {
			return e
		}
	}
	switch st.Code() {
	case codes.NotFound:
		return fmt.Errorf("%w (%w)", ErrNotFound, err)
	case codes.AlreadyExists:
		return fmt.Errorf("%w (%w)", ErrKeyReused, err)
	case codes.Unavailable:
		return fmt.Errorf("%w (%w)", ErrUnavailable, err)
	default:
	}
	return wire.ErrorFromStatus(err)
}

// fromDetail returns nil when the detail is not that of an error of this
// package.
func fromDetail(detail any) error {
	info, ok := detail.(*errdetails.ErrorInfo)
	if !ok || info.GetDomain() != errorDomain {
		return nil
	}
	m := info.GetMetadata()
	switch info.GetReason() {
	case errorReason:
		return &StateError{ID: m["id"], State: m["state"], Why: m["why"], Remedy: m["remedy"]}
	case replayReason:
		return &ReplayStateError{ID: m["id"], State: m["state"], Wanted: m["wanted"]}
	case replayGone:
		return ErrReplayNotFound
	}
	return nil
}
