package client

import (
	"context"
	"net/url"
	"time"
)

// Worker is one run of a worker process.
type Worker struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"` // as in the history of jobs
	Kind     string          `json:"kind"` // of the jobs that it takes
	Slots    int             `json:"slots"`
	State    string          `json:"state"` // "working", "paused", "draining" or "silent"
	OpenedAt time.Time       `json:"opened_at"`
	HeardAt  time.Time       `json:"heard_at"` // when it told of itself last
	Running  []WorkerAttempt `json:"running"`  // the longest running first
}

// WorkerAttempt is a job at work.
type WorkerAttempt struct {
	JobID     string    `json:"job_id"`
	Attempt   int       `json:"attempt"`
	Stage     string    `json:"stage"`
	Progress  float64   `json:"progress"` // 0 to 100
	StartedAt time.Time `json:"started_at"`
}

const workersPath = "/v1/workers"

// Workers returns the workers of a kind of job, Video or Audio; "" = of both.
// For operators.
func (c *Client) Workers(ctx context.Context, kind string) ([]Worker, error) {
	q := query{}
	q.set("kind", kind)
	all, err := read[struct {
		Workers []Worker `json:"workers"`
	}](ctx, c, get(workersPath, url.Values(q)))
	return all.Workers, err
}

// DrainWorker lets a worker finish what it runs, and end. It does not wait for
// that. For operators.
func (c *Client) DrainWorker(ctx context.Context, id, reason string) (Worker, error) {
	return tell[Worker](ctx, c, workersPath+"/"+url.PathEscape(id)+":drain", because{reason})
}
