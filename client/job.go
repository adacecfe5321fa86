package client

import (
	"slices"
	"time"
)

// Kinds of lessons, of Request.Kind and Job.Kind.
const (
	Video = "video"
	Audio = "audio"
)

// States of a job, of Job.State. The last three are final.
const (
	Scheduled = "scheduled"
	Queued    = "queued"
	Running   = "running"
	Retrying  = "retrying"
	Parked    = "parked" // waits for what is down: Job.WaitingFor
	Succeeded = "succeeded"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Request asks for a job.
type Request struct {
	Kind    string            `json:"kind"` // Video or Audio
	Source  Source            `json:"source"`
	Options Options           `json:"options,omitzero"`
	RunAt   time.Time         `json:"run_at,omitzero"` // not before this time
	Labels  map[string]string `json:"labels,omitempty"`
	Fresh   bool              `json:"fresh,omitempty"` // make it anew even when somebody else gets the same lesson right now

	// Key is the idempotency key: the same request with the same key gives the
	// same job, also weeks later and from another process. "" = a fresh one for
	// each Submit.
	Key string `json:"-"`
}

// Source is what the lesson is made of: exactly one field.
type Source struct {
	URL    string `json:"url,omitempty"`
	Upload string `json:"upload,omitempty"` // what Upload returned
	Text   string `json:"text,omitempty"`   // Markdown allowed; cut short in lists and events
}

// Options are the choices of the user; an empty one means the default.
type Options struct {
	Length   string `json:"length,omitempty"`   // "short", "medium" or "long"
	Theme    string `json:"theme,omitempty"`    // "dark" or "paper"; of a video only
	Language string `json:"language,omitempty"` // BCP 47 tag; that of the source by default
	// Voices are names of Voices: the narrator's, or those of the two hosts of a
	// dialogue.
	Voices []string `json:"voices,omitempty"`
	Format string   `json:"format,omitempty"` // of a video "landscape" or "portrait", of audio "dialogue" or "monologue"
}

// Equal reports whether o and p are the same choices.
func (o Options) Equal(p Options) bool {
	return o.Length == p.Length && o.Theme == p.Theme && o.Language == p.Language &&
		slices.Equal(o.Voices, p.Voices) && o.Format == p.Format
}

// Job is a request and what became of it.
type Job struct {
	ID         string            `json:"id"`
	Owner      string            `json:"owner,omitempty"` // for operators only
	Kind       string            `json:"kind"`
	State      string            `json:"state"`
	Source     Source            `json:"source"`
	Options    Options           `json:"options"`
	Labels     map[string]string `json:"labels,omitempty"`
	Fresh      bool              `json:"fresh,omitempty"`
	Line       *Line             `json:"line"`                  // only while queued
	WaitingFor string            `json:"waiting_for,omitempty"` // what is down, only while parked: "script", "speech" or "artifacts"
	Title      string            `json:"title"`                 // once it succeeded
	Stage      string            `json:"stage"`                 // of the running attempt
	Progress   float64           `json:"progress"`              // of the running attempt, 0 to 100
	Attempt    int               `json:"attempt"`               // number of the latest one; 0 before the first
	Fault      *Fault            `json:"fault"`                 // why the latest attempt failed
	Artifacts  []Artifact        `json:"artifacts"`
	Notes      []string          `json:"notes"`                 // what is worth knowing about the result
	DeadLetter string            `json:"dead_letter,omitempty"` // id of the one that waits for a decision; for operators only
	History    []Move            `json:"history"`               // every change of state, oldest first; only when one job is read
	Version    int64             `json:"version"`               // grows with every change
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	StartedAt  time.Time         `json:"started_at,omitzero"`
	FinishedAt time.Time         `json:"finished_at,omitzero"`
	RunAt      time.Time         `json:"run_at,omitzero"`
	NotBefore  time.Time         `json:"not_before,omitzero"` // of the next attempt, while scheduled or retrying
}

// Line is the place of a queued job in line, as of the answer it came with.
type Line struct {
	Position       int       `json:"position"` // 1 = the next to start
	EarliestStart  time.Time `json:"earliest_start"`
	LatestStart    time.Time `json:"latest_start,omitzero"`    // zero while no worker is there
	EarliestFinish time.Time `json:"earliest_finish,omitzero"` // zero while nothing is known of how long jobs take
	LatestFinish   time.Time `json:"latest_finish,omitzero"`
}

// Final reports whether nothing more happens to the job.
func (j Job) Final() bool {
	return j.State == Succeeded || j.State == Failed || j.State == Cancelled
}

// Fault is why the latest attempt failed.
type Fault struct {
	Kind  string    `json:"kind"` // whose fault: "request", "source", "dependency", "internal" or "poison"
	Text  string    `json:"text"` // what was wrong and what to do next
	Stage string    `json:"stage"`
	At    time.Time `json:"at"`
	Cause string    `json:"cause,omitempty"` // for operators only
}

// Move is a change of state.
type Move struct {
	At      time.Time `json:"at"`
	From    string    `json:"from"` // "" for the first
	To      string    `json:"to"`
	Attempt int       `json:"attempt"`
	Why     string    `json:"why"`
	Worker  string    `json:"worker,omitempty"` // for operators only
}

// Artifact is a file of a job. It never changes.
type Artifact struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"` // bytes
	SHA256    string `json:"sha256"`
	URL       string `json:"url"` // relative to the server
}
