// Package deadletterclient is the dead-letter service as its callers see it.
// gRPC stays inside. Errors are ErrNotFound, ErrReplayNotFound, ErrUnavailable,
// ErrKeyReused, *StateError, *ReplayStateError and *job.InvalidError, found with
// errors.Is and errors.As.
package deadletterclient

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// maxAnswerBytes bounds an answer: a message that is not ours may be as large
// as RabbitMQ takes it, 128 MiB, and must be seen all the same.
const maxAnswerBytes = 160 << 20

// defaultTimeout is above what the service itself gives a replay.
const defaultTimeout = 10 * time.Second

// bulkTimes is how many times longer a call may take that decides on many
// letters at once.
const bulkTimes = 6

// Options are what a Client may be given; every field may be left out.
type Options struct {
	Timeout time.Duration // of one call, unless its context ends before; 0 = 10 s; calls on many letters may take 6 times as long
}

// Client calls the dead-letter service. It is safe for concurrent use and keeps
// nothing open by itself: the connection belongs to the caller.
type Client struct {
	timeout time.Duration
	bulk    time.Duration // for calls that decide on many letters
	letters deadletterv1.DeadLetterServiceClient
}

// New returns a client that calls over cc.
func New(cc grpc.ClientConnInterface, o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{timeout: o.Timeout, bulk: bulkTimes * o.Timeout, letters: deadletterv1.NewDeadLetterServiceClient(cc)}
}

// Page is a page of dead letters, newest first, without bodies, headers and
// requests.
type Page struct {
	Letters       []DeadLetter
	NextPageToken string // "" on the last page
}

// List reads a page of dead letters. *job.InvalidError for a filter or a token
// that can't be.
func (c *Client) List(ctx context.Context, f Filter) (Page, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ListDeadLetters(ctx, &deadletterv1.ListDeadLettersRequest{
		States:      f.States,
		Kind:        string(f.Kind),
		JobId:       string(f.JobID),
		Fingerprint: f.Fingerprint,
		Fault:       f.Fault,
		Owner:       f.Owner,
		DiedAfter:   wire.TimeToProto(f.DiedAfter),
		DiedBefore:  wire.TimeToProto(f.DiedBefore),
		Text:        f.Text,
		PageSize:    count(f.PageSize),
		PageToken:   f.PageToken,
	})
	if err != nil {
		return Page{}, ErrorFromStatus(err)
	}
	page := Page{NextPageToken: resp.GetNextPageToken()}
	for _, p := range resp.GetDeadLetters() {
		page.Letters = append(page.Letters, FromProto(p))
	}
	return page, nil
}

// Get reads one dead letter whole. ErrNotFound when there is none.
func (c *Client) Get(ctx context.Context, id string) (DeadLetter, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.GetDeadLetter(ctx, &deadletterv1.GetDeadLetterRequest{Id: id},
		grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return DeadLetter{}, ErrorFromStatus(err)
	}
	return FromProto(resp.GetDeadLetter()), nil
}

// Replay puts the job of a dead letter back to work with a fresh retry budget;
// the relay publishes its message. Author and reason go on record and must not
// be empty. Called again, or twice at once, it runs the job once. After
// ErrUnavailable the replay may have begun; then the service finishes it.
// *StateError when the letter was replayed before, can't be replayed or its
// job does not wait for an operator; ErrNotFound when there is no such letter.
func (c *Client) Replay(ctx context.Context, id, author, reason string) (DeadLetter, job.Job, error) {
	return c.replay(ctx, &deadletterv1.ReplayDeadLetterRequest{Id: id, Author: author, Reason: reason})
}

// ReplayEdited is Replay with another source or other options than the letter's
// own; the letter keeps its own. *job.InvalidError when nothing else may differ
// and does, or when the request could not be submitted.
func (c *Client) ReplayEdited(ctx context.Context, id string, r job.Request, author, reason string) (DeadLetter, job.Job, error) {
	return c.replay(ctx, &deadletterv1.ReplayDeadLetterRequest{
		Id: id, Author: author, Reason: reason, Request: wire.RequestToProto(r),
	})
}

func (c *Client) replay(ctx context.Context, r *deadletterv1.ReplayDeadLetterRequest) (DeadLetter, job.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ReplayDeadLetter(ctx, r, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return DeadLetter{}, job.Job{}, ErrorFromStatus(err)
	}
	return FromProto(resp.GetDeadLetter()), wire.JobFromProto(resp.GetJob()), nil
}
