package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"
)

// States of a replay, of Replay.State.
const (
	ReplayRunning = "running" // takes letters, or waits for the outcome of the first ones
	ReplayPaused  = "paused"
	ReplayStopped = "stopped" // ended before it took every letter: Why tells
	ReplayDone    = "done"    // took every letter; outcomes may still come
)

// NoCanary is the ReplayRequest.Canary of a replay whose first letters are not
// waited for.
const NoCanary = -1

// ReplayRequest asks for a replay.
type ReplayRequest struct {
	Selection

	Rate   float64 `json:"rate,omitempty"`   // letters a second; 0 = the server's choice
	Canary int     `json:"canary,omitempty"` // letters that go first and whose outcome is waited for; 0 = the server's choice
	Reason string  `json:"reason,omitempty"` // goes on record with your name

	// Key is the idempotency key: the same request with the same key makes one
	// replay. "" = a fresh one for each StartReplay.
	Key string `json:"-"`
}

// Plan is what a replay takes, and what it leaves as it is.
type Plan struct {
	Letters int         `json:"letters"`
	Groups  []DeadGroup `json:"groups"` // largest first
	Skipped []Skipped   `json:"skipped"`
}

// Replay puts a frozen selection of dead letters back to work, at a rate.
type Replay struct {
	ID           string       `json:"id"`
	State        string       `json:"state"`         // ReplayRunning and the like
	Why          string       `json:"why,omitempty"` // it was paused or stopped
	Author       string       `json:"author"`
	Reason       string       `json:"reason"`
	Rate         float64      `json:"rate"`          // letters a second
	Canary       int          `json:"canary"`        // letters that go first
	CanaryPassed bool         `json:"canary_passed"` // they ended well enough to go on
	Letters      int          `json:"letters"`       // in it
	Counts       ReplayCounts `json:"counts"`
	Skipped      []Skipped    `json:"skipped"`   // letters of the selection that are not in it
	Selection    string       `json:"selection"` // in words
	CreatedAt    time.Time    `json:"created_at"`
	EndedAt      time.Time    `json:"ended_at,omitzero"` // when it was done or stopped
}

// ReplayCounts counts the letters of a replay by what became of them; they add
// up to all of them.
type ReplayCounts struct {
	Waiting     int `json:"waiting"` // not taken yet
	Running     int `json:"running"` // their jobs are back at work
	Recovered   int `json:"recovered"`
	FailedAgain int `json:"failed_again"`
	Cancelled   int `json:"cancelled"`
	Skipped     int `json:"skipped"` // decided on elsewhere meanwhile, refused, or left by a stop
}

// Settled reports whether nothing about the replay will change any more.
func (r Replay) Settled() bool {
	over := r.State == ReplayStopped || r.State == ReplayDone
	return over && r.Counts.Waiting == 0 && r.Counts.Running == 0
}

// StartedReplay is a replay that was made, or was there with the same key.
type StartedReplay struct {
	Replay Replay `json:"replay"`
	Plan   *Plan  `json:"plan,omitempty"` // nil when the replay was there before
}

const replaysPath = "/v1/replays"

func replayPath(id string) string { return replaysPath + "/" + url.PathEscape(id) }

// PlanReplay says what StartReplay would take and leave, and does nothing. It
// needs no reason. For operators.
func (c *Client) PlanReplay(ctx context.Context, r ReplayRequest) (Plan, error) {
	p, err := post(deadPath+":replay", struct {
		ReplayRequest
		DryRun bool `json:"dry_run"`
	}{r, true})
	if err != nil {
		return Plan{}, err
	}
	planned, err := read[struct {
		Plan Plan `json:"plan"`
	}](ctx, c, p)
	return planned.Plan, err
}

// StartReplay freezes the selection and puts its letters back to work. No letter
// is ever in two replays that are not over. For operators.
func (c *Client) StartReplay(ctx context.Context, r ReplayRequest) (StartedReplay, error) {
	p, err := post(deadPath+":replay", r)
	if err != nil {
		return StartedReplay{}, err
	}
	p.header.Set("Idempotency-Key", cmp.Or(r.Key, rand.Text()))
	return read[StartedReplay](ctx, c, p)
}

// GetReplay reads a replay. For operators.
func (c *Client) GetReplay(ctx context.Context, id string) (Replay, error) {
	return read[Replay](ctx, c, get(replayPath(id), nil))
}

// ReplayFilter narrows a list of replays; what is not set does not.
type ReplayFilter struct {
	States    []string
	PageSize  int    // replays in a page, at most 200; 0 = the server's choice
	PageToken string // of ReplayPage only: NextPageToken of the page before
}

// ReplayPage is a part of a list of replays, newest first.
type ReplayPage struct {
	Replays       []Replay `json:"replays"`
	NextPageToken string   `json:"next_page_token"` // "" on the last page
}

// Replays yields replays, newest first. An error ends it. For operators.
func (c *Client) Replays(ctx context.Context, f ReplayFilter) iter.Seq2[Replay, error] {
	return pages(f.PageToken, func(token string) ([]Replay, string, error) {
		f.PageToken = token
		p, err := c.ReplayPage(ctx, f)
		return p.Replays, p.NextPageToken, err
	})
}

// ReplayPage reads one page of replays. For operators.
func (c *Client) ReplayPage(ctx context.Context, f ReplayFilter) (ReplayPage, error) {
	q := query{}
	q.set("state", strings.Join(f.States, ","))
	q.page(f.PageSize, f.PageToken)
	return read[ReplayPage](ctx, c, get(replaysPath, url.Values(q)))
}

// PauseReplay lets a replay take no more letters; those that it took go on. For
// operators.
func (c *Client) PauseReplay(ctx context.Context, id, reason string) (Replay, error) {
	return steer(ctx, c, id, "pause", reason)
}

// ResumeReplay lets a paused replay go on. For operators.
func (c *Client) ResumeReplay(ctx context.Context, id, reason string) (Replay, error) {
	return steer(ctx, c, id, "resume", reason)
}

// StopReplay ends a replay; letters that it did not take stay open. For
// operators.
func (c *Client) StopReplay(ctx context.Context, id, reason string) (Replay, error) {
	return steer(ctx, c, id, "stop", reason)
}

func steer(ctx context.Context, c *Client, id, verb, reason string) (Replay, error) {
	return tell[Replay](ctx, c, replayPath(id)+":"+verb, because{reason})
}

// WatchReplay yields a replay as it is and after every change, until it is
// Settled. A stream that breaks is taken up again and trouble of the server is
// waited out for as long as ctx lives. A refusal and the end of ctx end it with
// an error. For operators.
func (c *Client) WatchReplay(ctx context.Context, id string) iter.Seq2[Replay, error] {
	return func(yield func(Replay, error) bool) {
		from := get(replayPath(id)+"/events", nil)
		err := c.follow(ctx, from, func(m message) (bool, error) {
			if m.name != "replay" { // something that a newer server added
				return true, nil
			}
			var r Replay
			if err := json.Unmarshal([]byte(m.data), &r); err != nil {
				return false, fmt.Errorf("read event %s of %s: %w", m.id, from.path, err)
			}
			return yield(r, nil) && !r.Settled(), nil
		})
		if err != nil {
			yield(Replay{}, err)
		}
	}
}
