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

// What marks the details of a StateError among others.
const (
	errorDomain = "studycast"
	errorReason = "DEAD_LETTER_STATE"
)

// StatusFromError turns an error of this package into the gRPC status that
// carries it; ErrorFromStatus turns it back. Any other error stays as it is:
// package wire maps it, with its cause still there to be logged.
func StatusFromError(err error) error {
	var state *StateError
	switch {
	case errors.As(err, &state):
		st := status.New(codes.FailedPrecondition, state.Error())
		full, derr := st.WithDetails(&errdetails.ErrorInfo{
			Reason: errorReason, Domain: errorDomain,
			Metadata: map[string]string{"id": state.ID, "state": state.State, "why": state.Why, "remedy": state.Remedy},
		})
		if derr != nil {
			return st.Err() // the code and the text still tell
		}
		return full.Err()
	case errors.Is(err, ErrNotFound):
		return status.Error(codes.NotFound, ErrNotFound.Error())
	case errors.Is(err, ErrUnavailable):
		return status.Error(codes.Unavailable, ErrUnavailable.Error())
	}
	return err
}

// ErrorFromStatus turns the error of a gRPC call back into the words of this
// package. The gRPC error stays in the chain where it says more.
func ErrorFromStatus(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	switch st.Code() {
	case codes.FailedPrecondition:
		for _, d := range st.Details() {
			if e := stateError(d); e != nil {
				return e
			}
		}
	case codes.NotFound:
		return fmt.Errorf("%w (%w)", ErrNotFound, err)
	case codes.Unavailable:
		return fmt.Errorf("%w (%w)", ErrUnavailable, err)
	default:
	}
	return wire.ErrorFromStatus(err)
}

// stateError returns nil when the detail is not that of a StateError.
func stateError(detail any) error {
	info, ok := detail.(*errdetails.ErrorInfo)
	if !ok || info.GetDomain() != errorDomain || info.GetReason() != errorReason {
		return nil
	}
	m := info.GetMetadata()
	return &StateError{ID: m["id"], State: m["state"], Why: m["why"], Remedy: m["remedy"]}
}
