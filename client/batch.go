package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"time"
)

// Batch asks for several jobs at once.
type Batch struct {
	Jobs []Request `json:"jobs"` // 1 to 100; their own keys are not used

	// Key is the idempotency key of the batch. The same batch with the same key
	// gives the same jobs and makes those that were refused before, so that a
	// batch may be sent until all of it is accepted. "" = a fresh one.
	Key string `json:"-"`
}

// BatchResult is what became of one job of a batch: a Job or a Problem.
type BatchResult struct {
	Status     int      `json:"status"` // what Submit would have been answered
	Job        *Job     `json:"job"`
	Replayed   bool     `json:"replayed"` // the job existed before
	Problem    *Problem `json:"problem"`
	RetryAfter int      `json:"retry_after"` // seconds; also in Problem.RetryAfter
}

// SubmitBatch asks for all jobs of a batch. Each is accepted or refused by
// itself: the results come in the order of the requests, also those that were
// refused. An error means that nothing is known of any of them.
func (c *Client) SubmitBatch(ctx context.Context, b Batch) ([]BatchResult, error) {
	p, err := post(jobsPath+":batch", b)
	if err != nil {
		return nil, err
	}
	p.header.Set("Idempotency-Key", cmp.Or(b.Key, rand.Text()))
	all, err := read[struct {
		Results []BatchResult `json:"results"`
	}](ctx, c, p)
	for _, r := range all.Results {
		if r.Problem != nil {
			r.Problem.RetryAfter = time.Duration(r.RetryAfter) * time.Second
		}
	}
	return all.Results, err
}
