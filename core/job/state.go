package job

import "fmt"

// State is where a job stands.
type State string

// The states of a job.
const (
	Scheduled State = "scheduled" // waits for its RunAt
	Queued    State = "queued"    // waits for a worker
	Running   State = "running"   // an attempt holds it
	Retrying  State = "retrying"  // waits between two attempts
	Parked    State = "parked"    // waits for something that is down, spending nothing
	Succeeded State = "succeeded" // final: its artifacts are there
	Failed    State = "failed"    // final: its fault says why
	Cancelled State = "cancelled" // final: the user did not want it any more
)

// States lists every state in the order of a job's life.
func States() []State {
	return []State{Scheduled, Queued, Running, Retrying, Parked, Succeeded, Failed, Cancelled}
}

// Final reports whether nothing happens to a job in this state until somebody
// asks for it.
func (s State) Final() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Valid reports whether s is one of States.
func (s State) Valid() bool {
	_, ok := moves[s]
	return ok
}

// moves is the table of allowed moves; docs/architecture.md draws it and a
// test compares the two.
var moves = map[State][]State{
	Scheduled: {Queued, Cancelled},
	Queued:    {Running, Succeeded, Failed, Cancelled},
	Running:   {Succeeded, Failed, Cancelled, Retrying, Parked, Queued},
	Retrying:  {Running, Failed, Cancelled},
	Parked:    {Queued, Cancelled},
	Succeeded: {},
	Failed:    {Queued},
	Cancelled: {Queued},
}

// Moves returns the states that may follow s.
func Moves(s State) []State { return append([]State(nil), moves[s]...) }

// CanMove reports whether a job may go from one state to another. A new job
// comes from "" and starts scheduled or queued.
func CanMove(from, to State) bool {
	if from == "" {
		return to == Scheduled || to == Queued
	}
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// MoveError is a move that the table does not allow.
type MoveError struct{ From, To State }

func (e *MoveError) Error() string {
	return fmt.Sprintf("a job that is %s can't become %s", e.From, e.To)
}

// CheckMove returns a *MoveError unless the move is allowed.
func CheckMove(from, to State) error {
	if CanMove(from, to) {
		return nil
	}
	return &MoveError{From: from, To: to}
}
