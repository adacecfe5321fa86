// Package problem turns every error of the gateway into RFC 9457 problem
// details, by one table. What a user may not see never gets into one.
package problem

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

const (
	typePrefix     = "urn:studycast:problem:"
	instancePrefix = "urn:uuid:"
	retrySoon      = time.Second // when something is away for a moment
)

const correct = "Correct the fields listed under errors and send the request again."

// Details is a problem as it goes over the wire.
type Details = huma.ErrorModel

// Error is a problem that the edge itself found.
type Error struct {
	Status int
	Detail string  // what was wrong and what to do next
	Field  string  // "body.source.url"; "" when no single field is wrong
	Fields []error // what huma found wrong with several fields
	Err    error   // cause, for the log only

	Code       string        // last part of the type; "" = that of the status
	RetryAfter time.Duration // for 429 and 503: when to come back; 0 = soon
}

// New returns an Error with a detail made by fmt.Sprintf.
func New(status int, format string, args ...any) *Error {
	return &Error{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// Error returns the detail and the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Detail + ": " + e.Err.Error()
	}
	return e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// From describes err for the caller of the request. An error that nobody
// classified is internal and keeps its text to itself.
func From(ctx context.Context, err error) *Details {
	d := &Details{}
	var own *Error
	var f *fault.Error
	switch {
	case errors.As(err, &own):
		fill(d, answer{own.Status, cmp.Or(own.Code, codes[own.Status])})
		d.Detail = own.Detail
		if own.Field != "" {
			d.Errors = []*huma.ErrorDetail{{Location: own.Field, Message: own.Detail}}
		}
		d.Errors = append(d.Errors, fields(own.Fields)...)
	case errors.As(err, &f):
		fromFault(d, f)
	default:
		fromTable(d, err)
	}
	d.Instance = instance(ctx)
	if d.Status >= http.StatusInternalServerError && d.Detail == "" {
		d.Detail = "Try again in a moment. If it stays, give the operator the instance of this problem."
	}
	return d
}

// Invalid is the Error of fields that huma found wrong.
func Invalid(found []error) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Detail: correct, Fields: found}
}

// fields takes out what was only echoed.
func fields(found []error) []*huma.ErrorDetail {
	var all []*huma.ErrorDetail
	for _, err := range found {
		var e huma.ErrorDetailer
		if errors.As(err, &e) {
			d := e.ErrorDetail()
			all = append(all, &huma.ErrorDetail{Location: d.Location, Message: plain(d.Message)})
		}
	}
	return all
}

func fill(d *Details, a answer) {
	if a.code == "" {
		a.code = "internal"
	}
	d.Status, d.Type, d.Title = a.status, typePrefix+a.code, titles[a.code]
}

func fromFault(d *Details, f *fault.Error) {
	a, ok := faults[f.Kind]
	if !ok {
		a = faults[fault.Internal]
	}
	fill(d, a)
	if a.status == http.StatusInternalServerError {
		return
	}
	d.Detail = f.Text
	for _, field := range f.Fields {
		d.Errors = append(d.Errors, &huma.ErrorDetail{Location: "body." + field.Path, Message: field.Message})
	}
}

func fromTable(d *Details, err error) {
	a := faults[fault.Internal]
	for _, row := range rows {
		if row.match(err) {
			a = row.answer
			break
		}
	}
	fill(d, a)
	var state *job.StateError
	var letter *deadletterclient.StateError
	var replay *deadletterclient.ReplayStateError
	var invalid *job.InvalidError
	switch {
	case errors.As(err, &state):
		d.Detail = state.Error()
	case errors.As(err, &letter):
		d.Detail = letter.Error()
	case errors.As(err, &replay):
		d.Detail = replay.Error()
	case errors.As(err, &invalid):
		d.Detail = correct
		for _, f := range invalid.Fields {
			d.Errors = append(d.Errors, &huma.ErrorDetail{Location: "body." + f.Path, Message: f.Message})
		}
	case errors.Is(err, job.ErrIdempotencyKeyReused), errors.Is(err, deadletterclient.ErrKeyReused):
		d.Detail = "The Idempotency-Key came with another request before. Use a new key for a new request."
	case a.status == http.StatusNotFound:
		d.Detail = "There is no such thing here, or it is not yours. Check the address; old jobs are removed after a while."
	case a.status == http.StatusServiceUnavailable:
		d.Detail = "The service can't be reached for a moment. Nothing is lost: try again."
	}
}

func instance(ctx context.Context) string {
	if id := caller.RequestID(ctx); id != "" {
		return instancePrefix + id
	}
	return ""
}

// Code returns the last part of the problem's type: "not-found".
func Code(d *Details) string { return strings.TrimPrefix(d.Type, typePrefix) }

// RetryAfter returns when the caller may try again what ended with err, or 0
// when waiting is of no use.
func RetryAfter(d *Details, err error) time.Duration {
	if d.Status != http.StatusServiceUnavailable && d.Status != http.StatusTooManyRequests {
		return 0
	}
	var own *Error
	if errors.As(err, &own) && own.RetryAfter > 0 {
		return own.RetryAfter
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Delay > 0 {
		return f.Delay
	}
	return retrySoon
}

// Headers are the response headers that go with the problem of err.
func Headers(d *Details, err error) http.Header {
	h := http.Header{}
	if wait := RetryAfter(d, err); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// Write answers a request with the problem of err.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	d := From(r.Context(), err)
	for k, v := range Headers(d, err) {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d)
}

// Polish finishes what huma itself found wrong with a request: it gives the
// problem its type, title and instance and takes out what was only echoed. It
// is a huma.Transformer.
func Polish(ctx huma.Context, _ string, v any) (any, error) {
	d, ok := v.(*huma.ErrorModel)
	if !ok || d.Type != "" {
		return v, nil
	}
	detail := d.Detail
	fill(d, answer{d.Status, codes[d.Status]})
	d.Instance = instance(ctx.Context())
	for _, e := range d.Errors {
		e.Value = nil
		e.Message = plain(e.Message)
	}
	switch d.Status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		if len(d.Errors) > 0 {
			detail = correct
		}
	case http.StatusUnsupportedMediaType:
		detail, d.Errors = "Send the body as JSON with Content-Type: application/json.", nil
	case http.StatusRequestEntityTooLarge:
		detail, d.Errors = "The body is larger than this call takes. Upload a long text as a file with POST /v1/uploads.", nil
	case http.StatusRequestTimeout:
		detail, d.Errors = "The body did not arrive whole and in time. Send the request again.", nil
	case http.StatusNotAcceptable:
		detail, d.Errors = "This call answers in application/json only. Leave the Accept header out.", nil
	}
	if d.Status >= http.StatusInternalServerError {
		detail, d.Errors = "Try again in a moment. If it stays, give the operator the instance of this problem.", nil
	}
	d.Detail = detail
	return d, nil
}

// plain says what to do where huma only says what is.
func plain(message string) string {
	if message == "unexpected property" || message == "unknown query parameter" {
		return message + ": it is not known here, leave it out"
	}
	return strings.TrimSpace(message)
}
