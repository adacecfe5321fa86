// Package store is the port between the dead-letter service and its database:
// letters, and the small interface that an adapter implements. What may happen
// to a letter is decided elsewhere, once for every adapter.
package store

import (
	"context"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// ErrNotFound: no such letter.
var ErrNotFound = deadletterclient.ErrNotFound

// Letter is a dead letter as it is kept. Its Request is not: the body holds it.
type Letter struct {
	deadletterclient.DeadLetter
	Digest [32]byte // equal for copies of one message
}

// Store keeps the letters. All methods are safe for concurrent use, also with
// those of other processes when the store can be shared. Whatever a method
// wrote is durable when it returns; after an error nothing is written, except
// when the connection broke during the commit: then nobody knows, and doing it
// again is right. Errors other than those named are job.ErrUnavailable when
// trying again may help.
type Store interface {
	// Put stores l, unless same finds that one of the letters with its Digest
	// (newest first, without body and headers) is the letter of the same death:
	// then that one has one copy more and l's LastAt. It returns what is stored,
	// without body and headers. Puts of one Digest are serial; same may run more
	// than once.
	Put(ctx context.Context, l Letter, same func(before Letter) bool) (Letter, error)
	// Get returns a letter whole. ErrNotFound.
	Get(ctx context.Context, id string) (Letter, error)
	// List returns letters, newest first, without body and headers.
	List(ctx context.Context, f Filter) ([]Letter, error)
	// Change runs fn on a letter that nobody else changes meanwhile and stores
	// its State, JobState and Replayed fields. An error of fn changes nothing and
	// is returned as it is. It returns the letter without body and headers; fn
	// may run more than once. ErrNotFound.
	Change(ctx context.Context, id string, fn func(*Letter) error) (Letter, error)
	// Counts counts letters by state and fault.
	Counts(ctx context.Context) ([]Count, error)
	// Ping returns nil when the store answers.
	Ping(ctx context.Context) error
	// Close waits for running calls and frees everything.
	Close() error
}

// Filter selects a page of letters.
type Filter struct {
	States []string // empty = every state
	Kind   job.Kind // "" = every kind
	JobID  job.ID   // "" = every job
	Before string   // only letters with a lower id, which are older; "" = all
	Limit  int
}

// Count counts the letters in a state with a kind of fault.
type Count struct {
	State   string
	Fault   string
	Letters int
}
