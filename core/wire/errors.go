package wire

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/studycast/studycast/core/job"
)

// errorDomain marks the details that are ours.
const errorDomain = "studycast"

// sentinels pairs the errors without content with their codes.
var sentinels = []struct {
	err  error
	code codes.Code
}{
	{job.ErrNotFound, codes.NotFound},
	{job.ErrIdempotencyKeyReused, codes.AlreadyExists},
	{job.ErrSessionUnknown, codes.Aborted},
	{job.ErrUnavailable, codes.Unavailable},
	{context.Canceled, codes.Canceled},
	{context.DeadlineExceeded, codes.DeadlineExceeded},
}

// StatusFromError turns an error of the status service into the gRPC status
// that carries it. Errors that callers know by core/job come back whole from
// ErrorFromStatus; anything else becomes Internal without its text, which may
// name tables and files: log it where it happened. Nil stays nil, a gRPC
// status stays itself.
func StatusFromError(err error) error {
	if err == nil {
		return nil
	}
	var state *job.StateError
	if errors.As(err, &state) {
		return withDetail(codes.FailedPrecondition, state.Error(), &errdetails.ErrorInfo{
			Reason: "STATE",
			Domain: errorDomain,
			Metadata: map[string]string{
				"id": string(state.ID), "state": string(state.State), "wanted": state.Wanted, "remedy": state.Remedy,
			},
		})
	}
	var invalid *job.InvalidError
	if errors.As(err, &invalid) {
		return withDetail(codes.InvalidArgument, invalid.Error(), badRequest(invalid))
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return status.Error(s.code, s.err.Error())
		}
	}
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	return status.Error(codes.Internal, "the status service failed: its log says why")
}

// ErrorFromStatus turns the error of a gRPC call back into the words of
// core/job; errors.Is and errors.As find them. The gRPC error stays in the
// chain. An unknown code comes back as it is. Nil stays nil.
func ErrorFromStatus(err error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			if e := stateError(st.Code(), d); e != nil {
				return e
			}
		case *errdetails.BadRequest:
			if st.Code() == codes.InvalidArgument {
				return invalidError(d)
			}
		}
	}
	for _, s := range sentinels {
		if st.Code() == s.code {
			return fmt.Errorf("%w (%w)", s.err, err)
		}
	}
	return err
}

func badRequest(e *job.InvalidError) *errdetails.BadRequest {
	br := &errdetails.BadRequest{}
	for _, f := range e.Fields {
		br.FieldViolations = append(br.FieldViolations,
			&errdetails.BadRequest_FieldViolation{Field: clean(f.Path), Description: clean(f.Message)})
	}
	return br
}

func invalidError(br *errdetails.BadRequest) error {
	e := &job.InvalidError{}
	for _, v := range br.GetFieldViolations() {
		e.Fields = append(e.Fields, job.FieldError{Path: v.GetField(), Message: v.GetDescription()})
	}
	return e
}

func stateError(code codes.Code, info *errdetails.ErrorInfo) error {
	if code != codes.FailedPrecondition || info.GetDomain() != errorDomain {
		return nil
	}
	m := info.GetMetadata()
	return &job.StateError{ID: job.ID(m["id"]), State: job.State(m["state"]), Wanted: m["wanted"], Remedy: m["remedy"]}
}

// withDetail attaches a detail; without it the code and the text still tell.
func withDetail(code codes.Code, text string, detail protoadapt.MessageV1) error {
	st := status.New(code, clean(text))
	if full, err := st.WithDetails(detail); err == nil {
		st = full
	}
	return st.Err()
}
