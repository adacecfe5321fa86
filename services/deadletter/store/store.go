// Package store is the port between the dead-letter service and its database:
// letters, replays, the audit log, and the small interfaces that an adapter
// implements. What may happen to a letter is decided elsewhere, once for every
// adapter.
package store

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
)

// ErrNotFound: no such letter.
var ErrNotFound = deadletterclient.ErrNotFound

// Letter is a dead letter as it is kept. Its requests are not: bodies hold them.
type Letter struct {
	deadletterclient.DeadLetter
	Digest     [32]byte // equal for copies of one message
	RunJob     job.ID   // that runs since it was replayed: its own, or the one that has its run now
	JobVersion int64    // of that job when it was replayed
	EditedBody []byte   // message to run instead of its own; nil = its own
	Ended      int      // earlier letters whose outcome it is; told by Put, not kept
	Item       ItemEnd  // for its item in a replay; not kept with the letter
}

// ItemEnd is what else is told of a letter of a replay when its outcome comes.
type ItemEnd struct {
	Why   string // why it was left as it was
	Again string // fingerprint of the fault with which it failed again
}

// Store keeps letters, replays and the audit log. All methods are safe for
// concurrent use, also with those of other processes when the store can be
// shared. Whatever a method wrote is durable when it returns; after an error
// nothing is written, except when the connection broke during the commit: then
// nobody knows, and doing it again is right. Errors other than those named are
// job.ErrUnavailable when trying again may help.
type Store interface {
	Letters
	Replays
	Audits
	// Ping returns nil when the store answers.
	Ping(ctx context.Context) error
	// Close waits for running calls and frees everything.
	Close() error
}

// Letters is the part of a Store that keeps letters.
type Letters interface {
	// Put stores l, unless same finds that one of the letters with its Digest
	// (newest first, without body and headers) is the letter of the same death:
	// then that one has one copy more and l's LastAt. It returns what is stored,
	// without body and headers. Puts of one Digest are serial; same may run more
	// than once. A new letter is the outcome of earlier ones of its job that are
	// back at work: they failed again, with their items.
	Put(ctx context.Context, l Letter, same func(before Letter) bool) (Letter, error)
	// Get returns a letter whole. ErrNotFound.
	Get(ctx context.Context, id string) (Letter, error)
	// List returns letters, newest first, without body and headers.
	List(ctx context.Context, f Filter) ([]Letter, error)
	// Count counts the letters of a filter.
	Count(ctx context.Context, f Filter) (int, error)
	// Groups returns groups of the letters of a filter, largest first, those of
	// one size by their fingerprint, and only those behind after.
	Groups(ctx context.Context, f Filter, after GroupKey) ([]deadletterclient.Group, error)
	// Change runs fn on a letter that nobody else changes meanwhile, stores what
	// was decided on it and appends records. An error of fn changes nothing and
	// is returned as it is. It returns the letter without body and headers; fn
	// may run more than once. When the letter is open again or has an outcome,
	// its running item in a replay ends. ErrNotFound.
	Change(ctx context.Context, id string, fn func(*Letter) error, records ...deadletterclient.AuditRecord) (Letter, error)
	// Told keeps what the status service answered when it was told of a letter:
	// the state of its job and the attempts that it had. ErrNotFound.
	Told(ctx context.Context, id, jobState string, attempts []deadletterclient.Attempt) error
	// Decide brings the letters of a filter that are in the state from, and in no
	// live replay, into the state to. Discarding keeps who and why, and appends a
	// record whose Outcome it writes.
	Decide(ctx context.Context, f Filter, d Decision) (deadletterclient.Decided, error)
	// Import stores a letter whose id, digest and death are unknown. It reports
	// whether it was stored; false means that it is there. ErrOtherLetter when
	// its id belongs to another message.
	Import(ctx context.Context, l Letter) (stored bool, err error)
	// Delete removes letters for good, unless they are in a live replay, and
	// appends a record. It returns how many it removed.
	Delete(ctx context.Context, ids []string, record deadletterclient.AuditRecord) (int, error)
	// Counts counts letters by state and fault.
	Counts(ctx context.Context) ([]Count, error)
}

// Filter selects letters. A zero field selects all.
type Filter struct {
	States      []string
	Kind        job.Kind
	JobID       job.ID
	Fingerprint string
	Fault       string
	Owner       string
	DiedAfter   time.Time // at or after
	DiedBefore  time.Time
	Text        string   // in the fault, whatever its case
	IDs         []string // nil = every id; at most deadletterclient.MaxIDs
	RunJob      job.ID   // "" = every job
	Unsettled   bool     // only those back at work without an outcome
	Settled     bool     // none of those

	Before      string // only letters with a lower id, which are older
	After       string // only letters with a higher id
	OldestFirst bool
	Limit       int // of a page
}

// GroupKey is where a page of groups begins: behind this group.
type GroupKey struct {
	Letters     int // 0 = from the start
	Fingerprint string
}

// Decision is a change of many letters.
type Decision struct {
	From, To string
	At       time.Time
	Author   string
	Reason   string
	Record   deadletterclient.AuditRecord
}

// Count counts the letters in a state with a kind of fault.
type Count struct {
	State   string
	Fault   string
	Letters int
}
