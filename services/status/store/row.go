package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Row is a job as it is kept. Its History is empty: moves have rows of their
// own.
type Row struct {
	job.Job
	Session     job.SessionID // holder of the running attempt; after a cancel the one that has to stop
	Worker      string        // name of that session's worker
	StartID     string        // of the call that started the running attempt
	Since       time.Time     // when it came into its state
	Lost        bool          // the latest attempt was rescued and may still come back
	Ended       Ended
	Replayed    string // id of the dead letter that was replayed last
	Traceparent string

	// Sent: its message is on the broker's queue, or on its way there, and no
	// worker has begun.
	Sent bool

	// Trial is the dependency that its run tries out; "" = none.
	Trial string

	// WorkKey identifies the lesson that is asked for; jobs with the same one may
	// share a run. "" = never shared.
	WorkKey   string
	Leader    job.ID // the job whose run it shares; "" = it has its own
	Followers int    // jobs that share its run
	Files     job.ID // the job in whose folder its artifacts are; "" = its own
	// Alias is the cancelled job with which its run began: messages and workers
	// know the run by that id. "" = it began with this job. Unique.
	Alias job.ID
}

// Ended is how the latest attempt ended: what is answered when its worker asks
// again because the first answer was lost.
type Ended struct {
	Attempt int // 0 = it did not end yet
	Action  job.Action
	Reason  string
}

// Session is one run of a worker process.
type Session struct {
	ID       job.SessionID
	Worker   string
	Kind     job.Kind
	Slots    int
	Stream   int64 // grows with every stream of the session
	OpenedAt time.Time
	HeardAt  time.Time // when it was heard of last
	EndsAt   time.Time // when it is dead unless it is heard of before
	Draining bool      // it was told to finish and end
	Waiting  bool      // a job of its kind waits for its turn; only read, and only by Session
	Paused   bool      // its queue is paused; only read, and only by Session
}

// Promise says that the message of a job is put on its queue at Due unless the
// job starts or ends before. A claim moves Due to the end of the claim.
type Promise struct {
	JobID job.ID
	Owner string
	Due   time.Time
	Token int64 // of the latest claim; unique over all claims; 0 = the broker has its message
	Kind  job.Kind
	Turn  int64 // its place in the fair order of owners; 0 = it doesn't wait for a turn
}

// Key is an idempotency key.
type Key struct {
	Owner       string
	Key         string
	Fingerprint []byte // SHA-256 of the request
	JobID       job.ID
	EndsAt      time.Time
}

// Tombstone is what is left of a deleted job.
type Tombstone struct {
	JobID     job.ID
	Owner     string
	Seq       int64
	DeletedAt time.Time
	SweepAt   time.Time // when its artifacts are to be removed (again); zero = done
	Sweeps    int       // removals done
}

// Group is what retention counts over.
type Group struct {
	Owner string
	Kind  job.Kind
}

// Deadlines are the earliest times at which something has to be done; zero =
// never.
type Deadlines struct {
	Session   time.Time
	Promise   time.Time
	Key       time.Time
	Sweep     time.Time
	Tombstone time.Time              // earliest DeletedAt of a swept tombstone
	Parking   time.Time              // earliest Due of a parking
	Started   map[job.Kind]time.Time // earliest start of a running attempt
}

// Counts is what the gauges show.
type Counts struct {
	Jobs     []Count
	Sessions map[job.Kind]int
	Promises int              // whose message the broker may not have, without those that wait for a turn
	Due      time.Time        // earliest due time of one of them
	Waiting  map[job.Kind]int // promises that wait for their turn
	Calls    int              // of webhooks, pending
	CallDue  time.Time        // earliest due time of one
	Parked   []Parked
}

// Count counts the jobs of a kind in a state.
type Count struct {
	Kind   job.Kind
	State  job.State
	Jobs   int
	Oldest time.Time // earliest Since
}

// Demand counts the jobs of a kind that want a slot of a worker.
type Demand struct {
	Running int
	Waiting int // for a slot: a worker could run them now
}

// Note tells what a transaction changed. Fields that do not apply are empty.
type Note struct {
	JobID    job.ID
	Owner    string
	Final    *Group    // the job became final: retention may have work
	Due      time.Time // a promise is due then
	Call     time.Time // a call of a webhook is due then
	Deadline time.Time // something other than a promise has to be done then
	Session  job.SessionID
	Command  Command // for Session
	Orders   bool    // those of Session have changed; of every session when that is empty
	Over     bool    // Session is dead
}

// Command is what a session is told about an attempt.
type Command struct {
	Kind    CommandKind
	JobID   job.ID
	Attempt int
}

// CommandKind is what to do.
type CommandKind string

// The commands that the store's changes lead to.
const (
	Cancel     CommandKind = "cancel"     // the job was cancelled
	Superseded CommandKind = "superseded" // the attempt does not hold the job any more
)
