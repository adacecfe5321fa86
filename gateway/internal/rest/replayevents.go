package rest

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/sse"
)

const eventReplay = "replay" // data: Replay

// lastReplayEvent is the id of the event after which nothing more comes; no
// other event of a replay has an id.
const lastReplayEvent = 1

// Pauses before a broken watch of a replay is begun again.
const (
	rewatchLeast = 50 * time.Millisecond
	rewatchMost  = 2 * time.Second
)

type replayEventsInput struct {
	ReplayInput
	LastEventID string `header:"Last-Event-ID" maxLength:"20" doc:"Id of the event seen last: after the last one nothing more is sent."`
}

func (a *API) replayEvents(docs huma.API) {
	o := forOperators(huma.Operation{
		OperationID: "watch-replay", Method: http.MethodGet, Path: "/v1/replays/{id}/events",
		Summary: "Follow a replay",
		Description: "Server-sent events: the replay as it is, then again after every change (event `replay`), until it is over and the outcome " +
			"of each of its letters is known. The last event has the id 1: 204 when Last-Event-ID is that.",
		Responses: map[string]*huma.Response{"200": streamResponse(docs, described{eventReplay, Replay{}}), "204": {Description: "Nothing more to come"}},
	}, 403, 404, 504)
	o.Tags = append(o.Tags, "events")
	huma.Register(docs, o, safely(a, a.watchReplay))
}

func (a *API) watchReplay(ctx context.Context, in *replayEventsInput) (*huma.StreamResponse, error) {
	return withLetters(ctx, a, 0, func(ctx context.Context, _ caller.Identity) (*huma.StreamResponse, error) {
		after, err := afterID(in.LastEventID)
		if err != nil {
			return nil, err
		}
		id, err := jobs.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		callCtx, done := context.WithTimeout(ctx, callTimeout)
		defer done()
		r, err := a.DeadLetters.GetReplay(callCtx, string(id))
		if err != nil {
			return nil, err
		}
		if after == lastReplayEvent && r.Settled() {
			return &huma.StreamResponse{Body: func(c huma.Context) { c.SetStatus(http.StatusNoContent) }}, nil
		}
		return a.stream(ctx, sse.OfReplay, func(ctx context.Context, send func(sse.Event) bool) {
			a.followReplay(ctx, string(id), func(r deadletterclient.Replay) bool {
				e := sse.Event{Name: eventReplay, Data: viewReplay(r)}
				if r.Settled() {
					e.ID = lastReplayEvent
				}
				return send(e)
			})
		})
	})
}

// followReplay tells of a replay until nothing about it changes any more, also
// over restarts of the dead-letter service; it tells nothing twice.
func (a *API) followReplay(ctx context.Context, id string, tell func(deadletterclient.Replay) bool) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = rewatchLeast, rewatchMost
	var last deadletterclient.Replay
	for {
		var broken error
		for r, err := range a.DeadLetters.WatchReplay(ctx, id) {
			if err != nil {
				broken = err
				break
			}
			pause.Reset()
			if reflect.DeepEqual(r, last) {
				continue
			}
			if last = r; !tell(r) {
				return
			}
		}
		if broken == nil || errors.Is(broken, deadletterclient.ErrReplayNotFound) || !sleep.For(ctx, pause.NextBackOff()) {
			return
		}
	}
}
