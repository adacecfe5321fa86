package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// JobWriter changes jobs.
type JobWriter interface {
	InsertJob(r Row) error
	// UpdateJob replaces a job that this transaction has read. Owner, kind,
	// CreatedAt and Traceparent never change.
	UpdateJob(r Row) error
	AddMove(id job.ID, m job.Move) error
	// DeleteJob removes a job with its history, promise and keys.
	DeleteJob(id job.ID) error
	// Held lists the jobs whose Session it is.
	Held(id job.SessionID) ([]Row, error)
	// RunningSince lists running jobs of a kind that started at or before a time.
	RunningSince(k job.Kind, at time.Time, limit int) ([]Row, error)
	// Surplus lists the jobs of a group in one of the states beyond the keep
	// newest by the time they became final, the oldest first.
	Surplus(g Group, states []job.State, keep, limit int) ([]job.ID, error)
}

// Sessions keeps worker sessions.
type Sessions interface {
	Session(id job.SessionID) (Session, error)
	// PutSession inserts or replaces.
	PutSession(s Session) error
	DeleteSession(id job.SessionID) error
	// Expired lists sessions whose time ended at or before now.
	Expired(now time.Time, limit int) ([]Session, error)
	// ExtendAll sets the end of every session to a time, and takes them as heard
	// of now.
	ExtendAll(now, until time.Time) error
	// LastHeard returns when any session was heard of last; zero when there is
	// none.
	LastHeard() (time.Time, error)
	// Prolong is ExtendAll for the sessions that would end before until.
	Prolong(now, until time.Time) error
}

// Promises keeps the outbox: at most one promise per job.
type Promises interface {
	Promise(id job.ID) (Promise, error)
	// PutPromise inserts or replaces the promise of a job.
	PutPromise(p Promise) error
	// DropPromise removes the promise of a job, if it has one.
	DropPromise(id job.ID) error
	// DuePromises lists promises due at or before now: the oldest of every
	// owner first, then the second of every owner, and so on.
	DuePromises(now time.Time, limit int) ([]Promise, error)
}

// Keys keeps idempotency keys.
type Keys interface {
	Key(owner, key string) (Key, error)
	// PutKey inserts or replaces.
	PutKey(k Key) error
	// ExpireKeys removes keys that ended at or before now.
	ExpireKeys(now time.Time) error
}

// Tombstones keeps what is left of deleted jobs.
type Tombstones interface {
	// PutTombstone inserts or replaces.
	PutTombstone(t Tombstone) error
	// Unswept lists tombstones whose SweepAt came.
	Unswept(now time.Time, limit int) ([]Tombstone, error)
	// ExpireTombstones removes swept tombstones made at or before a time.
	ExpireTombstones(at time.Time) error
}
