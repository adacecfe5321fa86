package job

import (
	"errors"
	"fmt"
)

// What callers of the status service meet. Edges map them to codes once.
var (
	// ErrNotFound: no such job, or not one that the caller may see.
	ErrNotFound = errors.New("no such job")
	// ErrIdempotencyKeyReused: the key was used before with another request.
	ErrIdempotencyKeyReused = errors.New("this idempotency key was used before with another request: use a new key")
	// ErrUnavailable: the status service can't be reached or is shutting down.
	ErrUnavailable = errors.New("the status service can't be reached right now: try again in a moment")
	// ErrSessionUnknown: the session ended or was never opened; open a new one.
	ErrSessionUnknown = errors.New("no such worker session")
)

// StateError is a request that the state of the job does not allow.
type StateError struct {
	ID     ID
	State  State
	Wanted string // "cancel", "retry", "delete", "replay"
	Remedy string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("can't %s job %s: it is %s. %s", e.Wanted, e.ID, e.State, e.Remedy)
}
