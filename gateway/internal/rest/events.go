package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/sse"
)

// Names of events.
const (
	eventJob     = "job"     // data: a Job without history
	eventDeleted = "deleted" // data: Deleted
)

// Deleted is the data of the event that a job is gone.
type Deleted struct {
	ID string `json:"id" doc:"Id of the job that is gone."`
}

type jobEventsInput struct {
	JobInput
	LastEventID string `header:"Last-Event-ID" maxLength:"20" doc:"Version seen last: only newer ones are sent."`
}

type ownerEventsInput struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"20" doc:"Id of the event seen last: only what changed since is sent."`
}

func (a *API) events(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "watch-job", Method: http.MethodGet, Path: "/v1/jobs/{id}/events", Tags: []string{"events"},
		Summary: "Follow a job",
		Description: "Server-sent events: the job as it is, then again after every change (event `job`, id = version), until it is final. " +
			"204 when Last-Event-ID is the final version: there is nothing more to come.",
		Responses: map[string]*huma.Response{"200": streamResponse(docs), "204": {Description: "Nothing more to come"}},
		Errors:    []int{404, 504},
	}, safely(a, a.watchJob))
	huma.Register(docs, huma.Operation{
		OperationID: "watch-jobs", Method: http.MethodGet, Path: "/v1/events", Tags: []string{"events"},
		Summary: "Follow all your jobs",
		Description: "Server-sent events: your newest jobs, then every job after a change (event `job`) and jobs that are gone (event `deleted`), without end. " +
			"A browser comes back by itself with Last-Event-ID and misses nothing.",
		Responses: map[string]*huma.Response{"200": streamResponse(docs)},
	}, safely(a, a.watchOwner))
}

// streamResponse describes a stream as the list of its events.
func streamResponse(docs huma.API) *huma.Response {
	r := docs.OpenAPI().Components.Schemas
	event := func(name string, data *huma.Schema) *huma.Schema {
		return &huma.Schema{
			Type: huma.TypeObject, Title: "Event " + name, Required: []string{"event", "data"},
			Properties: map[string]*huma.Schema{
				"id":    {Type: huma.TypeInteger, Description: "Send the latest one back as Last-Event-ID."},
				"event": {Type: huma.TypeString, Enum: []any{name}},
				"data":  data,
			},
		}
	}
	stream := &huma.Schema{
		Type: huma.TypeArray, Description: "Each item is an event as it is sent: the lines id, event and data, then an empty line; data is one line of JSON.",
		Items: &huma.Schema{OneOf: []*huma.Schema{
			event(eventJob, r.Schema(typeOf[Job](), true, "Job")), event(eventDeleted, r.Schema(typeOf[Deleted](), true, "Deleted")),
		}},
	}
	return &huma.Response{
		Description: "The stream. Lines that begin with a colon keep the connection open.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: stream}},
	}
}

func (a *API) watchJob(ctx context.Context, in *jobEventsInput) (*huma.StreamResponse, error) {
	after, err := afterID(in.LastEventID)
	if err != nil {
		return nil, err
	}
	from, more, err := a.Jobs.Follow(ctx, in.ID, after)
	if err != nil {
		return nil, err
	}
	if !more {
		return &huma.StreamResponse{Body: func(c huma.Context) { c.SetStatus(http.StatusNoContent) }}, nil
	}
	return a.stream("job", func(ctx context.Context, send func(sse.Event) bool) {
		for j, err := range a.Jobs.Watch(ctx, in.ID, from) {
			if err != nil {
				if ctx.Err() == nil {
					send(sse.Event{Name: eventDeleted, Data: Deleted{ID: in.ID}})
				}
				return
			}
			if !send(sse.Event{ID: j.Version, Name: eventJob, Data: brief(ctx, j)}) || j.State.Final() {
				return
			}
		}
	}), nil
}

func (a *API) watchOwner(ctx context.Context, in *ownerEventsInput) (*huma.StreamResponse, error) {
	if _, err := jobs.Caller(ctx); err != nil {
		return nil, err
	}
	after, err := afterID(in.LastEventID)
	if err != nil {
		return nil, err
	}
	return a.stream("owner", func(ctx context.Context, send func(sse.Event) bool) {
		for e, err := range a.Jobs.WatchOwn(ctx, after) {
			if err != nil || !send(ownerEvent(ctx, e)) {
				return
			}
		}
	}), nil
}

func ownerEvent(ctx context.Context, e statusclient.OwnerEvent) sse.Event {
	if e.Job == nil {
		return sse.Event{ID: e.Seq, Name: eventDeleted, Data: Deleted{ID: string(e.Deleted)}}
	}
	return sse.Event{ID: e.Seq, Name: eventJob, Data: brief(ctx, *e.Job)}
}

// stream answers with what produce sends. produce runs until it returns or its
// ctx, which ends with the stream, is done; send reports whether to go on.
func (a *API) stream(kind string, produce func(ctx context.Context, send func(sse.Event) bool)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humachi.Unwrap(c)
		ctx, cancel := context.WithCancel(r.Context())
		events := make(chan sse.Event)
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(events)
			produce(ctx, func(e sse.Event) bool {
				select {
				case events <- e:
					return true
				case <-ctx.Done():
					return false
				}
			})
		}()
		a.Streams.Serve(w, r, kind, events)
		cancel()
		<-done
	}}
}
