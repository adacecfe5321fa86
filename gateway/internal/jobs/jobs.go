// Package jobs is what users do with jobs, whichever edge they come through:
// who may do it, what is checked first, what they get to see. REST and gRPC
// only translate. Every call takes the caller from its context and fails
// without one. Errors are those of core/job, core/artifact and core/fault.
package jobs

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
)

// callTimeout bounds one call to the status service.
const callTimeout = 15 * time.Second

// Status is the status service as this package needs it; statusclient.Client
// is one.
type Status interface {
	Create(ctx context.Context, in statusclient.CreateInput) (statusclient.Created, error)
	Get(ctx context.Context, id job.ID, owner string) (job.Job, error)
	List(ctx context.Context, f statusclient.ListFilter) (statusclient.Page, error)
	Count(ctx context.Context, owner string, states []job.State) (int, error)
	Cancel(ctx context.Context, id job.ID, owner, why string) (job.Job, error)
	Retry(ctx context.Context, id job.ID, owner, why string) (job.Job, *statusclient.OutboxEntry, error)
	Delete(ctx context.Context, id job.ID, owner string) error
	WatchChanges(ctx context.Context) iter.Seq2[statusclient.News, error]
	Changes(ctx context.Context, owner string, afterSeq int64) (statusclient.Changes, error)
}

// Relay brings a new job's message to the broker; relay.Relay is one.
type Relay interface {
	// Accepts returns nil while new work is taken, or a fault for the caller.
	Accepts() error
	// Publish tries at once. It reports nothing: a message that is not
	// published stays promised.
	Publish(ctx context.Context, e statusclient.OutboxEntry)
}

// Options are what the calls stand on; all but Limit are needed.
type Options struct {
	Status    Status
	Relay     Relay
	Artifacts artifact.Store
	CheckURL  func(string) error // whether an address may be fetched at all
	Voices    []voice.Voice      // that lessons may have; nil = those of the product
	Clock     job.Clock
	Limit     *limit.Jobs // of jobs in flight; nil = none
}

// Service is safe for concurrent use.
type Service struct {
	o    Options
	feed *feed
}

// New returns a Service.
func New(o Options) *Service {
	if o.Voices == nil {
		o.Voices = voice.List(nil)
	}
	return &Service{o, newFeed(o.Status.WatchChanges)}
}

// Voices lists the voices that jobs may name; the slice must not be changed.
func (s *Service) Voices() []voice.Voice { return s.o.Voices }

var errNobody = errors.New("a request came without an identity")

// Caller returns who makes the call; a route that lacks authentication fails
// closed.
func Caller(ctx context.Context) (caller.Identity, error) {
	id, ok := caller.From(ctx)
	if !ok {
		return caller.Identity{}, errNobody
	}
	return id, nil
}

// ParseID keeps anything that can't be an id away from the services behind.
func ParseID(s string) (job.ID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) {
		return "", job.ErrNotFound
	}
	return job.ID(id.String()), nil
}

// onJob resolves caller and id, which every call on one job begins with.
func onJob(ctx context.Context, rawID string) (me caller.Identity, id job.ID, err error) {
	if me, err = Caller(ctx); err != nil {
		return me, "", err
	}
	id, err = ParseID(rawID)
	return me, id, err
}
