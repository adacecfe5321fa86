package statusclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// WatchJob yields a job as it is now, if its version is newer than
// afterVersion, and then after every change, until it is final. It uses one
// stream: when that breaks the last pair carries job.ErrUnavailable, and the
// caller goes on with the version it saw last. The end of ctx is yielded as
// its error.
func (c *Client) WatchJob(ctx context.Context, id job.ID, owner string, afterVersion int64) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.jobs.WatchJob(ctx, &statusv1.WatchJobRequest{Id: string(id), Owner: owner, AfterVersion: afterVersion})
		if err != nil {
			yieldJob(nil, err, new(bool), yield)
			return
		}
		final := false
		for {
			resp, err := stream.Recv()
			if !yieldJob(resp, err, &final, yield) {
				return
			}
		}
	}
}

// yieldJob yields what a stream brought and reports whether to go on. It is a
// function of its own so that a watch that waits, and there are thousands, holds
// no room for jobs on its stack.
func yieldJob(resp *statusv1.WatchJobResponse, err error, final *bool, yield func(job.Job, error) bool) bool {
	if *final && errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		yield(job.Job{}, streamError(err))
		return false
	}
	j := wire.JobFromProto(resp.GetJob())
	*final = j.State.Final()
	return yield(j, nil)
}

// OwnerEvent is one job after a change, or one of the snapshot.
type OwnerEvent struct {
	Job     *job.Job // without history; nil when it was deleted
	Deleted job.ID   // "" unless it was deleted
	Seq     int64    // where to go on after this event
}

// WatchOwner yields an owner's newest jobs (with afterSeq 0) and then every
// change after afterSeq, without end. An empty owner watches all. Broken
// streams and the end of ctx end it as they end WatchJob.
func (c *Client) WatchOwner(ctx context.Context, owner string, afterSeq int64) iter.Seq2[OwnerEvent, error] {
	return func(yield func(OwnerEvent, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.jobs.WatchOwner(ctx, &statusv1.WatchOwnerRequest{Owner: owner, AfterSeq: afterSeq},
			grpc.MaxCallRecvMsgSize(maxAnswerBytes))
		if err != nil {
			yield(OwnerEvent{}, wire.ErrorFromStatus(err))
			return
		}
		for {
			resp, err := stream.Recv()
			if err != nil {
				yield(OwnerEvent{}, streamError(err))
				return
			}
			if !yield(ownerEvent(resp), nil) {
				return
			}
		}
	}
}

func ownerEvent(resp *statusv1.WatchOwnerResponse) OwnerEvent {
	e := OwnerEvent{Deleted: job.ID(resp.GetDeleted()), Seq: resp.GetSeq()}
	if p := resp.GetJob(); p != nil {
		j := wire.JobFromProto(p)
		e.Job = &j
	}
	return e
}

// streamError also covers a stream that the server ended in order although
// there was more to come: it is shutting down.
func streamError(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w (the stream was ended)", job.ErrUnavailable)
	}
	return wire.ErrorFromStatus(err)
}
