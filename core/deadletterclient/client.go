// Package deadletterclient is the dead-letter service as its callers see it.
// gRPC stays inside. Errors are ErrNotFound, ErrUnavailable, *StateError and
// *job.InvalidError, found with errors.Is and errors.As.
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

// Options are what a Client may be given; every field may be left out.
type Options struct {
	Timeout time.Duration // of one call, unless its context ends before; 0 = 10 s
}

// Client calls the dead-letter service. It is safe for concurrent use and keeps
// nothing open by itself: the connection belongs to the caller.
type Client struct {
	timeout time.Duration
	letters deadletterv1.DeadLetterServiceClient
}

// New returns a client that calls over cc.
func New(cc grpc.ClientConnInterface, o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{timeout: o.Timeout, letters: deadletterv1.NewDeadLetterServiceClient(cc)}
}

// Filter selects dead letters; a zero field selects all.
type Filter struct {
	States    []string // some of States
	Kind      job.Kind
	JobID     job.ID
	PageSize  int    // 1 to 200; 0 = 50
	PageToken string // from the page before
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
		States:    f.States,
		Kind:      string(f.Kind),
		JobId:     string(f.JobID),
		PageSize:  int32(max(-1, min(f.PageSize, 1<<16))),
		PageToken: f.PageToken,
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
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ReplayDeadLetter(ctx, &deadletterv1.ReplayDeadLetterRequest{
		Id: id, Author: author, Reason: reason,
	}, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return DeadLetter{}, job.Job{}, ErrorFromStatus(err)
	}
	return FromProto(resp.GetDeadLetter()), wire.JobFromProto(resp.GetJob()), nil
}
