package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Sharing finds and changes jobs that share a run: one of them, the leader, has
// it, the others follow.
type Sharing interface {
	// Shareable returns a job of another owner that makes what is wanted, else
	// the latest that made it. A run in which the owner has part already does
	// not count: who asks again wants it anew.
	Shareable(w Want) (Row, error)
	// Following lists the followers of a job, the oldest first.
	Following(leader job.ID) ([]Row, error)
	// Claimants is Following with less to read, in any order.
	Claimants(leader job.ID) ([]Claimant, error)
	// Spread gives every follower of a job a new version with this progress. The
	// seqs of n followers are after+1 to after+n.
	Spread(leader job.ID, p Progress, after int64) error
	// Follow makes the followers of one job those of another.
	Follow(old, leader job.ID) error
	// FailedWith lists the other jobs that failed with the run of a job that failed,
	// and are as they were then; the oldest first.
	FailedWith(r Row) ([]Row, error)
	// Hasten moves the promise of a job that stands in line forward to the turn
	// that one of another owner would get, if that is earlier, at a step of that
	// owner.
	Hasten(id job.ID, owner string, k job.Kind, step int64) error
	// Known returns the job whose Alias it is.
	Known(alias job.ID) (Row, error)
	// Used reports whether a job is there or the artifacts of another one are in
	// its folder.
	Used(folder job.ID) (bool, error)
	// Kept reports whether the artifacts of a job that succeeded are in the
	// folder of another one.
	Kept(folder job.ID) (bool, error)
}

// Want is what somebody asks for.
type Want struct {
	Key     string
	Owner   string    // who asks
	Attempt int       // the run under way must have come this far
	Since   time.Time // when it was made at the earliest; zero = it must be under way
}

// Claimant is a job and whose it is.
type Claimant struct {
	ID    job.ID
	Owner string
}

// Progress is how far a run is.
type Progress struct {
	Stage   string
	Percent float64
	At      time.Time
}
