// Package decide is the state machine of a job: pure functions from a row and
// an event to the row after it. They touch no store and no clock, so every
// adapter shares them and every race can be tested as a sequence of rows.
package decide

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Times that the rules share.
const (
	// Lease is how long a silent session is trusted.
	Lease = 10 * time.Second
	// Heartbeat is how often a session tells that it lives.
	Heartbeat = 2 * time.Second
	// StreamGrace is how long a broken stream has to come back.
	StreamGrace = time.Second
	// RestartGrace is the same after a restart of the status service, and after
	// a time in which it could hear nobody.
	RestartGrace = 2 * time.Second
	// Silence of all sessions is a fault of the service, not of the workers:
	// between two heartbeats of one lie 2 s. Shorter than a lease, so that it is
	// noticed before a lease ends; longer than a broken stream's time to come
	// back, so that the last worker's end is no silence.
	Silence = 5 * time.Second
	// FastClaim is how long the caller of a create has to publish.
	FastClaim = 5 * time.Second
	// RelayClaim is how long the relay has to publish.
	RelayClaim = 10 * time.Second
	// Net is when a message is published anew although the broker should still
	// have it.
	Net = 30 * time.Second
	// SilentNet is the same for a job of a session that fell silent: its machine
	// is gone without a word, and the broker may wait longer for a word than we.
	SilentNet = time.Second
	// LongDelay is the longest delay that is left to the broker.
	LongDelay = 60 * time.Second
	// MaxDelay bounds what a foreign Retry-After may ask for.
	MaxDelay = 24 * time.Hour
	// Overdue is how long after its time limit a running attempt whose session
	// lives is given up: its worker stops attempts at the limit by itself.
	Overdue = time.Minute
)

// Step is what an event does to a job.
type Step struct {
	Row     store.Row
	Moves   []job.Move
	Changed bool // the row has to be written
	Promise Promise
	Command *store.Command // for the session that Tell names
	Tell    job.SessionID
	Waited  time.Duration // of a job that was started: since it was due
	Room    bool          // a sent job is it no more: the next in line may be sent
	Left    bool          // the job has left the line otherwise than by its turn
	Down    string        // what an attempt met that found the job's dependency down, safe to show
	Tried   string        // the dependency that was tried, with the event that ended the trial
	Trial   Trial         // how that went
	Rally   *store.Row    // the job as it failed: those that failed with its run go back to work, too
}

// Promise says what becomes of the job's promise.
type Promise struct {
	Do  PromiseDo
	Due time.Time // for PutPromise
}

// PromiseDo is what is done with a promise.
type PromiseDo int

// What may be done with a promise.
const (
	KeepPromise PromiseDo = iota
	DropPromise
	PutPromise  // due at Due
	ClaimForNow // claimed by the caller, who publishes at once; when the line is full StandInLine
	StandInLine // waits for its turn
)

func begin(r store.Row) *Step { return &Step{Row: r} }

// touch makes the next version.
func (s *Step) touch(now time.Time) {
	s.Row.Version++
	s.Row.UpdatedAt = now
	s.Changed = true
}

// move makes the next version in another state; the table of moves has the
// last word.
func (s *Step) move(now time.Time, to job.State, why string) error {
	r := &s.Row
	if err := job.CheckMove(r.State, to); err != nil {
		return err
	}
	from := r.State
	s.touch(now)
	s.stir(from, to)
	r.State, r.Since, r.Dependency = to, now, ""
	if to.Final() {
		r.FinishedAt = now
		s.Promise = Promise{Do: DropPromise}
	}
	if to != job.Scheduled && to != job.Retrying {
		r.NotBefore = time.Time{}
	}
	m := job.Move{At: now, From: from, To: to, Why: why, Version: r.Version}
	if from == job.Running || to == job.Running {
		m.Attempt, m.Worker = r.Attempt, r.Worker
	}
	s.Moves = append(s.Moves, m)
	return nil
}

func (s *Step) promise(due time.Time) { s.Promise = Promise{Do: PutPromise, Due: due} }

// forget clears the holder of the attempt.
func (s *Step) forget() { s.Row.Session, s.Row.StartID = "", "" }
