package client

import "time"

// Request asks for a job.
type Request struct {
	Kind    string            `json:"kind"` // "video" or "audio"
	Source  Source            `json:"source"`
	Options Options           `json:"options,omitzero"`
	RunAt   time.Time         `json:"run_at,omitzero"`
	Labels  map[string]string `json:"labels,omitempty"`
}

// Source is what the lesson is made of: exactly one field.
type Source struct {
	URL    string `json:"url,omitempty"`
	Upload string `json:"upload,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Options are the choices of the user; an empty one means the default.
type Options struct {
	Length   string `json:"length,omitempty"`
	Theme    string `json:"theme,omitempty"`
	Language string `json:"language,omitempty"`
}

// Job is a request and what became of it.
type Job struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	Source     Source     `json:"source"`
	Options    Options    `json:"options"`
	Title      string     `json:"title"`
	Stage      string     `json:"stage"`
	Progress   float64    `json:"progress"` // 0 to 100
	Attempt    int        `json:"attempt"`
	Fault      *Fault     `json:"fault"`
	Artifacts  []Artifact `json:"artifacts"`
	Notes      []string   `json:"notes"`
	DeadLetter string     `json:"dead_letter,omitempty"` // id of the one that waits for a decision; for operators only
	History    []Move     `json:"history"`               // every change of state, oldest first; only when one job is read
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt time.Time  `json:"finished_at"`
	NotBefore  time.Time  `json:"not_before"`
}

// Final reports whether nothing more happens to the job.
func (j Job) Final() bool {
	return j.State == "succeeded" || j.State == "failed" || j.State == "cancelled"
}

// Fault is why the latest attempt failed.
type Fault struct {
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Stage string `json:"stage"`
	Cause string `json:"cause,omitempty"` // for operators only
}

// Move is a change of state.
type Move struct {
	At      time.Time `json:"at"`
	From    string    `json:"from"` // "" for the first
	To      string    `json:"to"`
	Attempt int       `json:"attempt"`
	Why     string    `json:"why"`
}

// Artifact is a file of a job.
type Artifact struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	URL       string `json:"url"`
}

// Filter narrows a list.
type Filter struct {
	State, Kind, PageToken string
	PageSize               int
}

// Page is a part of a list, newest first.
type Page struct {
	Jobs          []Job  `json:"jobs"`
	NextPageToken string `json:"next_page_token"`
}
