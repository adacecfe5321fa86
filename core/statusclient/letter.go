package statusclient

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// BuryInput is a dead letter that the message of a job became.
type BuryInput struct {
	DeadLetter string    // id of the letter
	Attempt    int       // in which the message died; 0 = not known
	Fault      job.Fault // why it died
}

// Bury tells of a dead letter. A job that nothing will run any more fails with
// the fault and carries the letter's id from then on; one that failed before
// only carries it. Any other job, and one that was put to work again since,
// comes back as it was. Calling again is safe. job.ErrNotFound when the service
// does not know the job.
func (c *Client) Bury(ctx context.Context, id job.ID, in BuryInput) (job.Job, error) {
	resp, err := c.letters.BuryJob(ctx, &statusv1.BuryJobRequest{
		Id: string(id), DeadLetter: in.DeadLetter, Attempt: int32(min(in.Attempt, 1<<16)), Fault: wire.FaultToProto(&in.Fault),
	})
	if err != nil {
		return job.Job{}, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), nil
}

// ReplayInput is the dead letter that an operator replays.
type ReplayInput struct {
	DeadLetter string
	Why        string // who and why, for the history
	// Request has the source and the options with which the job runs from now on
	// instead of its own, and its kind; nil = as it is. The rest of the job's own
	// request stays.
	Request *job.Request
}

// Replay queues a failed job again with a fresh retry budget; a relay publishes
// its message. Replaying the same letter again changes nothing and returns the
// job. *job.StateError when the job did not fail, or carries another letter;
// *job.InvalidError for a request that can't be.
func (c *Client) Replay(ctx context.Context, id job.ID, in ReplayInput) (job.Job, error) {
	req := &statusv1.ReplayJobRequest{Id: string(id), DeadLetter: in.DeadLetter, Why: in.Why}
	if in.Request != nil {
		req.Request = wire.RequestToProto(*in.Request)
	}
	resp, err := c.letters.ReplayJob(ctx, req)
	if err != nil {
		return job.Job{}, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), nil
}
