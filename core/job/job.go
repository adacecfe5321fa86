// Package job is the contract of the job half: what a job is, which states it
// may be in, how often and how long it is tried. It knows no transport, no
// store and no lesson, and imports the standard library only.
package job

import "time"

// ID identifies a job: a UUID version 7 in text form, so that ids sort by the
// time of creation.
type ID string

// SessionID identifies one run of a worker process.
type SessionID string

// Kind is what is made.
type Kind string

// The kinds of job.
const (
	Video Kind = "video"
	Audio Kind = "audio"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Video, Audio} }

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool { return k == Video || k == Audio }

// Queue returns the name of the queue that carries jobs of this kind.
func (k Kind) Queue() string { return string(k) + "-generation" }

// Queues lists the work queue of every kind.
func Queues() []string {
	var qs []string
	for _, k := range Kinds() {
		qs = append(qs, k.Queue())
	}
	return qs
}

// Source says what the lesson is made of. Exactly one field is set.
type Source struct {
	URL    string // http or https address of a page
	Upload string // id given by POST /v1/uploads
	Text   string // pasted text, Markdown allowed
}

// Request is what a user asked for. It travels in the message, so that a dead
// letter can be read by itself.
type Request struct {
	Kind    Kind
	Source  Source
	Options Options
	RunAt   time.Time         // not before this; zero = now
	Labels  map[string]string // the user's own marks
	Fresh   bool              // make it anew even while the same lesson is made, or was just made, for somebody else
}

// Job is a request and what became of it, as the status service holds it.
type Job struct {
	ID      ID
	Owner   string
	Request Request

	State     State
	Attempt   int       // number of the latest attempt, the fence; 0 before the first
	Spent     int       // attempts that count against the policy
	NotBefore time.Time // earliest next start while scheduled or retrying

	Dependency string // what it waits for while parked: one of fault.Dependencies; "" in any other state

	Stage    string  // stage of the running attempt
	Progress float64 // of the running attempt, 0 to 100

	Fault     *Fault // the latest fault; nil while none happened
	Title     string // title of the lesson, known once it succeeded
	Artifacts []Artifact
	Notes     []string // what the user should know: "written offline: …"

	DeadLetter string // id of the dead letter that its message became; "" unless the job failed with one

	Version    int64 // grows with every change of this job
	Seq        int64 // grows with every change of any job; orders the changes of an owner
	CreatedAt  time.Time
	UpdatedAt  time.Time
	StartedAt  time.Time // start of the latest attempt
	FinishedAt time.Time // when it became final

	History []Move // every change of state, oldest first

	Line *Line // its place in line when it was read; nil unless it is queued
}

// Line is the place of a queued job among those of its kind, and when its turn
// is expected. The ranges hold in about four of five cases.
type Line struct {
	Position       int       // 1 = the next to start
	EarliestStart  time.Time // range of the expected start
	LatestStart    time.Time // zero while no worker is there, or the queue is paused
	EarliestFinish time.Time // range of the expected end; zero while nothing is known of how long jobs take
	LatestFinish   time.Time
}

// Fault is why the latest attempt failed, as it is kept and shown.
type Fault struct {
	Kind  string // a kind of core/fault
	Text  string // safe to show to the user
	Cause string // for operators only; never shown to students
	Stage string
	At    time.Time
}

// Artifact is a file made by a job.
type Artifact struct {
	Name      string // "video.mp4"
	MediaType string
	Size      int64  // bytes
	SHA256    string // hex
	Key       string // where the artifact store keeps it
}

// Move is one change of state.
type Move struct {
	At      time.Time
	From    State // "" for the first
	To      State
	Attempt int
	Worker  string // "" when no worker was involved
	Why     string
	Version int64 // of the job after the move
}

// Outcome is how a worker ends its attempt.
type Outcome struct {
	// Exactly one of Succeeded, Failed and Released is set.
	Succeeded *Success
	Failed    *Failure
	Released  string // why unfinished work was given back, spending nothing
}

// Success is the result of an attempt.
type Success struct {
	Title     string
	Artifacts []Artifact
	Notes     []string
}

// Failure is the fault of an attempt.
type Failure struct {
	Fault Fault
	Delay time.Duration // the fault's own delay before the next attempt; 0 = policy
	// Retryable and DeadLetter are what core/fault says of the fault's kind.
	Retryable  bool
	DeadLetter bool
	// Dependency is what is down, so that no attempt can succeed before it
	// answers again: one of fault.Dependencies; "" = nothing is.
	Dependency string
}

// Verdict is what the status service decided on an Outcome; the worker settles
// its delivery accordingly, after the verdict and never before.
type Verdict struct {
	Action Action
	After  time.Duration // for Retry
	Reason string
}

// Reasons of a Verdict that refuses an outcome: nothing of it was stored.
const (
	RefusedSuperseded = "superseded" // the attempt did not hold its job any more
	RefusedCancelled  = "cancelled"  // the job was cancelled
	RefusedDeleted    = "deleted"    // the job is gone
)

// Refused reports whether the outcome came too late, so that what the attempt
// made will never be seen.
func (v Verdict) Refused() bool {
	return v.Action == Ack &&
		(v.Reason == RefusedSuperseded || v.Reason == RefusedCancelled || v.Reason == RefusedDeleted)
}

// Action is how a delivery is settled.
type Action string

// The actions.
const (
	Ack     Action = "ack"     // nothing more to do for this delivery
	Retry   Action = "retry"   // again, After this long
	Dead    Action = "dead"    // to the dead letters, with Reason
	Release Action = "release" // back to the queue at once, spending nothing
)
