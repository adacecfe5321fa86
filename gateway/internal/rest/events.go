package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/sse"
)

// Names of events.
const (
	eventJob     = "job"     // data: a Job without history
	eventLine    = "line"    // data: Line; without id
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
	Owner       string `query:"owner" maxLength:"200" doc:"For operators: whose jobs, * = everybody's. Your own by default."`
	LastEventID string `header:"Last-Event-ID" maxLength:"20" doc:"Id of the event seen last: only what changed since is sent."`
}

func (a *API) events(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "watch-job", Method: http.MethodGet, Path: "/v1/jobs/{id}/events", Tags: []string{"events"},
		Summary: "Follow a job",
		Description: "Server-sent events: the job as it is, then again after every change (event `job`, id = version), until it is final. " +
			"While it is queued, its place in line as it moves (event `line`, without id; looked at every 5 seconds when its start is near, else less often). " +
			"204 when Last-Event-ID is the final version: there is nothing more to come.",
		Responses: map[string]*huma.Response{"200": streamResponse(docs, described{eventJob, Job{}}, described{eventLine, Line{}}, described{eventDeleted, Deleted{}}), "204": {Description: "Nothing more to come"}},
		Errors:    []int{404, 504},
	}, safely(a, a.watchJob))
	huma.Register(docs, huma.Operation{
		OperationID: "watch-jobs", Method: http.MethodGet, Path: "/v1/events", Tags: []string{"events"},
		Summary: "Follow all your jobs",
		Description: "Server-sent events: your newest jobs, then every job after a change (event `job`) and jobs that are gone (event `deleted`), without end. " +
			"A browser comes back by itself with Last-Event-ID and misses nothing.",
		Responses: map[string]*huma.Response{"200": streamResponse(docs, described{eventJob, Job{}}, described{eventDeleted, Deleted{}})},
		Errors:    []int{403},
	}, safely(a, a.watchOwner))
}

// described is an event of a stream and the type of its data.
type described struct {
	name string
	data any
}

// streamResponse describes a stream as the list of its events.
func streamResponse(docs huma.API, events ...described) *huma.Response {
	r := docs.OpenAPI().Components.Schemas
	items := &huma.Schema{}
	for _, e := range events {
		t := reflect.TypeOf(e.data)
		items.OneOf = append(items.OneOf, &huma.Schema{
			Type: huma.TypeObject, Title: "Event " + e.name, Required: []string{"event", "data"},
			Properties: map[string]*huma.Schema{
				"id":    {Type: huma.TypeInteger, Description: "Send the latest one back as Last-Event-ID."},
				"event": {Type: huma.TypeString, Enum: []any{e.name}},
				"data":  r.Schema(t, true, t.Name()),
			},
		})
	}
	stream := &huma.Schema{
		Type: huma.TypeArray, Description: "Each item is an event as it is sent: the lines id, event and data, then an empty line; data is one line of JSON.",
		Items: items,
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
	return a.stream(ctx, sse.OfJob, func(ctx context.Context, send func(sse.Event) bool) {
		tell := func(l job.Line) bool { return send(sse.Event{Name: eventLine, Data: viewLine(&l)}) }
		unfollow := func() {}
		if from > 0 { // who comes back may wait for long until there is a new version
			unfollow = a.Jobs.ResumeLine(ctx, in.ID, tell)
		}
		defer func() { unfollow() }()
		for j, err := range a.Jobs.Watch(ctx, in.ID, from) {
			unfollow()
			if err != nil {
				if ctx.Err() == nil {
					send(sse.Event{Name: eventDeleted, Data: Deleted{ID: in.ID}})
				}
				return
			}
			if !send(sse.Event{ID: j.Version, Name: eventJob, Data: brief(ctx, j), At: j.UpdatedAt}) || j.State.Final() {
				return
			}
			if j.State == job.Queued {
				unfollow = a.Jobs.FollowLine(ctx, in.ID, j.Line, tell)
			}
		}
	})
}

func (a *API) watchOwner(ctx context.Context, in *ownerEventsInput) (*huma.StreamResponse, error) {
	if err := a.Jobs.MayWatch(ctx, in.Owner); err != nil {
		return nil, err
	}
	after, err := afterID(in.LastEventID)
	if err != nil {
		return nil, err
	}
	return a.stream(ctx, sse.OfOwner, func(ctx context.Context, send func(sse.Event) bool) {
		for e, err := range a.Jobs.WatchAll(ctx, in.Owner, after) {
			if err != nil || !send(ownerEvent(ctx, e)) {
				return
			}
		}
	})
}

func ownerEvent(ctx context.Context, e statusclient.OwnerEvent) sse.Event {
	if e.Job == nil {
		return sse.Event{ID: e.Seq, Name: eventDeleted, Data: Deleted{ID: string(e.Deleted)}}
	}
	return sse.Event{ID: e.Seq, Name: eventJob, Data: brief(ctx, *e.Job), At: e.Job.UpdatedAt}
}

// stream answers with what produce sends, unless the caller has too many streams.
func (a *API) stream(ctx context.Context, kind string, produce sse.Producer) (*huma.StreamResponse, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return nil, err
	}
	closed, err := a.Open.Open(me)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer closed()
		r, w := humachi.Unwrap(c)
		a.Streams.Serve(w, r, kind, produce)
	}}, nil
}
