// Package store is the port between the status service and its database: rows,
// and the small interface that an adapter implements. What may happen to a row
// is decided elsewhere, once for every adapter; an adapter only keeps rows.
package store

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
)

// Store keeps the rows. All methods are safe for concurrent use.
type Store interface {
	// Alone reports whether no other process can use this store, so that every
	// worker stream of an earlier run is certainly broken.
	Alone() bool
	// Update runs fn in one transaction. When it returns nil everything fn
	// wrote is durable; after an error nothing of it is there. Transactions
	// are serial: fn sees no write of another one that is not finished, and
	// two of them never decide on the same row from the same old state. fn may
	// run more than once, so it sets its results anew each time and has no
	// other effect. Writes become visible in the order of their seq.
	Update(ctx context.Context, fn func(Tx) error) error
	// View runs fn on one consistent snapshot that holds at least everything
	// whose Update returned before. fn may run more than once, so it sets its
	// results anew each time.
	View(ctx context.Context, fn func(Reader) error) error
	// Subscribe sets the function that hears of every Note after its commit,
	// also of those of other processes that share the store. It must be set
	// before the first Update; calls come one at a time and must not block.
	Subscribe(hear func([]Note))
	// Close waits for running transactions and frees everything.
	Close() error
}

// Reader reads rows. Lookups of one row return job.ErrNotFound when there is
// none. Inside Update a row that was read stays as it is until the end.
type Reader interface {
	Job(id job.ID) (Row, error)
	// Moves returns the history of a job, oldest first.
	Moves(id job.ID) ([]job.Move, error)
	// Jobs returns a page, newest first.
	Jobs(f Filter) ([]Row, error)
	// CountJobs counts the jobs of an owner in any of the states.
	CountJobs(owner string, states []job.State) (int, error)
	// Changed returns jobs with a seq above after, in the order of seq. Owner
	// "" means every owner.
	Changed(owner string, after int64, limit int) ([]Row, error)
	// Buried is Changed for deleted jobs.
	Buried(owner string, after int64, limit int) ([]Tombstone, error)
	// LastSeq returns the highest seq given out.
	LastSeq() (int64, error)
	Tombstone(id job.ID) (Tombstone, error)
	// Deadlines returns the earliest time of each kind that something is due.
	Deadlines() (Deadlines, error)
	// Counts counts jobs by kind and state, and promises.
	Counts() (Counts, error)
	// Demand counts by kind the jobs that run and those that could at now: queued,
	// or waiting for a time that came. Jobs that share a run count once.
	Demand(now time.Time) (map[job.Kind]Demand, error)
	// Groups lists every owner and kind that has jobs.
	Groups() ([]Group, error)
	LineReader
	ParkingReader
	WebhookReader
	QueueReader
}

// Tx is one transaction.
type Tx interface {
	Reader
	JobWriter
	Sessions
	Promises
	LineWriter
	Keys
	Tombstones
	Sharing
	ParkingWriter
	WebhookWriter
	QueueWriter
	// NextSeq gives out the next seq.
	NextSeq() (int64, error)
	// Note passes n to Subscribe's function after the commit.
	Note(n Note)
}

// Filter selects a page of jobs.
type Filter struct {
	Owner         string      // "" = every owner
	States        []job.State // empty = every state
	Kind          job.Kind    // "" = every kind
	CreatedAfter  time.Time   // inclusive; zero = no bound
	CreatedBefore time.Time   // exclusive; zero = no bound
	Before        *Cursor     // only jobs older than this one
	Limit         int
}

// Cursor is the place of a job in the order of a list.
type Cursor struct {
	CreatedAt time.Time
	ID        job.ID
}
