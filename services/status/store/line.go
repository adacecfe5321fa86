package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Line is how it stands with the queued jobs of a kind. Each of them is either
// sent, or has a promise that waits for its turn, or shares the run of another.
type Line struct {
	Sent    int  // jobs whose message is with the broker and that no worker has begun
	Slots   int  // attempts that the open sessions run at once, without those that end
	Running int  // attempts
	Waiting bool // a promise waits for its turn
	Paused  bool // no worker may begin
}

// Turn is a job whose turn has come.
type Turn struct {
	Row  Row
	Turn int64 // of its promise
}

// LineReader reads who waits, and how long jobs take.
type LineReader interface {
	Line(k job.Kind) (Line, error)
	// Queued lists the jobs of a kind in the order in which they will start: the
	// sent ones as they were queued, then the waiting ones by their turns.
	Queued(k job.Kind) ([]job.ID, error)
	// Begun lists when the running attempts of a kind were started.
	Begun(k job.Kind) ([]time.Time, error)
	// Durations lists how long the last runs of a kind took that succeeded, the
	// latest first.
	Durations(k job.Kind, limit int) ([]time.Duration, error)
}

// LineWriter changes who waits. Turns are start tags of fair queueing: a job gets
// the later of the turn that was released last and the one that its owner's
// last job left behind; each job of an owner moves the next one back by a step,
// which is shorter the more weight its owner has.
type LineWriter interface {
	// JoinLine gives the promise of a job a turn and replaces what it had.
	JoinLine(p Promise, step int64) error
	// LeaveLine gives an owner the step back that a job took which leaves the line
	// otherwise than by its turn. Call it before the promise is dropped; it does
	// nothing when that does not wait.
	LeaveLine(r Row, step int64) error
	// NextInLine lists the first jobs of a kind by turn and time.
	NextInLine(k job.Kind, limit int) ([]Turn, error)
	// Confirmed puts the promise of a claim off, whose message the broker has, and
	// takes its token. The job may be named by its Alias. It does nothing when the
	// token is not that of the latest claim.
	Confirmed(id job.ID, token int64, due time.Time) error
	// Send marks a job as sent.
	Send(id job.ID) error
	// PassTurn notes the turn that was released last.
	PassTurn(k job.Kind, turn int64) error
}
