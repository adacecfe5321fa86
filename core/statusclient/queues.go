package statusclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// What callers of the calls for operators meet besides the errors of core/job.
var (
	// ErrQueueUnknown: no work queue has this name.
	ErrQueueUnknown = errors.New("no such queue")
	// ErrWorkerUnknown: no worker has this id; it may have ended since.
	ErrWorkerUnknown = errors.New("no such worker: it may have ended")
)

// Queue is a work queue as the status service knows it; what the broker holds
// is counted by the broker.
type Queue struct {
	Name     string
	Kind     job.Kind
	Pause    *Pause            // nil while it isn't paused
	Jobs     map[job.State]int // its jobs that are not final
	InLine   int               // queued jobs that the broker does not have yet
	OldestAt time.Time         // since when the job waits that waits longest to be started; zero when none does
	Workers  int               // that take its jobs
	Slots    int               // jobs that they run at once
	Parking  []Parking         // what jobs of it wait for, by name
}

// Pause says who paused a queue.
type Pause struct {
	Author string
	Reason string
	At     time.Time
}

// Parking is a dependency that is down, with the jobs that wait for it.
type Parking struct {
	Dependency  string // script, speech or artifacts
	Reason      string // what its last user met, safe to show
	Since       time.Time
	Jobs        int
	NextTrialAt time.Time // zero while a job tries it
	Recovering  bool      // it answers again and its jobs flow back
}

// States of a worker.
const (
	WorkerWorking  = "working"  // it takes jobs
	WorkerPaused   = "paused"   // its queue is paused: it takes none, what runs goes on
	WorkerDraining = "draining" // it finishes what runs, then it ends
	WorkerSilent   = "silent"   // it was not heard of for longer than heartbeats take
)

// WorkerInfo is one run of a worker process.
type WorkerInfo struct {
	ID       string // of its session
	Name     string // host, program and process id, as in the history of jobs
	Kind     job.Kind
	Slots    int
	State    string // one of the Worker… constants
	OpenedAt time.Time
	HeardAt  time.Time
	Running  []WorkerAttempt // the longest running first
}

// WorkerAttempt is a job at work.
type WorkerAttempt struct {
	JobID     job.ID
	Attempt   int
	Stage     string
	Progress  float64 // 0 to 100 of the whole attempt
	StartedAt time.Time
}

// Queues lists every work queue by name.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) {
	resp, err := c.queues.ListQueues(ctx, &statusv1.ListQueuesRequest{})
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	qs := make([]Queue, len(resp.GetQueues()))
	for i, p := range resp.GetQueues() {
		qs[i] = queueFromProto(p)
	}
	return qs, nil
}

// PauseQueue lets workers take no more jobs of a queue; what runs goes on. One
// that is paused stays as it is. ErrQueueUnknown for another name;
// *job.InvalidError without an author.
func (c *Client) PauseQueue(ctx context.Context, queue, author, reason string) (Queue, error) {
	resp, err := c.queues.PauseQueue(ctx, &statusv1.PauseQueueRequest{Queue: queue, Author: author, Reason: reason})
	if err != nil {
		return Queue{}, notFoundAs(ErrQueueUnknown, err)
	}
	return queueFromProto(resp.GetQueue()), nil
}

// ResumeQueue lets workers take jobs of a queue again. One that is not paused
// stays as it is. ErrQueueUnknown for another name; *job.InvalidError without an
// author.
func (c *Client) ResumeQueue(ctx context.Context, queue, author, reason string) (Queue, error) {
	resp, err := c.queues.ResumeQueue(ctx, &statusv1.ResumeQueueRequest{Queue: queue, Author: author, Reason: reason})
	if err != nil {
		return Queue{}, notFoundAs(ErrQueueUnknown, err)
	}
	return queueFromProto(resp.GetQueue()), nil
}

// Workers lists the workers of a kind, or all for "", by kind and name.
func (c *Client) Workers(ctx context.Context, kind job.Kind) ([]WorkerInfo, error) {
	resp, err := c.queues.ListWorkers(ctx, &statusv1.ListWorkersRequest{Kind: string(kind)})
	if err != nil {
		return nil, wire.ErrorFromStatus(err)
	}
	ws := make([]WorkerInfo, len(resp.GetWorkers()))
	for i, p := range resp.GetWorkers() {
		ws[i] = workerFromProto(p)
	}
	return ws, nil
}

// DrainWorker lets a worker finish what it runs and end. It returns at once; a
// second call changes nothing. ErrWorkerUnknown for one that is gone;
// *job.InvalidError without an author.
func (c *Client) DrainWorker(ctx context.Context, id, author, reason string) (WorkerInfo, error) {
	resp, err := c.queues.DrainWorker(ctx, &statusv1.DrainWorkerRequest{Id: id, Author: author, Reason: reason})
	if err != nil {
		return WorkerInfo{}, notFoundAs(ErrWorkerUnknown, err)
	}
	return workerFromProto(resp.GetWorker()), nil
}

// notFoundAs tells what it is that was not found.
func notFoundAs(what, err error) error {
	if status.Code(err) == codes.NotFound {
		return fmt.Errorf("%w (%w)", what, err)
	}
	return wire.ErrorFromStatus(err)
}

func queueFromProto(p *statusv1.Queue) Queue {
	q := Queue{
		Name: p.GetName(), Kind: job.Kind(p.GetKind()), Jobs: map[job.State]int{}, InLine: int(p.GetInLine()),
		OldestAt: wire.TimeFromProto(p.GetOldestAt()), Workers: int(p.GetWorkers()), Slots: int(p.GetSlots()),
	}
	if by := p.GetPause(); by != nil {
		q.Pause = &Pause{Author: by.GetAuthor(), Reason: by.GetReason(), At: wire.TimeFromProto(by.GetAt())}
	}
	for s, n := range p.GetJobs() {
		q.Jobs[job.State(s)] = int(n)
	}
	for _, w := range p.GetParking() {
		q.Parking = append(q.Parking, Parking{
			Dependency: w.GetDependency(), Reason: w.GetReason(), Since: wire.TimeFromProto(w.GetSince()), Jobs: int(w.GetJobs()),
			NextTrialAt: wire.TimeFromProto(w.GetNextTrialAt()), Recovering: w.GetRecovering(),
		})
	}
	return q
}

func workerFromProto(p *statusv1.Worker) WorkerInfo {
	w := WorkerInfo{
		ID: p.GetId(), Name: p.GetName(), Kind: job.Kind(p.GetKind()), Slots: int(p.GetSlots()), State: p.GetState(),
		OpenedAt: wire.TimeFromProto(p.GetOpenedAt()), HeardAt: wire.TimeFromProto(p.GetHeardAt()),
	}
	for _, a := range p.GetRunning() {
		w.Running = append(w.Running, WorkerAttempt{
			JobID: job.ID(a.GetJobId()), Attempt: int(a.GetAttempt()), Stage: a.GetStage(), Progress: a.GetProgress(),
			StartedAt: wire.TimeFromProto(a.GetStartedAt()),
		})
	}
	return w
}
