package deadletterclient

import (
	"time"

	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// The states of a replay.
const (
	// ReplayRunning takes letters, or waits for the outcome of the first ones.
	ReplayRunning = "running"
	// ReplayPaused takes no letters until it is resumed.
	ReplayPaused = "paused"
	// ReplayStopped ended before it took every letter.
	ReplayStopped = "stopped"
	// ReplayDone took every letter; outcomes may still come.
	ReplayDone = "done"
)

// ReplayStates lists every state of a replay.
func ReplayStates() []string { return []string{ReplayRunning, ReplayPaused, ReplayStopped, ReplayDone} }

// Replay puts a frozen selection of letters back to work.
type Replay struct {
	ID           string // UUID version 7: ids sort by the time of creation
	State        string // one of ReplayStates
	Why          string // why it was stopped or paused, in words
	Author       string
	Reason       string
	Rate         float64 // letters a second
	Canary       int     // letters that go first; 0 = none
	CanaryPassed bool    // the first letters ended well enough to go on
	Letters      int     // in it
	Counts       ReplayCounts
	Skipped      []Skipped // letters of the selection that it left as they were from the start
	Selection    string    // in words
	CreatedAt    time.Time
	EndedAt      time.Time // when it was done or stopped; zero before
	// Left are those of its letters that were left as they were one by one, in its
	// order, at most MaxLeft, without those that it was stopped before. Only in an
	// answer of GetReplay and WatchReplay.
	Left []LeftLetter
}

// MaxLeft bounds Replay.Left.
const MaxLeft = 100

// LeftLetter is a letter that a replay left as it was.
type LeftLetter struct {
	ID  string
	Why string // in words
}

// ReplayCounts counts the letters of a replay by what became of them; they add
// up to all of them.
type ReplayCounts struct {
	Waiting     int // not taken yet
	Running     int // back at work
	Recovered   int // their jobs succeeded
	FailedAgain int
	Cancelled   int // their jobs were cancelled or deleted
	Skipped     int // decided on elsewhere meanwhile, refused, or left when the replay was stopped
}

// Sum is the number of letters.
func (c ReplayCounts) Sum() int {
	return c.Waiting + c.Running + c.Recovered + c.FailedAgain + c.Cancelled + c.Skipped
}

// Over reports whether the replay takes no letters any more.
func (r Replay) Over() bool { return r.State == ReplayStopped || r.State == ReplayDone }

// Settled reports whether nothing about the replay will change any more.
func (r Replay) Settled() bool { return r.Over() && r.Counts.Waiting == 0 && r.Counts.Running == 0 }

// Plan is what a replay takes and what it leaves.
type Plan struct {
	Letters int
	Groups  []Group // largest first; at most 200
	Skipped []Skipped
}

// PlanToProto converts a plan.
func PlanToProto(p Plan) *deadletterv1.Plan {
	return &deadletterv1.Plan{Letters: count(p.Letters), Groups: GroupsToProto(p.Groups), Skipped: SkippedToProto(p.Skipped)}
}

func planFromProto(p *deadletterv1.Plan) Plan {
	return Plan{Letters: int(p.GetLetters()), Groups: groupsFromProto(p.GetGroups()), Skipped: skippedFromProto(p.GetSkipped())}
}

// ReplayToProto converts a replay.
func ReplayToProto(r Replay) *deadletterv1.Replay {
	p := &deadletterv1.Replay{
		Id: r.ID, State: r.State, Why: r.Why, Author: r.Author, Reason: r.Reason, Rate: r.Rate, Canary: count(r.Canary),
		CanaryPassed: r.CanaryPassed, Letters: count(r.Letters), Skipped: SkippedToProto(r.Skipped), Selection: r.Selection,
		CreatedAt: wire.TimeToProto(r.CreatedAt), EndedAt: wire.TimeToProto(r.EndedAt),
		Counts: &deadletterv1.ReplayCounts{
			Waiting: count(r.Counts.Waiting), Running: count(r.Counts.Running), Recovered: count(r.Counts.Recovered),
			FailedAgain: count(r.Counts.FailedAgain), Cancelled: count(r.Counts.Cancelled), Skipped: count(r.Counts.Skipped),
		},
	}
	for _, l := range r.Left {
		p.Left = append(p.Left, &deadletterv1.LeftLetter{Id: l.ID, Why: l.Why})
	}
	return p
}

// ReplayFromProto converts a replay; nil becomes the zero Replay.
func ReplayFromProto(p *deadletterv1.Replay) Replay {
	c := p.GetCounts()
	r := Replay{
		ID: p.GetId(), State: p.GetState(), Why: p.GetWhy(), Author: p.GetAuthor(), Reason: p.GetReason(), Rate: p.GetRate(),
		Canary: int(p.GetCanary()), CanaryPassed: p.GetCanaryPassed(), Letters: int(p.GetLetters()),
		Skipped: skippedFromProto(p.GetSkipped()), Selection: p.GetSelection(),
		CreatedAt: wire.TimeFromProto(p.GetCreatedAt()), EndedAt: wire.TimeFromProto(p.GetEndedAt()),
		Counts: ReplayCounts{
			Waiting: int(c.GetWaiting()), Running: int(c.GetRunning()), Recovered: int(c.GetRecovered()),
			FailedAgain: int(c.GetFailedAgain()), Cancelled: int(c.GetCancelled()), Skipped: int(c.GetSkipped()),
		},
	}
	for _, l := range p.GetLeft() {
		r.Left = append(r.Left, LeftLetter{ID: l.GetId(), Why: l.GetWhy()})
	}
	return r
}
