package problem

import (
	"context"
	"errors"
	"net/http"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

// StatusClientGone is written when the client left before the answer. Nobody
// reads it; it keeps such requests out of the count of server errors.
const StatusClientGone = 499

// answer is what a kind of error becomes on the wire.
type answer struct {
	status int
	code   string // last part of the problem's type
}

// faults maps every kind of fault.
var faults = map[fault.Kind]answer{
	fault.Request:    {http.StatusUnprocessableEntity, "invalid-request"},
	fault.Source:     {http.StatusBadGateway, "source-trouble"},
	fault.Dependency: {http.StatusServiceUnavailable, "unavailable"},
	fault.Internal:   {http.StatusInternalServerError, "internal"},
	fault.Poison:     {http.StatusInternalServerError, "internal"},
}

// rows maps the errors that carry no fault; the first match counts.
var rows = []struct {
	match func(error) bool
	answer
}{
	{is(job.ErrNotFound), answer{http.StatusNotFound, "not-found"}},
	{is(artifact.ErrNotFound), answer{http.StatusNotFound, "not-found"}},
	{is(deadletterclient.ErrNotFound), answer{http.StatusNotFound, "not-found"}},
	{is(deadletterclient.ErrReplayNotFound), answer{http.StatusNotFound, "not-found"}},
	{is(statusclient.ErrQueueUnknown), answer{http.StatusNotFound, "not-found"}},
	{is(statusclient.ErrWorkerUnknown), answer{http.StatusNotFound, "not-found"}},
	{as[*job.StateError], answer{http.StatusConflict, "wrong-state"}},
	{as[*deadletterclient.StateError], answer{http.StatusConflict, "wrong-state"}},
	{as[*deadletterclient.ReplayStateError], answer{http.StatusConflict, "wrong-state"}},
	{as[*job.InvalidError], answer{http.StatusUnprocessableEntity, "invalid-request"}},
	{is(job.ErrIdempotencyKeyReused), answer{http.StatusUnprocessableEntity, "idempotency-key-reused"}},
	{is(deadletterclient.ErrKeyReused), answer{http.StatusUnprocessableEntity, "idempotency-key-reused"}},
	{is(job.ErrUnavailable), answer{http.StatusServiceUnavailable, "unavailable"}},
	{is(artifact.ErrUnavailable), answer{http.StatusServiceUnavailable, "unavailable"}},
	{is(deadletterclient.ErrUnavailable), answer{http.StatusServiceUnavailable, "unavailable"}},
	{is(context.DeadlineExceeded), answer{http.StatusGatewayTimeout, "too-slow"}},
	{is(context.Canceled), answer{StatusClientGone, "client-gone"}},
	{is(job.ErrSessionUnknown), answer{http.StatusInternalServerError, "internal"}},
}

// codes names the problems that the edge itself finds, by status.
var codes = map[int]string{
	http.StatusBadRequest:                  "malformed-request",
	http.StatusUnauthorized:                "unauthenticated",
	http.StatusForbidden:                   "forbidden",
	http.StatusNotFound:                    "not-found",
	http.StatusMethodNotAllowed:            "method-not-allowed",
	http.StatusNotAcceptable:               "not-acceptable",
	http.StatusRequestTimeout:              "body-incomplete",
	http.StatusConflict:                    "wrong-state",
	http.StatusRequestEntityTooLarge:       "too-large",
	http.StatusUnsupportedMediaType:        "unsupported-type",
	http.StatusMisdirectedRequest:          "wrong-host",
	http.StatusUnprocessableEntity:         "invalid-request",
	http.StatusTooManyRequests:             "too-many-requests",
	http.StatusRequestHeaderFieldsTooLarge: "header-too-large",
	http.StatusInternalServerError:         "internal",
	http.StatusServiceUnavailable:          "unavailable",
	http.StatusGatewayTimeout:              "too-slow",
	StatusClientGone:                       "client-gone",
}

// TooManyJobs is the problem of an owner with as many jobs as one may have.
const TooManyJobs = "too-many-jobs"

// MissingScope is the problem of a key that is limited to other parts of the API.
const MissingScope = "missing-scope"

// TooManyStreams is the problem of an owner with as many event streams as one may
// have.
const TooManyStreams = "too-many-streams"

// more are the problems of the edge that share their status with another.
var more = map[string]int{
	TooManyJobs: http.StatusTooManyRequests, TooManyStreams: http.StatusTooManyRequests, MissingScope: http.StatusForbidden,
}

// titles says in a few words what a type means; it never varies.
var titles = map[string]string{
	"malformed-request":      "The request can't be read",
	"unauthenticated":        "Sign in first",
	"forbidden":              "Not allowed",
	"not-found":              "Not found",
	"method-not-allowed":     "This address does not take that method",
	"not-acceptable":         "No such representation",
	"body-incomplete":        "The request did not arrive whole",
	"wrong-state":            "Its state does not allow it",
	"too-large":              "The request is too large",
	"unsupported-type":       "This type of content is not supported",
	"wrong-host":             "Wrong host name",
	"invalid-request":        "The request can't be accepted",
	"idempotency-key-reused": "The idempotency key was used before",
	"too-many-requests":      "Too many requests",
	TooManyJobs:              "Too many jobs at once",
	TooManyStreams:           "Too many event streams at once",
	MissingScope:             "The key lacks a scope",
	"header-too-large":       "A request header is too large",
	"source-trouble":         "Trouble with the source",
	"internal":               "Something went wrong on our side",
	"unavailable":            "Not available right now",
	"too-slow":               "It took too long",
	"client-gone":            "The client went away",
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}
