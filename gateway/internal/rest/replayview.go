package rest

import (
	"time"

	"github.com/studycast/studycast/core/deadletterclient"
)

// Replay puts a frozen selection of dead letters back to work.
type Replay struct {
	ID           string       `json:"id" doc:"Id of the replay." example:"0199f1a3-0d2e-7c11-a3b8-6e4f5a9c7d20"`
	State        string       `json:"state" enum:"running,paused,stopped,done" doc:"stopped and done take no letters any more; a done one may still wait for outcomes."`
	Why          string       `json:"why,omitempty" doc:"Why it was stopped or paused."`
	Author       string       `json:"author" doc:"Who made it."`
	Reason       string       `json:"reason" doc:"Why, in the words of the author."`
	Rate         float64      `json:"rate" doc:"Letters a second."`
	Canary       int          `json:"canary" doc:"Letters that go first; 0 = none."`
	CanaryPassed bool         `json:"canary_passed" doc:"Whether the first letters ended well enough to go on."`
	Letters      int          `json:"letters" doc:"Letters in it."`
	Counts       ReplayCounts `json:"counts" doc:"Its letters by what became of them."`
	Skipped      []Skipped    `json:"skipped" nullable:"false" doc:"Letters of the selection that it left as they were from the start."`
	Selection    string       `json:"selection" doc:"The selection in words."`
	CreatedAt    time.Time    `json:"created_at"`
	EndedAt      *time.Time   `json:"ended_at,omitempty" doc:"When it was done or stopped."`
}

// ReplayCounts counts the letters of a replay; they add up to all of them.
type ReplayCounts struct {
	Waiting     int `json:"waiting" doc:"Not taken yet."`
	Running     int `json:"running" doc:"Back at work."`
	Recovered   int `json:"recovered" doc:"Their jobs succeeded."`
	FailedAgain int `json:"failed_again" doc:"Their jobs failed again."`
	Cancelled   int `json:"cancelled" doc:"Their jobs were cancelled or deleted."`
	Skipped     int `json:"skipped" doc:"Decided on elsewhere meanwhile, refused, or left when the replay was stopped."`
}

// ReplayPlan is what a replay takes and what it leaves.
type ReplayPlan struct {
	Letters int           `json:"letters" doc:"Letters that it takes."`
	Groups  []LetterGroup `json:"groups" nullable:"false" doc:"They by cause, largest first; at most 200."`
	Skipped []Skipped     `json:"skipped" nullable:"false" doc:"Letters of the selection that it leaves as they are."`
}

func viewReplay(r deadletterclient.Replay) Replay {
	return Replay{
		ID: r.ID, State: r.State, Why: r.Why, Author: r.Author, Reason: r.Reason, Rate: r.Rate, Canary: max(r.Canary, 0),
		CanaryPassed: r.CanaryPassed, Letters: r.Letters, Counts: ReplayCounts(r.Counts), Skipped: viewSkipped(r.Skipped),
		Selection: r.Selection, CreatedAt: r.CreatedAt, EndedAt: optional(r.EndedAt),
	}
}

func viewPlan(p deadletterclient.Plan) *ReplayPlan {
	return &ReplayPlan{Letters: p.Letters, Groups: viewGroups(p.Groups), Skipped: viewSkipped(p.Skipped)}
}
