package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Pause keeps workers from the jobs of a kind.
type Pause struct {
	Kind   job.Kind
	Author string
	Reason string
	At     time.Time
}

// Orders are what a session is to do about jobs that it does not have yet.
type Orders struct {
	Paused   bool // take none until its queue is resumed
	Draining bool // take none any more, finish what runs, end
}

// AtWork is a running attempt.
type AtWork struct {
	Session   job.SessionID
	JobID     job.ID
	Attempt   int
	Stage     string
	Progress  float64 // 0 to 100
	StartedAt time.Time
}

// Load is how many jobs of a kind there are.
type Load struct {
	Jobs   map[job.State]int // in states that are not final
	InLine int               // promises that wait for their turn
	Oldest time.Time         // since when the job waits for a worker that waits longest; zero when none does
}

// QueueReader reads what operators see of queues.
type QueueReader interface {
	// Pauses lists the kinds that are paused.
	Pauses() ([]Pause, error)
	// Orders reads those of a session.
	Orders(id job.SessionID) (Orders, error)
	// Staff lists the sessions of a kind, of all for "", by kind, worker and id.
	Staff(k job.Kind) ([]Session, error)
	// AtWork lists the running attempts of a kind, the longest running first.
	AtWork(k job.Kind) ([]AtWork, error)
	// Load counts the jobs of a kind; now tells which retries are due.
	Load(k job.Kind, now time.Time) (Load, error)
	// Records lists what operators did, newest first.
	Records(f RecordFilter) ([]Record, error)
}

// QueueWriter changes what operators may change of queues.
type QueueWriter interface {
	// PutPause inserts or replaces the pause of a kind.
	PutPause(p Pause) error
	// DropPause removes the pause of a kind, if it has one.
	DropPause(k job.Kind) error
	// PutOff moves the promises of a kind whose message the broker has, and that
	// are due before a time, to that time.
	PutOff(k job.Kind, due time.Time) error
	// AddRecord writes down what an operator did; nothing changes or removes it.
	AddRecord(r Record) error
}

// Record is one thing that an operator did.
type Record struct {
	ID        string // UUID version 7
	At        time.Time
	Author    string
	Action    string
	Reason    string
	Selection string // the queue or the worker
	Outcome   string
}

// RecordFilter selects records; a zero field but Limit selects all.
type RecordFilter struct {
	Author   string
	Actions  []string
	After    time.Time // at or after
	Before   time.Time
	BeforeID string // only lower ids
	Limit    int
}
