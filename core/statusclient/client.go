// Package statusclient is the status service as its callers see it: in the
// words of core/job. gRPC stays inside. Errors are those of core/job
// (ErrNotFound, *StateError, *InvalidError, ErrIdempotencyKeyReused,
// ErrSessionUnknown, ErrUnavailable), found with errors.Is and errors.As.
package statusclient

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// maxAnswerBytes bounds an answer: a page of 200 jobs, each with a pasted text
// of job.MaxTextBytes, is larger than gRPC's default of 4 MiB.
const maxAnswerBytes = 32 << 20

// Options are what a Client may be given; every field may be left out.
type Options struct {
	Logger *slog.Logger
}

// Client calls the status service. It is safe for concurrent use and keeps
// nothing open by itself: the connection belongs to the caller.
type Client struct {
	log      *slog.Logger
	jobs     statusv1.StatusServiceClient
	attempts statusv1.AttemptServiceClient
	outbox   statusv1.OutboxServiceClient
	letters  statusv1.DeadLetterServiceClient
	webhooks statusv1.WebhookServiceClient
	queues   statusv1.QueueServiceClient
}

// New returns a client that calls over cc.
func New(cc grpc.ClientConnInterface, o Options) *Client {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{
		log:      o.Logger,
		jobs:     statusv1.NewStatusServiceClient(cc),
		attempts: statusv1.NewAttemptServiceClient(cc),
		outbox:   statusv1.NewOutboxServiceClient(cc),
		letters:  statusv1.NewDeadLetterServiceClient(cc),
		webhooks: statusv1.NewWebhookServiceClient(cc),
		queues:   statusv1.NewQueueServiceClient(cc),
	}
}

// DialOptions are the options that a connection to the status service needs to
// keep the promises of sessions: a broken stream has 1 s to come back, while
// gRPC's own first pause between two dials is 1 s and grows to 120 s; and a
// peer that vanished without a word is noticed within about 7 s, less than a
// lease. The server must permit pings every 5 s (keepalive.EnforcementPolicy).
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
		// gRPC raises a client's ping interval to at least 10 s; the timeout
		// also bounds unacknowledged writes (TCP_USER_TIMEOUT), and heartbeats
		// every 2 s make sure that there is always something to acknowledge.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswerBytes)),
	}
}

// CreateInput is a job to be made.
type CreateInput struct {
	Owner          string
	Request        job.Request
	IdempotencyKey string // unique per owner; "" = none
	Traceparent    string // W3C trace context of the submit
	SourceVersion  string // identifies the content of the source where it is known; "" = the address or text does
	// OnlyKnown makes no job: it asks for the one made before with the same key,
	// which is job.ErrNotFound when there is none.
	OnlyKnown bool
}

// Created is the job that was made, or the one made before with the same key.
type Created struct {
	Job      job.Job
	Replayed bool         // the job existed before
	Entry    *OutboxEntry // to be published at once; nil when scheduled or replayed
}

// Create accepts a job. job.ErrIdempotencyKeyReused when the key came with
// another request before.
func (c *Client) Create(ctx context.Context, in CreateInput) (Created, error) {
	resp, err := c.jobs.CreateJob(ctx, &statusv1.CreateJobRequest{
		Owner:          in.Owner,
		Request:        wire.RequestToProto(in.Request),
		IdempotencyKey: in.IdempotencyKey,
		Traceparent:    in.Traceparent,
		SourceVersion:  in.SourceVersion,
		OnlyKnown:      in.OnlyKnown,
	})
	if err != nil {
		return Created{}, wire.ErrorFromStatus(err)
	}
	return Created{Job: wire.JobFromProto(resp.GetJob()), Replayed: resp.GetReplayed(), Entry: entryOrNil(resp.GetEntry())}, nil
}

// Get reads a job with its history. An empty owner reads anybody's.
func (c *Client) Get(ctx context.Context, id job.ID, owner string) (job.Job, error) {
	resp, err := c.jobs.GetJob(ctx, &statusv1.GetJobRequest{Id: string(id), Owner: owner})
	if err != nil {
		return job.Job{}, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), nil
}

// ListFilter selects jobs; a zero field selects all.
type ListFilter struct {
	Owner         string
	States        []job.State
	Kind          job.Kind
	CreatedAfter  time.Time // at or after
	CreatedBefore time.Time
	PageSize      int    // 1 to 200; 0 = 50
	PageToken     string // from the page before
}

// Page is a page of jobs, newest first, without their history.
type Page struct {
	Jobs          []job.Job
	NextPageToken string // "" on the last page
}

// List reads a page of jobs.
func (c *Client) List(ctx context.Context, f ListFilter) (Page, error) {
	req := &statusv1.ListJobsRequest{
		Owner:         f.Owner,
		Kind:          string(f.Kind),
		CreatedAfter:  wire.TimeToProto(f.CreatedAfter),
		CreatedBefore: wire.TimeToProto(f.CreatedBefore),
		PageSize:      int32(min(f.PageSize, 1<<16)),
		PageToken:     f.PageToken,
	}
	for _, s := range f.States {
		req.States = append(req.States, string(s))
	}
	resp, err := c.jobs.ListJobs(ctx, req, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return Page{}, wire.ErrorFromStatus(err)
	}
	page := Page{NextPageToken: resp.GetNextPageToken()}
	for _, p := range resp.GetJobs() {
		page.Jobs = append(page.Jobs, wire.JobFromProto(p))
	}
	return page, nil
}

// Cancel makes a job cancelled; one that is already stays so. *job.StateError
// when it succeeded or failed before.
func (c *Client) Cancel(ctx context.Context, id job.ID, owner, why string) (job.Job, error) {
	resp, err := c.jobs.CancelJob(ctx, &statusv1.CancelJobRequest{Id: string(id), Owner: owner, Why: why})
	if err != nil {
		return job.Job{}, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), nil
}

// Retry queues a failed or cancelled job again; the entry is to be published
// at once. *job.StateError in every other state.
func (c *Client) Retry(ctx context.Context, id job.ID, owner, why string) (job.Job, *OutboxEntry, error) {
	resp, err := c.jobs.RetryJob(ctx, &statusv1.RetryJobRequest{Id: string(id), Owner: owner, Why: why})
	if err != nil {
		return job.Job{}, nil, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), entryOrNil(resp.GetEntry()), nil
}

// Delete removes a final job and its artifacts. *job.StateError before that.
func (c *Client) Delete(ctx context.Context, id job.ID, owner string) error {
	_, err := c.jobs.DeleteJob(ctx, &statusv1.DeleteJobRequest{Id: string(id), Owner: owner})
	return wire.ErrorFromStatus(err)
}
