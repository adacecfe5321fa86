package rest

import (
	"time"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/statusclient"
)

// Queue is a work queue.
type Queue struct {
	Name     string         `json:"name" doc:"Name of the queue." example:"video-generation"`
	Kind     string         `json:"kind" enum:"video,audio" doc:"Kind of its jobs."`
	Pause    *Pause         `json:"pause,omitempty" doc:"Who paused it; absent while it isn't."`
	Jobs     map[string]int `json:"jobs" nullable:"false" doc:"Its jobs that are not final, by state."`
	InLine   int            `json:"in_line" doc:"Of the queued ones, those that wait for their owner's turn and that the broker does not have yet."`
	OldestAt *time.Time     `json:"oldest_at,omitempty" doc:"Since when the job waits that waits longest to be started; absent when none does."`
	Workers  int            `json:"workers" doc:"Workers that take its jobs."`
	Slots    int            `json:"slots" doc:"Jobs that they run at once."`
	Parking  []Parking      `json:"parking" nullable:"false" doc:"What jobs of it wait for."`
	Broker   *BrokerDepth   `json:"broker,omitempty" doc:"What the broker holds; absent when it can't be asked."`
}

// Pause says who paused a queue.
type Pause struct {
	Author string    `json:"author"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Parking is a dependency that is down, with the jobs that wait for it.
type Parking struct {
	Dependency  string     `json:"dependency" doc:"What is down." example:"speech"`
	Reason      string     `json:"reason" doc:"What its last user met."`
	Since       time.Time  `json:"since" doc:"Since when it is down."`
	Jobs        int        `json:"jobs" doc:"Jobs parked for it."`
	NextTrialAt *time.Time `json:"next_trial_at,omitempty" doc:"When the next job tries it; absent while one does."`
	Recovering  bool       `json:"recovering" doc:"It answers again and its jobs flow back."`
}

// BrokerDepth counts the messages of a queue.
type BrokerDepth struct {
	Ready     int        `json:"ready" doc:"To be taken by workers."`
	InFlight  *int       `json:"in_flight,omitempty" doc:"Taken and not done with; absent where the broker doesn't know, as RabbitMQ. See the running jobs."`
	Delayed   int        `json:"delayed" doc:"They wait for a retry or for their time."`
	Dead      int        `json:"dead" doc:"In the dead queue, on their way to the dead-letter service."`
	Consumers *int       `json:"consumers,omitempty" doc:"Who takes messages; absent where the broker doesn't know."`
	OldestAt  *time.Time `json:"oldest_at,omitempty" doc:"Since when the oldest ready one is there; absent where there is none or the broker doesn't know."`
}

// Worker is one run of a worker process.
type Worker struct {
	ID       string          `json:"id" doc:"Id of its session." example:"0199f1a2-5e10-7d44-8b21-9a0c3d5f7e64"`
	Name     string          `json:"name" doc:"Host, program and process id, as in the history of jobs." example:"studio-1/video-worker/4711"`
	Kind     string          `json:"kind" enum:"video,audio" doc:"Kind of job that it takes."`
	Slots    int             `json:"slots" doc:"Jobs that it runs at once."`
	State    string          `json:"state" enum:"working,paused,draining,silent" doc:"paused: its queue is; draining: it finishes what it runs and ends; silent: it was not heard of lately."`
	OpenedAt time.Time       `json:"opened_at" doc:"When its session began."`
	HeardAt  time.Time       `json:"heard_at" doc:"When it was heard of last."`
	Running  []WorkerAttempt `json:"running" nullable:"false" doc:"What it runs, the longest running first."`
}

// WorkerAttempt is a job at work.
type WorkerAttempt struct {
	JobID     string    `json:"job_id" doc:"Id of the job."`
	Attempt   int       `json:"attempt" doc:"Number of the attempt."`
	Stage     string    `json:"stage,omitempty" doc:"Stage that it is in."`
	Progress  float64   `json:"progress" minimum:"0" maximum:"100" doc:"Of the whole attempt, in percent."`
	StartedAt time.Time `json:"started_at"`
}

// viewQueue shows a queue, with what the broker holds unless that is nil. What
// others have in hand is not known where the broker knows only its own.
func viewQueue(q statusclient.Queue, d *broker.Depth, own bool, now time.Time) Queue {
	v := Queue{
		Name: q.Name, Kind: string(q.Kind), Jobs: map[string]int{}, InLine: q.InLine, OldestAt: optional(q.OldestAt),
		Workers: q.Workers, Slots: q.Slots, Parking: []Parking{},
	}
	if q.Pause != nil {
		v.Pause = &Pause{Author: q.Pause.Author, Reason: q.Pause.Reason, At: q.Pause.At}
	}
	for state, n := range q.Jobs {
		v.Jobs[string(state)] = n
	}
	for _, p := range q.Parking {
		v.Parking = append(v.Parking, Parking{
			Dependency: p.Dependency, Reason: p.Reason, Since: p.Since, Jobs: p.Jobs, NextTrialAt: optional(p.NextTrialAt), Recovering: p.Recovering,
		})
	}
	if d == nil {
		return v
	}
	v.Broker = &BrokerDepth{Ready: d.Ready, Delayed: d.Delayed, Dead: d.Dead}
	if !own {
		v.Broker.InFlight = &d.InFlight
	}
	if d.Consumers >= 0 {
		v.Broker.Consumers = &d.Consumers
	}
	if d.OldestAge > 0 {
		v.Broker.OldestAt = optional(now.Add(-d.OldestAge).UTC())
	}
	return v
}

func viewWorker(w statusclient.WorkerInfo) Worker {
	v := Worker{
		ID: w.ID, Name: w.Name, Kind: string(w.Kind), Slots: w.Slots, State: w.State, OpenedAt: w.OpenedAt, HeardAt: w.HeardAt,
		Running: []WorkerAttempt{},
	}
	for _, r := range w.Running {
		v.Running = append(v.Running, WorkerAttempt{
			JobID: string(r.JobID), Attempt: r.Attempt, Stage: r.Stage, Progress: r.Progress, StartedAt: r.StartedAt,
		})
	}
	return v
}
