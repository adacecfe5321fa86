package client

import (
	"context"
	"net/url"
	"time"
)

// Queue is a work queue.
type Queue struct {
	Name     string         `json:"name"`
	Kind     string         `json:"kind"`            // of its jobs
	Pause    *Pause         `json:"pause,omitempty"` // nil while it isn't paused
	Jobs     map[string]int `json:"jobs"`            // that are not final, by state
	InLine   int            `json:"in_line"`         // queued jobs that the broker does not have yet
	OldestAt time.Time      `json:"oldest_at,omitzero"`
	Workers  int            `json:"workers"`          // that take its jobs
	Slots    int            `json:"slots"`            // jobs that they run at once
	Parking  []Parking      `json:"parking"`          // what jobs of it wait for
	Broker   *BrokerQueue   `json:"broker,omitempty"` // nil when the broker can't be asked
}

// Pause says who paused a queue: its workers take no more jobs.
type Pause struct {
	Author string    `json:"author"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Parking is a dependency that is down, with the jobs that wait for it.
type Parking struct {
	Dependency  string    `json:"dependency"` // "script", "speech" or "artifacts"
	Reason      string    `json:"reason"`     // what its last user met
	Since       time.Time `json:"since"`
	Jobs        int       `json:"jobs"`
	NextTrialAt time.Time `json:"next_trial_at,omitzero"` // zero while one job tries it
	Recovering  bool      `json:"recovering"`             // it answers again, and its jobs flow back
}

// BrokerQueue counts the messages of a queue.
type BrokerQueue struct {
	Ready     int       `json:"ready"`
	InFlight  *int      `json:"in_flight,omitempty"` // handed to workers; nil where the broker doesn't know
	Delayed   int       `json:"delayed"`             // for a retry
	Dead      int       `json:"dead"`                // not taken by the dead-letter service yet
	Consumers *int      `json:"consumers,omitempty"` // nil where the broker doesn't know
	OldestAt  time.Time `json:"oldest_at,omitzero"`
}

const queuesPath = "/v1/queues"

// Queues returns how it stands with every work queue. For operators.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) {
	all, err := read[struct {
		Queues []Queue `json:"queues"`
	}](ctx, c, get(queuesPath, nil))
	return all.Queues, err
}

// PauseQueue lets workers take no more jobs of a queue; what runs goes on. A
// paused queue stays as it is. For operators.
func (c *Client) PauseQueue(ctx context.Context, queue, reason string) (Queue, error) {
	return tell[Queue](ctx, c, queuesPath+"/"+url.PathEscape(queue)+":pause", because{reason})
}

// ResumeQueue lets workers take jobs of a queue again. For operators.
func (c *Client) ResumeQueue(ctx context.Context, queue, reason string) (Queue, error) {
	return tell[Queue](ctx, c, queuesPath+"/"+url.PathEscape(queue)+":resume", because{reason})
}
