package grpcapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// errorDomain marks the ErrorInfo that is ours, as package wire has it.
const errorDomain = "studycast"

// byStatus turns the status of a problem into a code: one table of errors
// serves both edges.
var byStatus = map[int]codes.Code{
	http.StatusBadRequest:            codes.InvalidArgument,
	http.StatusUnprocessableEntity:   codes.InvalidArgument,
	http.StatusUnsupportedMediaType:  codes.InvalidArgument,
	http.StatusRequestEntityTooLarge: codes.InvalidArgument,
	http.StatusUnauthorized:          codes.Unauthenticated,
	http.StatusForbidden:             codes.PermissionDenied,
	http.StatusNotFound:              codes.NotFound,
	http.StatusConflict:              codes.FailedPrecondition,
	http.StatusTooManyRequests:       codes.ResourceExhausted,
	problem.StatusClientGone:         codes.Canceled,
	http.StatusBadGateway:            codes.Unavailable,
	http.StatusServiceUnavailable:    codes.Unavailable,
	http.StatusGatewayTimeout:        codes.DeadlineExceeded,
}

// failure is an error of a call: callers get the status, the log gets the cause.
type failure struct {
	status *status.Status
	cause  error
}

// Error returns the cause, for the log.
func (f *failure) Error() string { return f.cause.Error() }

// GRPCStatus returns what the caller gets. The cause is not unwrapped, so that
// nothing maps it once more.
func (f *failure) GRPCStatus() *status.Status { return f.status }

// fail turns an error of the rooms behind into that of a call: the problem that
// REST would answer with, as code, text and details. ErrorInfo says which
// problem, BadRequest which fields, RetryInfo when to come back, RequestInfo
// what an operator searches the log for.
func (s *service) fail(ctx context.Context, err error) error {
	d := problem.From(ctx, err)
	code, ok := byStatus[d.Status]
	switch {
	case errors.Is(err, job.ErrIdempotencyKeyReused):
		code = codes.AlreadyExists
	case !ok:
		code = codes.Internal
	}
	text := d.Detail
	if text == "" {
		text = d.Title
	}
	st := status.New(code, text)
	id := caller.RequestID(ctx)
	full, detailErr := st.WithDetails(details(d, err, id)...)
	if detailErr != nil { // the code and the text still tell
		full = st
	}
	return &failure{status: full, cause: fmt.Errorf("request %s: %w", id, err)}
}

func details(d *problem.Details, err error, requestID string) []protoadapt.MessageV1 {
	info := &errdetails.ErrorInfo{
		Reason: strings.ToUpper(strings.ReplaceAll(problem.Code(d), "-", "_")), Domain: errorDomain,
	}
	var state *job.StateError
	if errors.As(err, &state) {
		info.Metadata = map[string]string{
			"id": string(state.ID), "state": string(state.State), "wanted": state.Wanted, "remedy": state.Remedy,
		}
	}
	all := []protoadapt.MessageV1{info, &errdetails.RequestInfo{RequestId: requestID}}
	if len(d.Errors) > 0 {
		bad := &errdetails.BadRequest{}
		for _, e := range d.Errors {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: strings.TrimPrefix(e.Location, "body."), Description: e.Message,
			})
		}
		all = append(all, bad)
	}
	if wait := problem.RetryAfter(d, err); wait > 0 {
		all = append(all, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait.Round(time.Millisecond))})
	}
	return all
}
